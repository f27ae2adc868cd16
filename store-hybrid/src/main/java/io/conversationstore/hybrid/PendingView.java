package io.conversationstore.hybrid;

import io.conversationstore.ConversationUpdate;
import io.conversationstore.MessageEdit;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.ConversationUpdated;
import io.conversationstore.spi.Change.MessageDeleted;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.Transitions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One conversation as it will be when this node's pending changes have been applied to what another
 * engine answers. Changes are added in their order. Not thread-safe.
 */
final class PendingView {

  private static final long NOT_ASKED = -1;

  private record Unplaced(Change change, ConversationRef ref, UUID sentAs) {}

  private final String id;
  private final long epoch;
  private final long baseGeneration;
  private final Function<UUID, Optional<MessageState>> baseMessages;
  private final Predicate<UUID> mayBeInBase;
  private final Predicate<UUID> mayBeCounted;
  private final LongSupplier lacking;
  private long lackingLeft = NOT_ASKED;
  private @Nullable ConversationState header;
  private boolean baseVisible;
  private boolean erased;

  /** Whether a change that may begin a generation is pending. */
  private boolean followsCreate;

  /** The epoch that the last of them names. */
  private long createEpoch = ChangeStamp.PRESENT_EPOCH;

  /** The last epoch that pending erasures end. */
  private long endedEpoch = ChangeStamp.PRESENT_EPOCH;

  private final Map<UUID, MessageState> tail = new LinkedHashMap<>();

  /** The generations that the appends of pending messages name. */
  private final Map<UUID, Long> named = new HashMap<>();

  private final Map<UUID, MessageState> removedTail = new LinkedHashMap<>();
  private final Map<UUID, MessageState> changedBase = new LinkedHashMap<>();
  private final Set<UUID> deletedBase = new LinkedHashSet<>();

  /** Changes of a conversation that the engine does not hold any more, because it was emptied. */
  private final List<Unplaced> unplaced = new ArrayList<>();

  /**
   * @param base the conversation as the engine beneath answers it
   * @param baseMessages looks up a message of that engine
   * @param mayBeInBase whether the change of this id may have reached that engine already, so that
   *     its messages have to be looked up there
   * @param mayBeCounted whether the database may hold the change of this id, so that {@code base}
   *     may count its messages
   * @param lacking how many messages {@code base} counts that the engine does not have, because its
   *     header came first; asked at most once, and only where it matters
   */
  PendingView(
      String id,
      Found base,
      Function<UUID, Optional<MessageState>> baseMessages,
      Predicate<UUID> mayBeInBase,
      Predicate<UUID> mayBeCounted,
      LongSupplier lacking) {
    this.id = id;
    this.epoch = base.ownerEpoch();
    this.header = base.conversation();
    this.baseGeneration = header == null ? ConversationRef.LIVE : header.generation();
    this.baseVisible = header != null && header.isLive();
    this.baseMessages = baseMessages;
    this.mayBeInBase = mayBeInBase;
    this.mayBeCounted = mayBeCounted;
    this.lacking = lacking;
  }

  /** The conversation, deleted perhaps; null if nothing is known of it. */
  @Nullable ConversationState header() {
    return header;
  }

  /** The live conversation, or null. */
  @Nullable ConversationState live() {
    return header != null && header.isLive() ? header : null;
  }

  /** Whether the engine is this directory, and holds a conversation that met no database yet. */
  boolean isBaseUnmet() {
    return baseVisible && baseGeneration == ConversationRef.LIVE;
  }

  /** Whether the engine's messages still count. */
  boolean baseVisible() {
    return baseVisible;
  }

  /**
   * The generation that the next change of this conversation names. A create that is pending may
   * begin a generation when it is sent, whatever is live now: what is queued behind it names none,
   * and learns from its {@link io.conversationstore.spi.Settlement} where it landed.
   */
  long target() {
    ConversationState live = live();
    return live == null || followsCreate ? ConversationRef.LIVE : live.generation();
  }

  /**
   * The epoch that the next change of this conversation names: that of the create that it follows,
   * so that an erasure takes both or neither. Behind an erasure it names none.
   */
  long targetEpoch() {
    if (followsCreate) {
      return createEpoch;
    }
    return erased ? ChangeStamp.PRESENT_EPOCH : epoch;
  }

  /** The epoch of the owner in which the engine has answered. */
  long epoch() {
    return epoch;
  }

  /** Whether a pending erasure of the owner has emptied it. */
  boolean erased() {
    return erased;
  }

  /**
   * Whether a generation that the database has given is over, where a pending change has made the
   * conversation as it is now. One that the engine has not heard of may be what that change joins.
   */
  boolean ended(long generation) {
    return erased || generation <= baseGeneration;
  }

