package io.conversationstore.spi;

import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Fields;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.PreferencesState;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The effect of a change on one row, as pure functions: for engines in Java, and for laying pending
 * changes over another engine's results.
 *
 * <p>Times: in {@link ApplyMode#LIVE} {@code at} is the store's present and a field is always
 * written; in {@link ApplyMode#REPLAY} {@code at} is the change's own time, at most the store's
 * present, and a field is written only if that is newer.
 */
public final class Transitions {

  private Transitions() {}

  /** A new generation of a conversation. */
  public static ConversationState created(
      Owner owner,
      NewConversation conversation,
      String id,
      long epoch,
      long generation,
      Instant at,
      UUID createdBy) {
    Live live =
        new Live(
            conversation.title(),
            ConversationStatus.ACTIVE,
            conversation.settings(),
            conversation.metadata(),
            conversation.tags(),
            conversation.pinned(),
            at,
            at,
            conversation.expiresAt(),
            0,
            TokenUsage.NONE,
            at,
            Map.of());
    return new ConversationState(owner, id, epoch, generation, 1, live, 0, createdBy);
  }

  /** A conversation after an update; a touch included. */
  public static Live updated(Live live, ConversationUpdate update, Instant at, ApplyMode mode) {
    FieldClock fields = new FieldClock(live, at, mode);
    return new Live(
        (update.title() != null && fields.wins(Fields.TITLE)) ? update.title() : live.title(),
        (update.status() != null && fields.wins(Fields.STATUS)) ? update.status() : live.status(),
        (update.settings() != null && fields.wins(Fields.SETTINGS))
            ? update.settings()
            : live.settings(),
        (update.metadata() != null && fields.wins(Fields.METADATA))
            ? update.metadata()
            : live.metadata(),
        (update.tags() != null && fields.wins(Fields.TAGS)) ? update.tags() : live.tags(),
        (update.pinned() != null && fields.wins(Fields.PINNED)) ? update.pinned() : live.pinned(),
        live.createdAt(),
        later(live.updatedAt(), at),
        ((update.expiresAt() != null || update.clearExpiry()) && fields.wins(Fields.EXPIRES_AT))
            ? update.expiresAt()
            : live.expiresAt(),
        live.messageCount(),
        live.usage(),
        live.lastMessageAt(),
        fields.times);
  }

  /** Decides for each field whether a write wins, and records the time if it does. */
  private static final class FieldClock {
    private final Map<String, Instant> times;
    private final Instant createdAt;
    private final Instant at;
    private final ApplyMode mode;

    FieldClock(Live live, Instant at, ApplyMode mode) {
      this.times = new HashMap<>(live.fieldTimes());
      this.createdAt = live.createdAt();
      this.at = at;
      this.mode = mode;
    }

    boolean wins(String field) {
      Instant written = times.getOrDefault(field, createdAt);
      if (mode == ApplyMode.REPLAY && !at.isAfter(written)) {
        return false;
      }
      times.put(field, later(written, at));
      return true;
    }
  }

  /** The creation time of a message appended at {@code at}. */
  public static Instant messageTime(Live live, NewMessage message, Instant at) {
    return message.createdAt() != null ? message.createdAt() : later(live.lastMessageAt(), at);
  }

  /**
   * A conversation after a message was appended.
   *
   * @param createdAt see {@link #messageTime}
   */
  public static Live appended(
      Live live, Instant createdAt, @Nullable TokenUsage usage, Instant at) {
    return new Live(
        live.title(),
        live.status(),
        live.settings(),
        live.metadata(),
        live.tags(),
        live.pinned(),
        live.createdAt(),
        later(live.updatedAt(), at),
        live.expiresAt(),
        live.messageCount() + 1,
        usage == null ? live.usage() : live.usage().plus(usage),
        later(live.lastMessageAt(), createdAt),
        live.fieldTimes());
  }

  /** A conversation after a message was deleted; the time of last use stays. */
  public static Live messageRemoved(Live live, StoredMessage message) {
    return new Live(
        live.title(),
        live.status(),
        live.settings(),
        live.metadata(),
        live.tags(),
        live.pinned(),
        live.createdAt(),
        live.updatedAt(),
        live.expiresAt(),
        live.messageCount() - 1,
        message.message().usage() == null
            ? live.usage()
            : live.usage().minus(message.message().usage()),
        live.lastMessageAt(),
        live.fieldTimes());
  }

  /** A conversation with a corrected message count after rows were lost. */
  public static Live counted(Live live, long messageCount) {
    return new Live(
        live.title(),
        live.status(),
        live.settings(),
        live.metadata(),
        live.tags(),
        live.pinned(),
        live.createdAt(),
        live.updatedAt(),
        live.expiresAt(),
        messageCount,
        live.usage(),
        live.lastMessageAt(),
        live.fieldTimes());
  }

  /**
   * A message after an edit; null if an earlier applied edit is newer. Edits are compared only with
   * edits: a creation time may have been moved forward to keep the order.
   */
  public static @Nullable MessageState edited(
      MessageState state, MessageEdit edit, Instant at, ApplyMode mode) {
    StoredMessage message = state.requireLive();
    Instant written = message.editedAt();
    if (written != null && mode == ApplyMode.REPLAY && !at.isAfter(written)) {
      return null;
    }
    StoredMessage edited =
        new StoredMessage(
            message.conversationId(),
            message.id(),
            message.seq(),
            message.createdAt(),
            written == null ? at : later(written, at),
            message.message().withContent(edit.content()));
    return withMessage(state, edited);
  }

  /** A message after its delete. */
  public static MessageState deleted(MessageState state) {
    return withMessage(state, null);
  }

  private static MessageState withMessage(MessageState state, @Nullable StoredMessage message) {
    return new MessageState(
        state.owner(),
        state.conversationId(),
        state.epoch(),
        state.generation(),
        state.version() + 1,
        state.seq(),
        state.messageId(),
        state.digest(),
        message);
  }

  /** Preferences after an update. */
  public static PreferencesState put(
      PreferencesState state,
      PreferencesUpdate update,
      long activeGeneration,
      Instant at,
      ApplyMode mode) {
    boolean active =
        update.setsActiveConversation() && wins(state.activeConversationTime(), at, mode);
    boolean model = update.setsSelectedModel() && wins(state.selectedModelTime(), at, mode);
    return new PreferencesState(
        state.owner(),
        state.epoch(),
        state.version() + 1,
        active ? update.activeConversation() : state.activeConversation(),
        active
            ? (update.activeConversation() == null ? 0 : activeGeneration)
            : state.activeGeneration(),
        active ? latest(state.activeConversationTime(), at) : state.activeConversationTime(),
        model ? update.selectedModel() : state.selectedModel(),
        model ? latest(state.selectedModelTime(), at) : state.selectedModelTime());
  }

  private static boolean wins(@Nullable Instant written, Instant at, ApplyMode mode) {
    return mode == ApplyMode.LIVE || written == null || at.isAfter(written);
  }

  private static Instant latest(@Nullable Instant written, Instant at) {
    return written == null ? at : later(written, at);
  }

  private static Instant later(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }
}
