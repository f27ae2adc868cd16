package io.conversationstore.hybrid.internal.connection;

import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.PreferencesState;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Whether two states of one row can belong to one history of the database. Epoch, generation and
 * version only rise there, and with the version the last {@code seq} and the times. A generation is
 * created once, and does not become live again.
 */
public final class RowOrder {
  private RowOrder() {}

  /** Whether a state is older than one that was known before it was read. */
  static boolean isBehind(ConversationState read, ConversationState known) {
    if (read.epoch() != known.epoch()) {
      return read.epoch() < known.epoch();
    }
    if (read.generation() != known.generation()) {
      return read.generation() < known.generation();
    }
    if (read.version() <= known.version()) {
      return read.version() < known.version() || !isSame(read, known);
    }
    return !follows(read, known);
  }

  /** Whether two states, in either order, cannot belong to one history. */
  public static boolean contradict(ConversationState one, ConversationState other) {
    if (one.epoch() != other.epoch() || one.generation() != other.generation()) {
      return false;
    }
    return one.version() < other.version() ? isBehind(other, one) : isBehind(one, other);
  }

  private static boolean isSame(ConversationState one, ConversationState other) {
    return one.createdBy().equals(other.createdBy())
        && one.lastSeq() == other.lastSeq()
        && one.isLive() == other.isLive()
        && (!one.isLive() || one.requireLive().updatedAt().equals(other.requireLive().updatedAt()));
  }

  private static boolean follows(ConversationState later, ConversationState earlier) {
    Live now = later.live();
    Live before = earlier.live();
    if (!later.createdBy().equals(earlier.createdBy()) || (now != null && before == null)) {
      return false;
    }
    return now == null
        || before == null
        || (later.lastSeq() >= earlier.lastSeq()
            && !now.updatedAt().isBefore(before.updatedAt())
            && before.fieldTimes().entrySet().stream()
                .noneMatch(
                    field -> isAfter(field.getValue(), now.fieldTimes().get(field.getKey()))));
  }

  /** The same for preferences. */
  static boolean isBehind(PreferencesState read, PreferencesState known) {
    if (read.epoch() != known.epoch()) {
      return read.epoch() < known.epoch();
    }
    return read.version() < known.version()
        || isAfter(known.activeConversationTime(), read.activeConversationTime())
        || isAfter(known.selectedModelTime(), read.selectedModelTime())
        || (read.version() == known.version()
            && (isAfter(read.activeConversationTime(), known.activeConversationTime())
                || isAfter(read.selectedModelTime(), known.selectedModelTime())));
  }

  /** The same for preferences. */
  public static boolean contradict(PreferencesState one, PreferencesState other) {
    if (one.epoch() != other.epoch()) {
      return false;
    }
    return one.version() < other.version() ? isBehind(other, one) : isBehind(one, other);
  }

  private static boolean isAfter(@Nullable Instant time, @Nullable Instant than) {
    return time != null && (than == null || time.isAfter(than));
  }
}
