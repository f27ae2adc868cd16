package io.conversationstore.testkit;

import io.conversationstore.Conversation;
import io.conversationstore.StoredMessage;
import io.conversationstore.json.ModelJson;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A store's answer in a form that can be compared between stores and printed: content is replaced
 * by digests, and properties that may differ between stores (times assigned by the store,
 * provenance, cursors) are omitted.
 *
 * @param facts values that must be equal
 * @param timed items that stores order by their own times
 * @param ascending whether the times of {@code timed} ascend or descend
 * @param error the exception thrown, for the report
 */
record Answer(
    List<String> facts, List<Timed> timed, boolean ascending, @Nullable RuntimeException error) {

  /** An item of a listing. */
  record Timed(String fact, Instant time) {}

  static Answer of(Object... facts) {
    List<String> texts = new ArrayList<>();
    for (Object fact : facts) {
      texts.add(fact.toString());
    }
    return new Answer(texts, List.of(), true, null);
  }

  static Answer messages(List<StoredMessage> messages) {
    return new Answer(messages.stream().map(Answer::fact).toList(), List.of(), true, null);
  }

  static Answer history(List<StoredMessage> messages) {
    return new Answer(
        List.of(),
        messages.stream().map(m -> new Timed(fact(m), m.createdAt())).toList(),
        true,
        null);
  }

  /** Messages newest first, which stores order by their own times. */
  static Answer newestFirst(List<StoredMessage> messages) {
    return new Answer(
        List.of(),
        messages.stream().map(m -> new Timed(fact(m), m.createdAt())).toList(),
        false,
        null);
  }

  static Answer conversations(List<Conversation> conversations) {
    return new Answer(
        List.of(),
        conversations.stream().map(c -> new Timed(fact(c), c.updatedAt())).toList(),
        false,
        null);
  }

  static Answer thrown(RuntimeException error) {
    String name =
        error instanceof IllegalArgumentException
            ? "IllegalArgumentException"
            : error.getClass().getSimpleName();
    return new Answer(List.of("throws " + name), List.of(), true, error);
  }

  Answer and(Object fact) {
    List<String> more = new ArrayList<>(facts);
    more.add(fact.toString());
    return new Answer(more, timed, ascending, error);
  }

  static String fact(StoredMessage message) {
    return message.conversationId()
        + "/"
        + message.seq()
        + "/"
        + message.id()
        + "/"
        + ModelJson.digest(message.message());
  }

  static String fact(Conversation c) {
    return String.join(
        " ",
        c.id(),
        "generation=" + c.generation(),
        "title=" + c.title().hashCode(),
        "status=" + c.status(),
        "settings=" + c.settings().hashCode(),
        "metadata=" + c.metadata().hashCode(),
        "tags=" + c.tags().hashCode(),
        "pinned=" + c.pinned(),
        "expires=" + c.expiresAt(),
        "messages=" + c.messageCount(),
        "usage=" + c.usage());
  }

  /** Null if the other answer agrees with this one, which is the model's. */
  @Nullable String differenceFrom(Answer subject) {
    if (!facts.equals(subject.facts)) {
      return "expected " + facts + " but got " + subject.facts;
    }
    Map<String, Instant> times = new HashMap<>();
    subject.timed.forEach(item -> times.put(item.fact, item.time));
    if (!sorted(timed).equals(sorted(subject.timed))) {
      return "expected " + sorted(timed) + " but got " + sorted(subject.timed);
    }
    Timed before = null;
    for (Timed item : timed) {
      // The subject must not reverse two items whose times differ in the model.
      if (before != null && !before.time.equals(item.time)) {
        Instant first = times.getOrDefault((ascending ? before : item).fact, Instant.MIN);
        Instant second = times.getOrDefault((ascending ? item : before).fact, Instant.MAX);
        if (first.isAfter(second)) {
          return "expected " + before.fact + " before " + item.fact;
        }
      }
      before = item;
    }
    return null;
  }

  private static List<String> sorted(List<Timed> items) {
    return items.stream().map(Timed::fact).sorted().toList();
  }
}
