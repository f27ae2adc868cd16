package io.conversationstore.hybrid.internal.overlay;

import io.conversationstore.spi.Position;
import io.conversationstore.spi.State.MessageState;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The pending messages at a place in an owner's history. Messages are named by a digest of
 * conversation and id, which keeps cursors short. Immutable.
 *
 * @param edge the pending message at which the page ended, or null
 * @param head the first in the queue of the pending messages not yet returned; null if all were
 *     returned
 * @param since not later than any of those
 */
record HistoryMark(@Nullable UUID edge, @Nullable UUID head, Instant since) {

  private static final HistoryMark NONE = new HistoryMark(null, null, Instant.EPOCH);
  private static final String NOTHING = "none";

  /** Earlier than any message, and a time that every engine can parse. */
  private static final Instant START = Instant.parse("0001-01-01T00:00:00Z");

  static HistoryMark of(Position.@Nullable InHistory position) {
    String text = position == null ? null : position.overlay();
    if (text == null) {
      return NONE;
    }
    String[] fields = text.split("\\.", -1);
    try {
      if (fields.length == 3) {
        return new HistoryMark(
            nameOrNull(fields[0]),
            nameOrNull(fields[1]),
            Instant.EPOCH.plus(Long.parseLong(fields[2]), ChronoUnit.MICROS));
      }
    } catch (IllegalArgumentException notOurs) {
      throw new IllegalArgumentException(
          "the cursor does not belong to this list; pass only cursors that this list returned",
          notOurs);
    }
    throw new IllegalArgumentException(
        "the cursor does not belong to this list; pass only cursors that this list returned");
  }

  private static @Nullable UUID nameOrNull(String text) {
    return text.equals(NOTHING) ? null : UUID.fromString(text);
  }

  /** After a page towards older messages that ended among pending ones. */
  static HistoryMark edge(MessageState message) {
    return new HistoryMark(name(message), null, Instant.EPOCH);
  }

  /**
   * After a page towards newer messages.
   *
   * @param last the last pending message returned, or null
   * @param following the pending messages after it
   * @param first the first of them in the queue, or null if there is none
   */
  static HistoryMark forward(
      @Nullable MessageState last, List<MessageState> following, @Nullable MessageState first) {
    Instant since =
        following.stream()
            .map(message -> message.requireLive().createdAt())
            .min(Instant::compareTo)
            .orElse(Instant.EPOCH);
    return new HistoryMark(
        last == null ? null : name(last), first == null ? null : name(first), since);
  }

  private static UUID name(MessageState message) {
    String name = message.messageId() + message.conversationId();
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
  }

  /** The index of the message with this name; -1 if absent. */
  static int indexOf(UUID name, List<MessageState> messages) {
    for (int i = 0; i < messages.size(); i++) {
      if (name(messages.get(i)).equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * The same place with this mark.
   *
   * @param place the last committed message returned, or null for the start
   */
  Position.@Nullable InHistory on(Position.@Nullable InHistory place, UUID history) {
    if (edge == null && head == null) {
      return place == null ? null : at(place, null);
    }
    String text =
        (edge == null ? NOTHING : edge)
            + "."
            + (head == null ? NOTHING : head)
            + "."
            + (since.getEpochSecond() * 1_000_000L + since.getNano() / 1_000);
    return place == null ? new Position.InHistory(history, START, "", 0, text) : at(place, text);
  }

  private static Position.InHistory at(Position.InHistory place, @Nullable String overlay) {
    return new Position.InHistory(
        place.history(), place.createdAt(), place.conversationId(), place.seq(), overlay);
  }
}
