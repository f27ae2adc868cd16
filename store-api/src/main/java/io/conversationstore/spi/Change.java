package io.conversationstore.spi;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A write, as data. A store's state changes only by applying changes, and applying one again
 * changes nothing. Immutable.
 */
public sealed interface Change {

  /**
   * The kinds of changes. A {@code switch} expression over them names each, without a default: a
   * new kind then does not compile until every place has dealt with it.
   */
  enum Kind {
    CONVERSATION_CREATED,
    CONVERSATION_UPDATED,
    CONVERSATION_DELETED,
    MESSAGES_APPENDED,
    MESSAGE_EDITED,
    MESSAGE_DELETED,
    PREFERENCES_PUT,
    OWNER_ERASED,
    BULK;

    private static final Map<String, Kind> BY_NAME =
        Stream.of(values()).collect(Collectors.toUnmodifiableMap(Kind::wireName, kind -> kind));

    private final String wireName = name().toLowerCase(Locale.ROOT);

    /** The name in JSON. */
    public String wireName() {
      return wireName;
    }

    /**
     * The kind with this name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Kind ofWireName(String name) {
      Kind kind = BY_NAME.get(name);
      if (kind == null) {
        throw new IllegalArgumentException("the change has an unknown kind");
      }
      return kind;
    }
  }

  /** An action for each kind of change. Changes of an existing conversation count as one kind. */
  interface Visitor<R, E extends Exception> {
    R conversationCreated(ConversationCreated change) throws E;

    R toConversation(ToConversation change) throws E;

    R preferencesPut(PreferencesPut change) throws E;

    R ownerErased(OwnerErased change) throws E;

    R bulk(Bulk change) throws E;
  }

  /** An action for each kind of change of an existing conversation. */
  interface ConversationVisitor<R, E extends Exception> {
    R conversationUpdated(ConversationUpdated change) throws E;

    R conversationDeleted(ConversationDeleted change) throws E;

    R messagesAppended(MessagesAppended change) throws E;

    R messageEdited(MessageEdited change) throws E;

    R messageDeleted(MessageDeleted change) throws E;
  }

  ChangeStamp stamp();

  Kind kind();

  /** Calls the visitor's method for this kind. */
  <R, E extends Exception> R accept(Visitor<R, E> visitor) throws E;

  /** The same change with another stamp. */
  Change withStamp(ChangeStamp stamp);

  /** The existing conversation that it changes; null unless it is a {@link ToConversation}. */
  default @Nullable ConversationRef ref() {
    return null;
  }

  /**
   * The conversations that it creates or changes: one for a change of a conversation, none for
   * preferences and an erasure, all of its parts for a bulk.
   */
  Set<String> conversationIds();

  /** The same, and the conversations that become active in preferences. */
  default Set<String> namedConversationIds() {
    return switch (kind()) {
      case CONVERSATION_CREATED,
          CONVERSATION_UPDATED,
          CONVERSATION_DELETED,
          MESSAGES_APPENDED,
          MESSAGE_EDITED,
          MESSAGE_DELETED,
          OWNER_ERASED ->
          conversationIds();
      case PREFERENCES_PUT -> {
        String active = ((PreferencesPut) this).update().activeConversation();
        yield active == null ? Set.of() : Set.of(active);
      }
      case BULK -> {
        Set<String> ids = new LinkedHashSet<>();
        parts().forEach(part -> ids.addAll(part.namedConversationIds()));
        yield ids;
      }
    };
  }

  /** The changes of a bulk, otherwise the change itself. */
  default List<Change> parts() {
    return List.of(this);
  }

  /** Whether it may create a conversation, and a later change may depend on that. */
  default boolean mayCreate() {
    return switch (kind()) {
      case CONVERSATION_CREATED, BULK -> true;
      case CONVERSATION_UPDATED,
          CONVERSATION_DELETED,
          MESSAGES_APPENDED,
          MESSAGE_EDITED,
          MESSAGE_DELETED,
          PREFERENCES_PUT,
          OWNER_ERASED ->
          false;
    };
  }

