package io.conversationstore.spi;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationStatus;
import io.conversationstore.Owner;
import io.conversationstore.Preferences;
import io.conversationstore.Provenance;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The committed state of one row, with its version. Of two states of a row, the one with the higher
 * (epoch, generation, version) is the later. Immutable.
 */
public sealed interface State {

  /** An action for each kind of row. */
  interface Visitor<R, E extends Exception> {
    R owner(OwnerState state) throws E;

    R conversation(ConversationState state) throws E;

    R message(MessageState state) throws E;

    R preferences(PreferencesState state) throws E;
  }

  /**
   * Identifies a row within its owner's present epoch.
   *
   * @param conversationId null for an owner and for preferences
   * @param messageId null for all but messages
   */
  record Key(
      Class<? extends State> kind,
      Owner owner,
      @Nullable String conversationId,
      @Nullable UUID messageId) {}

  Owner owner();

  /** The owner's epoch that the row belongs to. */
  long epoch();

  /** The conversation's generation that the row belongs to; 0 for an owner and for preferences. */
  long generation();

  /** The row's version in its generation; 0 for an owner. */
  long version();

  /** The conversation that the row belongs to; null for an owner and for preferences. */
  @Nullable String conversationId();

  /** Which row it is. */
  Key key();

  /** Whether the row has not been deleted; always true for an owner and for preferences. */
  boolean isLive();

  /** Calls the visitor's method for this kind. */
  <R, E extends Exception> R accept(Visitor<R, E> visitor) throws E;

  /** Whether it is later than another state of the same row. */
  default boolean isLaterThan(State other) {
    return epoch() != other.epoch()
        ? epoch() > other.epoch()
        : generation() != other.generation()
            ? generation() > other.generation()
            : version() > other.version();
  }

  /** An owner's epoch: rows of lower epochs are erased. */
  record OwnerState(Owner owner, long epoch) implements State {
    @Override
    public long generation() {
      return 0;
    }

    @Override
    public long version() {
      return 0;
    }

    @Override
    public @Nullable String conversationId() {
      return null;
    }

    @Override
    public Key key() {
      return new Key(OwnerState.class, owner, null, null);
    }

    @Override
    public boolean isLive() {
      return true;
    }

    @Override
    public <R, E extends Exception> R accept(Visitor<R, E> visitor) throws E {
      return visitor.owner(this);
    }
  }

  /**
   * A conversation.
   *
   * @param generation from 1; 0 in an overlay while it is unknown
   * @param version from 1, one more at each change of the row, an append included; starts again
   *     with each generation
   * @param live null if this generation is deleted
   * @param lastSeq the highest {@code seq} assigned in this generation
   * @param createdBy the change that created this generation
   */
  record ConversationState(
      Owner owner,
      String id,
      long epoch,
      long generation,
      long version,
      @Nullable Live live,
      long lastSeq,
      UUID createdBy)
      implements State {

    @Override
    public boolean isLive() {
      return live != null;
    }

    /** The live content; fails on a deleted one. */
    public Live requireLive() {
      if (live == null) {
        throw new IllegalStateException("conversation " + id + " is deleted");
      }
      return live;
    }

    /** Converts to the view of the application. */
    public Conversation toConversation(Provenance provenance) {
      Live l = requireLive();
      return new Conversation(
          owner,
          id,
          generation,
          l.title,
          l.status,
          l.settings,
          l.metadata,
          l.tags,
          l.pinned,
          l.createdAt,
          l.updatedAt,
          l.expiresAt,
          l.messageCount,
          l.usage,
          provenance);
    }

    /** The same generation with the next version and other content. */
    public ConversationState next(@Nullable Live newLive, long newLastSeq) {
      return new ConversationState(
          owner, id, epoch, generation, version + 1, newLive, newLastSeq, createdBy);
    }

    @Override
    public String conversationId() {
      return id;
    }

    @Override
    public Key key() {
      return new Key(ConversationState.class, owner, id, null);
    }

    @Override
    public <R, E extends Exception> R accept(Visitor<R, E> visitor) throws E {
      return visitor.conversation(this);
    }
  }

