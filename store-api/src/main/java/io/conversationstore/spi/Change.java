package io.conversationstore.spi;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A write, as data. A store's state changes only by applying changes, and applying one again
 * changes nothing. Immutable.
 */
public sealed interface Change {

  ChangeStamp stamp();

  /** The same change with another stamp. */
  Change withStamp(ChangeStamp stamp);

  /** The conversation that it changes; null for a change of preferences, an erasure and a bulk. */
  default @Nullable ConversationRef ref() {
    return null;
  }

  /**
   * The same change for another generation of its conversation. Changes without a generation return
   * themselves.
   */
  default Change withGeneration(long generation) {
    return this;
  }

  default UUID id() {
    return stamp().id();
  }

  default Owner owner() {
    return stamp().owner();
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
    public Change withStamp(ChangeStamp newStamp) {
      return new ConversationCreated(newStamp, conversation, strict);
    }
  }

  /** Writes the named fields; without any field it is a touch. */
  record ConversationUpdated(ChangeStamp stamp, ConversationRef ref, ConversationUpdate update)
      implements Change {
    @Override
    public Change withStamp(ChangeStamp newStamp) {
      return new ConversationUpdated(newStamp, ref, update);
    }

    @Override
    public Change withGeneration(long generation) {
      return new ConversationUpdated(stamp, new ConversationRef(ref.id(), generation), update);
    }
  }

  /** Deletes a conversation with its messages. */
  record ConversationDeleted(ChangeStamp stamp, ConversationRef ref) implements Change {
    @Override
    public Change withStamp(ChangeStamp newStamp) {
      return new ConversationDeleted(newStamp, ref);
    }

    @Override
    public Change withGeneration(long generation) {
      return new ConversationDeleted(stamp, new ConversationRef(ref.id(), generation));
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
      implements Change {
    public MessagesAppended {
      messages = List.copyOf(messages);
      if (messages.isEmpty()) {
        throw new IllegalArgumentException("an append needs at least one message");
      }
    }

    @Override
    public Change withStamp(ChangeStamp newStamp) {
      return new MessagesAppended(newStamp, ref, messages, condition, editExisting);
    }

    @Override
    public Change withGeneration(long generation) {
      return new MessagesAppended(
          stamp, new ConversationRef(ref.id(), generation), messages, condition, editExisting);
    }
  }

  /** Replaces the content of a message. */
  record MessageEdited(ChangeStamp stamp, ConversationRef ref, UUID messageId, MessageEdit edit)
      implements Change {
    @Override
    public Change withStamp(ChangeStamp newStamp) {
      return new MessageEdited(newStamp, ref, messageId, edit);
    }

    @Override
    public Change withGeneration(long generation) {
      return new MessageEdited(stamp, new ConversationRef(ref.id(), generation), messageId, edit);
    }
  }

  /** Deletes a message. */
  record MessageDeleted(ChangeStamp stamp, ConversationRef ref, UUID messageId) implements Change {
    @Override
    public Change withStamp(ChangeStamp newStamp) {
      return new MessageDeleted(newStamp, ref, messageId);
    }

    @Override
    public Change withGeneration(long generation) {
      return new MessageDeleted(stamp, new ConversationRef(ref.id(), generation), messageId);
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
    public Change withStamp(ChangeStamp newStamp) {
      return new PreferencesPut(newStamp, update, activeGeneration);
    }
  }

  /** Erases all of an owner's data and raises the owner's epoch. */
  record OwnerErased(ChangeStamp stamp) implements Change {
    @Override
    public Change withStamp(ChangeStamp newStamp) {
      return new OwnerErased(newStamp);
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
        if (change instanceof Bulk
            || change instanceof OwnerErased
            || !change.owner().equals(stamp.owner())) {
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
    public Change withStamp(ChangeStamp newStamp) {
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
  }
}