  /** Whether it writes fields, where the latest write wins. */
  default boolean writesFields() {
    return switch (kind()) {
      case CONVERSATION_UPDATED, MESSAGE_EDITED, PREFERENCES_PUT -> true;
      case CONVERSATION_CREATED,
          CONVERSATION_DELETED,
          MESSAGES_APPENDED,
          MESSAGE_DELETED,
          OWNER_ERASED,
          BULK ->
          false;
    };
  }

  /** Whether it cannot be part of a batch or of a bulk. */
  default boolean goesAlone() {
    return switch (kind()) {
      case OWNER_ERASED, BULK -> true;
      case CONVERSATION_CREATED,
          CONVERSATION_UPDATED,
          CONVERSATION_DELETED,
          MESSAGES_APPENDED,
          MESSAGE_EDITED,
          MESSAGE_DELETED,
          PREFERENCES_PUT ->
          false;
    };
  }

  default UUID id() {
    return stamp().id();
  }

  default Owner owner() {
    return stamp().owner();
  }

  /** A change of an existing conversation. */
  sealed interface ToConversation extends Change {
    @Override
    ConversationRef ref();

    @Override
    ToConversation withStamp(ChangeStamp stamp);

    /** The same change for another generation of its conversation. */
    ToConversation withGeneration(long generation);

    /** The existing message that it changes; null if it changes none. */
    @Nullable UUID messageId();

    /** Calls the visitor's method for this kind. */
    <R, E extends Exception> R acceptInConversation(ConversationVisitor<R, E> visitor) throws E;

    @Override
    default <R, E extends Exception> R accept(Visitor<R, E> visitor) throws E {
      return visitor.toConversation(this);
    }

    @Override
    default Set<String> conversationIds() {
      return Set.of(ref().id());
    }
  }

  /**
   * Creates a conversation.
   *
   * @param conversation its id is never null
   * @param strict true if an existing conversation is an error; false to join it unchanged
   */
  record ConversationCreated(ChangeStamp stamp, NewConversation conversation, boolean strict)
      implements Change {
    public ConversationCreated {
      if (conversation.id() == null) {
        throw new IllegalArgumentException("a new conversation needs an id");
      }
    }

    public String conversationId() {
      String id = conversation.id();
      if (id == null) {
        throw new IllegalStateException("the conversation id is missing");
      }
      return id;
    }

    @Override
    public ConversationCreated withStamp(ChangeStamp newStamp) {
      return new ConversationCreated(newStamp, conversation, strict);
    }

    @Override
    public Kind kind() {
      return Kind.CONVERSATION_CREATED;
    }

    @Override
    public <R, E extends Exception> R accept(Visitor<R, E> visitor) throws E {
      return visitor.conversationCreated(this);
    }

    @Override
    public Set<String> conversationIds() {
      return Set.of(conversationId());
    }
  }

  /** Writes the named fields; without any field it is a touch. */
  record ConversationUpdated(ChangeStamp stamp, ConversationRef ref, ConversationUpdate update)
      implements ToConversation {
    @Override
    public ConversationUpdated withStamp(ChangeStamp newStamp) {
      return new ConversationUpdated(newStamp, ref, update);
    }

    @Override
    public ConversationUpdated withGeneration(long generation) {
      return new ConversationUpdated(stamp, new ConversationRef(ref.id(), generation), update);
    }

    @Override
    public Kind kind() {
      return Kind.CONVERSATION_UPDATED;
    }

    @Override
    public <R, E extends Exception> R acceptInConversation(ConversationVisitor<R, E> visitor)
        throws E {
      return visitor.conversationUpdated(this);
    }

    @Override
    public @Nullable UUID messageId() {
      return null;
    }
  }

  /** Deletes a conversation with its messages. */
  record ConversationDeleted(ChangeStamp stamp, ConversationRef ref) implements ToConversation {
    @Override
    public ConversationDeleted withStamp(ChangeStamp newStamp) {
      return new ConversationDeleted(newStamp, ref);
    }

