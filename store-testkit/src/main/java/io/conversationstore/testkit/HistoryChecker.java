package io.conversationstore.testkit;

import io.conversationstore.StoredMessage;
import io.conversationstore.json.ModelJson;
import io.conversationstore.testkit.HistoryRecorder.Entry;
import io.conversationstore.testkit.HistoryRecorder.Outcome;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/** Compares a final reading with the records of a {@link HistoryRecorder}. Immutable. */
public final class HistoryChecker {

  private final Map<String, Map<UUID, Entry>> recorded;

  HistoryChecker(Map<String, Map<UUID, Entry>> recorded) {
    this.recorded = recorded;
  }

  /**
   * The violations found, as {@code conversation/message}.
   *
   * @param lost acknowledged and absent
   * @param doubled present more than once
   * @param reordered present, but before a message that the same writer appended earlier
   * @param different with other content, present although the append failed, or from an unknown
   *     writer
   */
  public record Verdict(
      List<String> lost, List<String> doubled, List<String> reordered, List<String> different) {

    public Verdict {
      lost = List.copyOf(lost);
      doubled = List.copyOf(doubled);
      reordered = List.copyOf(reordered);
      different = List.copyOf(different);
    }

    /** Whether there are no violations. */
    public boolean isClean() {
      return lost.isEmpty() && doubled.isEmpty() && reordered.isEmpty() && different.isEmpty();
    }
  }

  /**
   * Checks all conversations that were written to.
   *
   * @param finalReader returns all messages of a conversation in order
   */
  public Verdict check(Function<String, List<StoredMessage>> finalReader) {
    Verdict verdict = new Verdict(List.of(), List.of(), List.of(), List.of());
    for (Map.Entry<String, Map<UUID, Entry>> conversation : recorded.entrySet()) {
      Verdict one =
          check(
              conversation.getKey(),
              conversation.getValue(),
              finalReader.apply(conversation.getKey()));
      verdict =
          new Verdict(
              joined(verdict.lost, one.lost),
              joined(verdict.doubled, one.doubled),
              joined(verdict.reordered, one.reordered),
              joined(verdict.different, one.different));
    }
    return verdict;
  }

  private static List<String> joined(List<String> a, List<String> b) {
    List<String> all = new ArrayList<>(a);
    all.addAll(b);
    return all;
  }

  private static Verdict check(
      String conversationId, Map<UUID, Entry> entries, List<StoredMessage> found) {
    Map<UUID, Integer> places = new HashMap<>();
    List<UUID> order = List.copyOf(entries.keySet());
    for (int i = 0; i < order.size(); i++) {
      places.put(order.get(i), i);
    }
    List<String> doubled = new ArrayList<>();
    List<String> reordered = new ArrayList<>();
    List<String> different = new ArrayList<>();
    Set<UUID> seen = new HashSet<>();
    Map<String, Integer> lastPlace = new HashMap<>();
    for (StoredMessage message : found) {
      String name = conversationId + "/" + message.id();
      Entry entry = entries.get(message.id());
      if (!seen.add(message.id())) {
        doubled.add(name);
      } else if (entry == null || !agrees(entry, message)) {
        different.add(name);
      } else {
        int place = places.getOrDefault(message.id(), 0);
        // An append of unknown outcome that was not retried may take effect after the writer's next
        // one.
        if (entry.outcome() == Outcome.ACKNOWLEDGED
            && lastPlace.merge(entry.writer(), place, Math::max) != place) {
          reordered.add(name);
        }
      }
    }
    List<String> lost =
        entries.values().stream()
            .filter(entry -> entry.outcome() == Outcome.ACKNOWLEDGED)
            .filter(entry -> !seen.contains(entry.messageId()))
            .map(entry -> conversationId + "/" + entry.messageId())
            .toList();
    return new Verdict(lost, doubled, reordered, different);
  }

  private static boolean agrees(Entry entry, StoredMessage message) {
    return entry.outcome() != Outcome.FAILED
        && (entry.digest() == null || entry.digest().equals(ModelJson.digest(message.message())));
  }
}