  /** Pending messages, in order. */
  List<MessageState> tail() {
    return List.copyOf(tail.values());
  }

  /**
   * The generation that a change of a message has to name: of a pending one the same as the append
   * that brings it, so that both reach the same conversation or neither does.
   */
  long generationOf(UUID messageId, ConversationState live) {
    return named.getOrDefault(messageId, live.generation());
  }

  /** The engine's messages that pending edits change, as they will be. */
  List<MessageState> edited() {
    return List.copyOf(changedBase.values());
  }

  /** How many of the engine's messages are gone. */
  int deletedFromBase() {
    return deletedBase.size();
  }

  /** A message of the engine as it will be; null where it is deleted. */
  @Nullable MessageState overBase(MessageState message) {
    if (deletedBase.contains(message.messageId())) {
      return null;
    }
    return changedBase.getOrDefault(message.messageId(), message);
  }

  /** A message of either kind; empty if it is not there or deleted. */
  Optional<MessageState> message(UUID messageId) {
    MessageState pending = tail.get(messageId);
    if (pending != null) {
      return Optional.of(pending);
    }
    return base(messageId)
        .filter(MessageState::isLive)
        .flatMap(message -> Optional.ofNullable(overBase(message)));
  }

  /** A message that is already there in any form, deleted ones included. */
  Optional<MessageState> existing(UUID messageId) {
    MessageState pending = tail.get(messageId);
    if (pending == null) {
      pending = removedTail.get(messageId);
    }
    return pending != null ? Optional.of(pending) : base(messageId).map(this::asItWillBe);
  }

  private MessageState asItWillBe(MessageState message) {
    MessageState shown = message.isLive() ? overBase(message) : message;
    return shown == null ? Transitions.deleted(message) : shown;
  }

  private Optional<MessageState> base(UUID messageId) {
    return baseVisible ? baseMessages.apply(messageId) : Optional.empty();
  }

  /** Adds the next change of the queue, as far as it touches this conversation. */
  void add(Change change) {
    add(change, change.id());
  }

  private void add(Change change, UUID sentAs) {
    if (change instanceof Bulk bulk) {
      bulk.changes().forEach(part -> add(part, sentAs));
    } else if (change instanceof OwnerErased) {
      erase(change);
    } else if (isOfErased(change)) {
      return;
    } else if (change instanceof ConversationCreated create) {
      if (create.conversationId().equals(id)) {
        followsCreate = true;
        createEpoch = create.stamp().epoch();
        create(create);
      }
    } else if (change.ref() != null && change.ref().id().equals(id)) {
      addToConversation(change, change.ref(), sentAs);
    }
  }

  /**
   * Whether a change is of an epoch that is over, or that an erasure pending before it ends: it was
   * sent before that erasure was asked for.
   */
  boolean isOfErased(Change change) {
    return OwnerViews.isOfErased(change, epoch)
        || (change.stamp().epoch() != ChangeStamp.PRESENT_EPOCH
            && change.stamp().epoch() <= endedEpoch);
  }

  private void erase(Change erasure) {
    long ends = erasure.stamp().epoch();
    endedEpoch = Math.max(endedEpoch, ends == ChangeStamp.PRESENT_EPOCH ? Long.MAX_VALUE : ends);
    // Where the erasure has reached the engine already, what it answers came after. One that was
    // not
    // sent takes all that is there, also what came after an erasure by another node.
    if (header == null
        || !mayBeCounted.test(erasure.id())
        || OwnerViews.erases(erasure, header.epoch())) {
      header = null;
      erased = true;
      followsCreate = false;
      cut();
    }
  }

  private void create(ConversationCreated create) {
    if (live() != null) {
      return;
    }
    List<Unplaced> earlier = header == null ? List.copyOf(unplaced) : List.of();
    cut();
    header = made(create);
    earlier.forEach(one -> addToConversation(one.change, one.ref, one.sentAs));
  }

  /** The conversation that a pending create will make. */
  static ConversationState made(ConversationCreated create) {
    return Transitions.created(
        create.owner(),
        create.conversation(),
        create.conversationId(),
        Math.max(0, create.stamp().epoch()),
        ConversationRef.LIVE,
        create.stamp().time(),
        create.id());
  }

  private void cut() {
    baseVisible = false;
    tail.clear();
    named.clear();
    removedTail.clear();
    changedBase.clear();
    deletedBase.clear();
    unplaced.clear();
  }