    @Override
    public ConversationDeleted withGeneration(long generation) {
      return new ConversationDeleted(stamp, new ConversationRef(ref.id(), generation));
    }

    @Override
    public Kind kind() {
      return Kind.CONVERSATION_DELETED;
    }

    @Override
    public <R, E extends Exception> R acceptInConversation(ConversationVisitor<R, E> visitor)
        throws E {
      return visitor.conversationDeleted(this);
    }

    @Override
    public @Nullable UUID messageId() {
      return null;
    }
  }

  /**
   * Appends messages, all or none, in this order.
   *
   * @param messages at least one, with distinct ids
   * @param editExisting how to treat an existing message with the same id and another digest:
   *     false, a conflict; true (a save), replace its content
   */
  record MessagesAppended(
      ChangeStamp stamp,
      ConversationRef ref,
      List<NewMessage> messages,
      AppendCondition condition,
      boolean editExisting)
      implements ToConversation {
    public MessagesAppended {
      messages = List.copyOf(messages);
      if (messages.isEmpty()) {
        throw new IllegalArgumentException("an append needs at least one message");
      }
    }

    @Override
    public MessagesAppended withStamp(ChangeStamp newStamp) {
      return new MessagesAppended(newStamp, ref, messages, condition, editExisting);
    }

    @Override
    public MessagesAppended withGeneration(long generation) {
      return new MessagesAppended(
          stamp, new ConversationRef(ref.id(), generation), messages, condition, editExisting);
    }

    @Override
    public Kind kind() {
      return Kind.MESSAGES_APPENDED;
    }

    @Override
    public <R, E extends Exception> R acceptInConversation(ConversationVisitor<R, E> visitor)
        throws E {
      return visitor.messagesAppended(this);
    }

    @Override
    public @Nullable UUID messageId() {
      return null;
    }
  }

  /** Replaces the content of a message. */
  record MessageEdited(ChangeStamp stamp, ConversationRef ref, UUID messageId, MessageEdit edit)
      implements ToConversation {
    @Override
    public MessageEdited withStamp(ChangeStamp newStamp) {
      return new MessageEdited(newStamp, ref, messageId, edit);
    }

    @Override
    public MessageEdited withGeneration(long generation) {
      return new MessageEdited(stamp, new ConversationRef(ref.id(), generation), messageId, edit);
    }

    @Override
    public Kind kind() {
      return Kind.MESSAGE_EDITED;
    }

    @Override
    public <R, E extends Exception> R acceptInConversation(ConversationVisitor<R, E> visitor)
        throws E {
      return visitor.messageEdited(this);
    }
  }

  /** Deletes a message. */
  record MessageDeleted(ChangeStamp stamp, ConversationRef ref, UUID messageId)
      implements ToConversation {
    @Override
    public MessageDeleted withStamp(ChangeStamp newStamp) {
      return new MessageDeleted(newStamp, ref, messageId);
    }

    @Override
    public MessageDeleted withGeneration(long generation) {
      return new MessageDeleted(stamp, new ConversationRef(ref.id(), generation), messageId);
    }

    @Override
    public Kind kind() {
      return Kind.MESSAGE_DELETED;
    }

    @Override
    public <R, E extends Exception> R acceptInConversation(ConversationVisitor<R, E> visitor)
        throws E {
      return visitor.messageDeleted(this);
    }
  }

  /**
   * Writes preferences.
   *
   * @param activeGeneration the generation of the new active conversation, {@link
   *     ConversationRef#LIVE} for the live one; meaningless if it is not set
   */
  record PreferencesPut(ChangeStamp stamp, PreferencesUpdate update, long activeGeneration)
      implements Change {
    @Override
    public PreferencesPut withStamp(ChangeStamp newStamp) {
      return new PreferencesPut(newStamp, update, activeGeneration);
    }

    @Override
    public Kind kind() {
      return Kind.PREFERENCES_PUT;
    }

    @Override
    public <R, E extends Exception> R accept(Visitor<R, E> visitor) throws E {
      return visitor.preferencesPut(this);
    }

    @Override
    public Set<String> conversationIds() {
      return Set.of();
    }
  }

