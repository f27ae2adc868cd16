package io.conversationstore.testkit;

import io.conversationstore.StoredMessage;
import io.conversationstore.json.ModelJson;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Records the outcomes of writers' appends, in each writer's order, for a {@link HistoryChecker} to
 * compare with the final reading. A writer retries an append whose outcome is unknown, or abandons
 * it, before it appends anything else. Conversation ids are those of one owner. Thread-safe.
 */
public final class HistoryRecorder {

  /** The outcome of an append for its writer. */
  enum Outcome {
    ACKNOWLEDGED,
    FAILED,
    UNKNOWN
  }

  /**
   * A record.
   *
   * @param digest of the content, null if unknown
   */
  record Entry(
      String writer,
      String conversationId,
      UUID messageId,
      @Nullable String digest,
      Outcome outcome) {}

  private final List<Entry> entries = new ArrayList<>();

  /** The append returned this. */
  public void acknowledged(String writer, String conversationId, StoredMessage message) {
    add(
        new Entry(
            writer,
            conversationId,
            message.id(),
            ModelJson.digest(message.message()),
            Outcome.ACKNOWLEDGED));
  }

  /** The append failed and guaranteed that nothing was stored. */
  public void failed(String writer, String conversationId, UUID messageId) {
    add(new Entry(writer, conversationId, messageId, null, Outcome.FAILED));
  }

  /** The append failed and may have happened. */
  public void unknown(String writer, String conversationId, UUID messageId) {
    add(new Entry(writer, conversationId, messageId, null, Outcome.UNKNOWN));
  }

  private synchronized void add(Entry entry) {
    entries.add(entry);
  }

  /** Per conversation, the last outcome of each message, in the order of the first ones. */
  synchronized Map<String, Map<UUID, Entry>> byConversation() {
    Map<String, Map<UUID, Entry>> result = new HashMap<>();
    for (Entry entry : entries) {
      result
          .computeIfAbsent(entry.conversationId(), id -> new LinkedHashMap<>())
          .merge(entry.messageId(), entry, HistoryRecorder::stronger);
    }
    return result;
  }

  /** Acknowledged is final; a later failure does not replace an unknown outcome. */
  private static Entry stronger(Entry before, Entry now) {
    if (before.outcome() == Outcome.ACKNOWLEDGED) {
      return before;
    }
    return before.outcome() == Outcome.UNKNOWN && now.outcome() == Outcome.FAILED ? before : now;
  }

  /** A checker for the records so far. */
  public HistoryChecker checker() {
    return new HistoryChecker(byConversation());
  }
}