  private void addToConversation(Change change, ConversationRef ref, UUID sentAs) {
    ConversationState conversation = live();
    if (header == null && !erased) {
      place(change, ref, sentAs);
    }
    if (conversation == null || !isAbout(ref, conversation)) {
      return;
    }
    Live live = conversation.requireLive();
    Instant at = change.stamp().time();
    if (change instanceof ConversationDeleted) {
      header = conversation.next(null, conversation.lastSeq());
      cut();
    } else if (change instanceof ConversationUpdated update) {
      become(Transitions.updated(live, update.update(), at, ApplyMode.REPLAY));
    } else if (change instanceof MessagesAppended append) {
      for (NewMessage message : append.messages()) {
        if (!append.editExisting() || !overwrite(message, at)) {
          append(message, at, sentAs, ref.generation());
        }
      }
    } else if (change instanceof MessageEdited edit) {
      edit(edit.messageId(), edit.edit(), at);
    } else if (change instanceof MessageDeleted delete) {
      message(delete.messageId()).ifPresent(this::remove);
    }
  }

  /** Keeps a change for the case that a create follows, which then joins what it is about. */
  private void place(Change change, ConversationRef ref, UUID sentAs) {
    if (change instanceof ConversationDeleted) {
      unplaced.clear();
    } else {
      unplaced.add(new Unplaced(change, ref, sentAs));
    }
  }

  /** A generation that is not known yet may be any. */
  private static boolean isAbout(ConversationRef ref, ConversationState conversation) {
    return ref.generation() == ConversationRef.LIVE
        || conversation.generation() == ConversationRef.LIVE
        || ref.generation() == conversation.generation();
  }

  private void edit(UUID messageId, MessageEdit edit, Instant at) {
    message(messageId)
        .flatMap(
            state -> Optional.ofNullable(Transitions.edited(state, edit, at, ApplyMode.REPLAY)))
        .ifPresent(this::replace);
  }

  /** A save over a message that is there; false if it is not. A deleted one stays deleted. */
  private boolean overwrite(NewMessage message, Instant at) {
    Optional<MessageState> existing = existing(message.id());
    if (existing.isEmpty()) {
      return false;
    }
    if (!existing.get().digest().equals(message.digest())) {
      message(message.id())
          .map(MessageState::requireLive)
          .filter(stored -> !stored.message().content().equals(message.message().content()))
          .ifPresent(
              stored -> edit(message.id(), new MessageEdit(message.message().content()), at));
    }
    return true;
  }

  private void append(NewMessage message, Instant at, UUID sentAs, long generation) {
    ConversationState conversation = live();
    if (conversation == null
        || removedTail.containsKey(message.id())
        || tail.containsKey(message.id())
        || (mayBeInBase.test(sentAs) && base(message.id()).isPresent())) {
      return;
    }
    Live live = conversation.requireLive();
    StoredMessage stored =
        new StoredMessage(
            id,
            message.id(),
            0,
            Transitions.messageTime(live, message, at),
            null,
            message.message());
    named.put(message.id(), generation);
    tail.put(
        message.id(),
        new MessageState(
            conversation.owner(),
            id,
            conversation.epoch(),
            conversation.generation(),
            1,
            0,
            message.id(),
            message.digest(),
            stored));
    if (!isCounted(sentAs)) {
      become(Transitions.appended(live, stored.createdAt(), stored.message().usage(), at));
    }
  }

  /**
   * Whether the engine's header is taken to count a message that the engine lacks: it was sent,
   * nobody knows whether it arrived, and the header counts more messages than there are.
   */
  private boolean isCounted(UUID sentAs) {
    if (!baseVisible || !mayBeCounted.test(sentAs)) {
      return false;
    }
    if (lackingLeft == NOT_ASKED) {
      lackingLeft = Math.max(0, lacking.getAsLong());
    }
    if (lackingLeft == 0) {
      return false;
    }
    lackingLeft--;
    return true;
  }

  private void replace(MessageState edited) {
    if (tail.containsKey(edited.messageId())) {
      tail.put(edited.messageId(), edited);
    } else {
      changedBase.put(edited.messageId(), edited);
    }
    ConversationState conversation = live();
    if (conversation != null) {
      become(
          Transitions.updated(
              conversation.requireLive(),
              ConversationUpdate.touch(),
              Optional.ofNullable(edited.requireLive().editedAt())
                  .orElse(conversation.requireLive().updatedAt()),
              ApplyMode.REPLAY));
    }
  }

  private void remove(MessageState message) {
    ConversationState conversation = live();
    if (conversation == null) {
      return;
    }
    become(Transitions.messageRemoved(conversation.requireLive(), message.requireLive()));
    if (tail.remove(message.messageId()) != null) {
      removedTail.put(message.messageId(), Transitions.deleted(message));
    } else {
      deletedBase.add(message.messageId());
      changedBase.remove(message.messageId());
    }
  }

  private void become(Live live) {
    ConversationState conversation = header;
    if (conversation != null) {
      header = conversation.next(live, conversation.lastSeq());
    }
  }
}