  /** Erases all of an owner's data and raises the owner's epoch. */
  record OwnerErased(ChangeStamp stamp) implements Change {
    @Override
    public OwnerErased withStamp(ChangeStamp newStamp) {
      return new OwnerErased(newStamp);
    }

    @Override
    public Kind kind() {
      return Kind.OWNER_ERASED;
    }

    @Override
    public <R, E extends Exception> R accept(Visitor<R, E> visitor) throws E {
      return visitor.ownerErased(this);
    }

    @Override
    public Set<String> conversationIds() {
      return Set.of();
    }
  }

  /**
   * Several changes of one owner, all or none, in this order.
   *
   * <p>A bulk with an id {@linkplain DerivedIds#ofTakeover derived} from a place in a file is
   * applied only once, see {@link #isOnce}.
   *
   * @param changes changes of conversations, none of them a bulk; their stamps have the bulk's
   *     owner and epoch
   * @param asSent whether the bulk was sent before and is kept in that form: the database may have
   *     it already, so earlier settlements do not move it to another generation
   */
  record Bulk(ChangeStamp stamp, List<Change> changes, boolean asSent) implements Change {
    /** A bulk that was not sent before. */
    public Bulk(ChangeStamp stamp, List<Change> changes) {
      this(stamp, changes, false);
    }

    public Bulk {
      changes = List.copyOf(changes);
      for (Change change : changes) {
        if (change.goesAlone() || !change.owner().equals(stamp.owner())) {
          throw new IllegalArgumentException(
              "a bulk may only contain conversation changes of its owner");
        }
      }
    }

    /**
     * An append to a conversation that it creates if there is none.
     *
     * @param create not strict, of the append's conversation
     */
    public static Bulk ofAppend(
        ChangeStamp stamp, ConversationCreated create, MessagesAppended append) {
      Bulk bulk = new Bulk(stamp, List.of(create, append));
      if (!bulk.isAppend()) {
        throw new IllegalArgumentException("these are not a create and an append to it");
      }
      return bulk;
    }

    /**
     * Whether this is an append to a conversation that it creates if there is none: a create and an
     * append alone. Its result holds the conversation, then the messages.
     */
    public boolean isAppend() {
      return changes.size() == 2
          && changes.get(0) instanceof ConversationCreated create
          && !create.strict()
          && changes.get(1) instanceof MessagesAppended append
          && !append.editExisting()
          && append.ref().id().equals(create.conversationId())
          && !isOnce();
    }

    /** The create of an append that creates. */
    public ConversationCreated create() {
      return (ConversationCreated) changes.get(0);
    }

    /** The append of an append that creates. */
    public MessagesAppended append() {
      return (MessagesAppended) changes.get(1);
    }

    /**
     * Whether this bulk is a part of a conversation taken over from a file. A database remembers
     * such a bulk permanently and applies it once, even if everything it created is deleted and
     * purged. Its first change creates the conversation under the id of the conversation's first
     * part. A later part is dropped if the database has no trace of the first. Its changes keep
     * their own times.
     */
    public boolean isOnce() {
      return DerivedIds.isOfTakeover(stamp.id());
    }

    @Override
    public Bulk withStamp(ChangeStamp newStamp) {
      return new Bulk(
          newStamp,
          changes.stream()
              .map(
                  change ->
                      change.withStamp(
                          change
                              .stamp()
                              .withEpoch(newStamp.epoch())
                              .withTime(isOnce() ? change.stamp().time() : newStamp.time())))
              .toList(),
          asSent);
    }

    @Override
    public Kind kind() {
      return Kind.BULK;
    }

    @Override
    public <R, E extends Exception> R accept(Visitor<R, E> visitor) throws E {
      return visitor.bulk(this);
    }

    @Override
    public Set<String> conversationIds() {
      Set<String> ids = new LinkedHashSet<>();
      changes.forEach(part -> ids.addAll(part.conversationIds()));
      return ids;
    }

    @Override
    public List<Change> parts() {
      return changes;
    }
  }
}
