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
 * Notes what writers were told about their appends, in the order each writer was told, for a {@link
 * HistoryChecker} to compare with what is read at the end. A writer retries an append whose outcome
 * is unknown, or leaves it be, before it appends anything else. Conversation ids are those of one
 * owner. Thread-safe.
 */
public final class HistoryRecorder {

  /** What a writer was told about an append. */
  enum Outcome {
    ACKNOWLEDGED,
    FAILED,
    UNKNOWN
  }

  /**
   * A note.
   *
   * @param digest of the content, null where it is not known
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

  /** The append failed and promised that nothing was stored. */
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

  /** Writer by conversation, the last word about each message, in the order of the first. */
  synchronized Map<String, Map<UUID, Entry>> byConversation() {
    Map<String, Map<UUID, Entry>> result = new HashMap<>();
    for (Entry entry : entries) {
      result
          .computeIfAbsent(entry.conversationId(), id -> new LinkedHashMap<>())
          .merge(entry.messageId(), entry, HistoryRecorder::stronger);
    }
    return result;
  }

  /** Once acknowledged, always acknowledged; once unknown, a later failure does not undo it. */
  private static Entry stronger(Entry before, Entry now) {
    if (before.outcome() == Outcome.ACKNOWLEDGED) {
      return before;
    }
    return before.outcome() == Outcome.UNKNOWN && now.outcome() == Outcome.FAILED ? before : now;
  }

  /** Checks a reading against what was recorded until now. */
  public HistoryChecker checker() {
    return new HistoryChecker(byConversation());
  }
}