  /**
   * The content of a live conversation.
   *
   * @param lastMessageAt the creation time of the last message, the minimum for later ones; {@code
   *     createdAt} while there is none
   * @param fieldTimes when each field was last written, by the names of {@link Fields}; a missing
   *     field was written at {@code createdAt}
   */
  record Live(
      String title,
      ConversationStatus status,
      Map<String, @Nullable Object> settings,
      Map<String, @Nullable Object> metadata,
      List<String> tags,
      boolean pinned,
      Instant createdAt,
      Instant updatedAt,
      @Nullable Instant expiresAt,
      long messageCount,
      TokenUsage usage,
      Instant lastMessageAt,
      Map<String, Instant> fieldTimes) {
    public Live {
      fieldTimes = Map.copyOf(fieldTimes);
    }
  }

  /**
   * A message.
   *
   * @param version from 1, one more at each edit and at the delete
   * @param seq from 1; 0 in an overlay, while it is pending
   * @param digest digest of the original, also after an edit or a delete
   * @param message null if it is deleted
   */
  record MessageState(
      Owner owner,
      String conversationId,
      long epoch,
      long generation,
      long version,
      long seq,
      UUID messageId,
      String digest,
      @Nullable StoredMessage message)
      implements State {

    @Override
    public boolean isLive() {
      return message != null;
    }

    /** The live content; fails on a deleted one. */
    public StoredMessage requireLive() {
      if (message == null) {
        throw new IllegalStateException("message " + messageId + " is deleted");
      }
      return message;
    }

    @Override
    public Key key() {
      return new Key(MessageState.class, owner, conversationId, messageId);
    }

    @Override
    public <R, E extends Exception> R accept(Visitor<R, E> visitor) throws E {
      return visitor.message(this);
    }
  }

  /**
   * An owner's preferences.
   *
   * @param version from 1; 0 if nothing was ever written
   * @param activeGeneration the generation of {@code activeConversation} when it was set; the
   *     preference reads as empty unless it is live
   * @param activeConversationTime when that field was last written, null if never
   * @param selectedModelTime when that field was last written, null if never
   */
  record PreferencesState(
      Owner owner,
      long epoch,
      long version,
      @Nullable String activeConversation,
      long activeGeneration,
      @Nullable Instant activeConversationTime,
      @Nullable String selectedModel,
      @Nullable Instant selectedModelTime)
      implements State {

    public static PreferencesState none(Owner owner, long epoch) {
      return new PreferencesState(owner, epoch, 0, null, 0, null, null, null);
    }

    /**
     * Converts to the view of the application.
     *
     * @param activeIsLive whether the generation that the preference points to is live
     */
    public Preferences toPreferences(boolean activeIsLive) {
      return new Preferences(activeIsLive ? activeConversation : null, selectedModel);
    }

    @Override
    public long generation() {
      return 0;
    }

    @Override
    public @Nullable String conversationId() {
      return null;
    }

    @Override
    public Key key() {
      return new Key(PreferencesState.class, owner, null, null);
    }

    @Override
    public boolean isLive() {
      return true;
    }

    @Override
    public <R, E extends Exception> R accept(Visitor<R, E> visitor) throws E {
      return visitor.preferences(this);
    }
  }

  /** The names of a conversation's fields in {@link Live#fieldTimes()}. */
  final class Fields {
    public static final String TITLE = "title";
    public static final String STATUS = "status";
    public static final String SETTINGS = "settings";
    public static final String METADATA = "metadata";
    public static final String TAGS = "tags";
    public static final String PINNED = "pinned";
    public static final String EXPIRES_AT = "expires_at";

    private Fields() {}
  }
}
