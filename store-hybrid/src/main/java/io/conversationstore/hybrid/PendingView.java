package io.conversationstore.hybrid;

import static java.util.Objects.requireNonNull;

import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.hybrid.PendingContents.Source;
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
 * engine answers. Changes are added in their order. Holds no contents: messages that pending
 * changes bring or edit are <em>heads</em>, with ids, digests, times and usage, until {@link
 * #filled} reads what is shown. Not thread-safe.
 */
final class PendingView {

  private static final long NOT_ASKED = -1;

  /** What stands for all messages without usage whose content is not read. */
  private static final Message UNREAD = Message.of(Role.USER);

  private record Unplaced(Change change, ConversationRef ref, UUID sentAs) {}

  /**
   * A pending message, as small as it can be: there may be many. Owner, conversation, epoch and
   * generation are those of the view.
   *
   * @param named the generation that its append names
   * @param edit where the content of its last edit stands; null if it has none
   */
  private record Waiting(
      long version,
      String digest,
      Instant createdAt,
      @Nullable Instant editedAt,
      @Nullable TokenUsage usage,
      long named,
      Source append,
      @Nullable Source edit) {}

  /** One of the engine's messages as a pending edit leaves it. */
  private record Edited(MessageState head, Source edit) {}

  private final String id;
  private final long epoch;
  private final long baseGeneration;
  private final Function<UUID, Optional<MessageState>> baseMessages;
  private final Predicate<UUID> mayBeInBase;
  private final Predicate<UUID> mayBeCounted;
  private final LongSupplier lacking;
  private final PendingContents contents;
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

  private final Map<UUID, Waiting> tail = new LinkedHashMap<>();
  private final Map<UUID, MessageState> removedTail = new LinkedHashMap<>();
  private final Map<UUID, Edited> changedBase = new LinkedHashMap<>();
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
   * @param contents reads the contents of what is pending
   */
  PendingView(
      String id,
      Found base,
      Function<UUID, Optional<MessageState>> baseMessages,
      Predicate<UUID> mayBeInBase,
      Predicate<UUID> mayBeCounted,
      LongSupplier lacking,
      PendingContents contents) {
    this.id = id;
    this.epoch = base.ownerEpoch();
    this.header = base.conversation();
    this.baseGeneration = header == null ? ConversationRef.LIVE : header.generation();
    this.baseVisible = header != null && header.isLive();
    this.baseMessages = baseMessages;
    this.mayBeInBase = mayBeInBase;
    this.mayBeCounted = mayBeCounted;
    this.lacking = lacking;
    this.contents = contents;
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

  /** The heads of pending messages, in order. */
  List<MessageState> tail() {
    List<MessageState> heads = new ArrayList<>(tail.size());
    tail.forEach((messageId, waiting) -> heads.add(head(messageId, waiting)));
    return heads;
  }

  /** The ids of pending messages, in order. */
  List<UUID> tailIds() {
    return List.copyOf(tail.keySet());
  }

  /** Whether a pending message has this id. */
  boolean isPending(@Nullable UUID messageId) {
    return messageId != null && tail.containsKey(messageId);
  }

  /** How many messages are pending. */
  int tailSize() {
    return tail.size();
  }

  private MessageState head(UUID messageId, Waiting waiting) {
    ConversationState conversation = requireNonNull(header);
    return new MessageState(
        conversation.owner(),
        id,
        conversation.epoch(),
        conversation.generation(),
        waiting.version,
        0,
        messageId,
        waiting.digest,
        new StoredMessage(
            id, messageId, 0, waiting.createdAt, waiting.editedAt, unread(waiting.usage)));
  }

  /**
   * The generation that a change of a message has to name: of a pending one the same as the append
   * that brings it, so that both reach the same conversation or neither does.
   */
  long generationOf(UUID messageId, ConversationState live) {
    Waiting waiting = tail.get(messageId);
    return waiting == null ? live.generation() : waiting.named;
  }

  /** The heads of the engine's messages that pending edits change, as they will be. */
  List<MessageState> edited() {
    return changedBase.values().stream().map(Edited::head).toList();
  }

  /** Whether a pending edit changes this message of the engine. */
  boolean isEdited(MessageState message) {
    return changedBase.containsKey(message.messageId());
  }

  /** How many of the engine's messages are gone. */
  int deletedFromBase() {
    return deletedBase.size();
  }

  /** Whether a message of the engine is gone. */
  boolean isDeleted(MessageState message) {
    return deletedBase.contains(message.messageId());
  }

  /**
   * A message of the engine as it will be, with its content; null where it is deleted.
   *
   * @throws PendingContents.MovedException if the edit is not pending any more
   */
  @Nullable MessageState overBase(MessageState message) {
    if (isDeleted(message)) {
      return null;
    }
    Edited edited = changedBase.get(message.messageId());
    return edited == null
        ? message
        : with(
            edited.head,
            message.requireLive().message().withContent(contents.content(edited.edit)));
  }

  /**
   * A message of this view with its content, where the view has only the head of it.
   *
   * @throws PendingContents.MovedException if the message is not pending any more
   */
  MessageState filled(MessageState head) {
    if (!head.isLive()) {
      return head;
    }
    if (tail.containsKey(head.messageId())) {
      return pending(head.messageId());
    }
    Edited edited = changedBase.get(head.messageId());
    if (edited == null) {
      return head;
    }
    return base(head.messageId())
        .filter(MessageState::isLive)
        .map(this::overBase)
        .orElseThrow(() -> new PendingContents.MovedException(edited.edit.change()));
  }

  /**
   * The pending message of this id, with its content.
   *
   * @throws PendingContents.MovedException if the message is not pending any more
   */
  MessageState pending(UUID messageId) {
    Waiting waiting = requireNonNull(tail.get(messageId));
    Message message = contents.message(waiting.append);
    return with(
        head(messageId, waiting),
        waiting.edit == null ? message : message.withContent(contents.content(waiting.edit)));
  }

  /** Lets go of the contents that were read or are on their way to the queue. */
  void clearContents() {
    contents.clear();
  }

  /** A message of either kind; empty if it is not there or deleted. Its head, if it has one. */
  Optional<MessageState> message(UUID messageId) {
    Waiting waiting = tail.get(messageId);
    if (waiting != null) {
      return Optional.of(head(messageId, waiting));
    }
    return base(messageId)
        .filter(MessageState::isLive)
        .flatMap(message -> Optional.ofNullable(headOverBase(message)));
  }

  /**
   * A message that is already there in any form, deleted ones included. Its head, if it has one.
   */
  Optional<MessageState> existing(UUID messageId) {
    Waiting waiting = tail.get(messageId);
    MessageState pending = waiting == null ? removedTail.get(messageId) : head(messageId, waiting);
    return pending != null ? Optional.of(pending) : base(messageId).map(this::asItWillBe);
  }

  private @Nullable MessageState headOverBase(MessageState message) {
    Edited edited = changedBase.get(message.messageId());
    return isDeleted(message) ? null : edited == null ? message : edited.head;
  }

  private MessageState asItWillBe(MessageState message) {
    MessageState shown = message.isLive() ? headOverBase(message) : message;
    return shown == null ? Transitions.deleted(message) : shown;
  }

  private Optional<MessageState> base(UUID messageId) {
    return baseVisible ? baseMessages.apply(messageId) : Optional.empty();
  }

  /**
   * Adds the next change of the queue, as far as it touches this conversation; its head is enough.
   *
   * @throws PendingContents.MovedException if contents are compared that are not pending any more
   */
  void add(Change change) {
    add(change, change.id());
  }

  /** Adds a change that is on its way to the queue, and keeps its contents until it is there. */
  void addNew(Change change) {
    contents.keep(change);
    add(change);
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
        Source source = new Source(sentAs, append.id(), message.id());
        if (!append.editExisting() || !overwrite(message, at, source)) {
          append(message, at, source, ref.generation());
        }
      }
    } else if (change instanceof MessageEdited edit) {
      edit(edit.messageId(), at, new Source(sentAs, edit.id(), edit.messageId()));
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

  private void edit(UUID messageId, Instant at, Source source) {
    MessageEdit unread = new MessageEdit(List.of());
    message(messageId)
        .flatMap(
            state -> Optional.ofNullable(Transitions.edited(state, unread, at, ApplyMode.REPLAY)))
        .ifPresent(state -> replace(state, source));
  }

  /** A save over a message that is there; false if it is not. A deleted one stays deleted. */
  private boolean overwrite(NewMessage message, Instant at, Source source) {
    Optional<MessageState> existing = existing(message.id());
    if (existing.isEmpty()) {
      return false;
    }
    if (!existing.get().digest().equals(message.digest())) {
      message(message.id())
          .map(head -> filled(head).requireLive().message().content())
          .filter(content -> !content.equals(contents.content(source)))
          .ifPresent(content -> edit(message.id(), at, source));
    }
    return true;
  }

  private void append(NewMessage message, Instant at, Source source, long generation) {
    ConversationState conversation = live();
    if (conversation == null
        || removedTail.containsKey(message.id())
        || tail.containsKey(message.id())
        || (mayBeInBase.test(source.change()) && base(message.id()).isPresent())) {
      return;
    }
    Live live = conversation.requireLive();
    Instant createdAt = Transitions.messageTime(live, message, at);
    TokenUsage usage = message.message().usage();
    tail.put(
        message.id(),
        new Waiting(1, message.digest(), createdAt, null, usage, generation, source, null));
    if (!isCounted(source.change())) {
      become(Transitions.appended(live, createdAt, usage, at));
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

  private void replace(MessageState edited, Source source) {
    StoredMessage stored = edited.requireLive();
    TokenUsage usage = stored.message().usage();
    Waiting waiting = tail.get(edited.messageId());
    if (waiting != null) {
      tail.put(
          edited.messageId(),
          new Waiting(
              edited.version(),
              waiting.digest,
              waiting.createdAt,
              stored.editedAt(),
              usage,
              waiting.named,
              waiting.append,
              source));
    } else {
      changedBase.put(edited.messageId(), new Edited(with(edited, unread(usage)), source));
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

  private static Message unread(@Nullable TokenUsage usage) {
    return usage == null ? UNREAD : UNREAD.withModel(null, usage);
  }

  private static MessageState with(MessageState state, Message message) {
    StoredMessage stored = state.requireLive();
    return new MessageState(
        state.owner(),
        state.conversationId(),
        state.epoch(),
        state.generation(),
        state.version(),
        state.seq(),
        state.messageId(),
        state.digest(),
        new StoredMessage(
            stored.conversationId(),
            stored.id(),
            stored.seq(),
            stored.createdAt(),
            stored.editedAt(),
            message));
  }

  private void become(Live live) {
    ConversationState conversation = header;
    if (conversation != null) {
      header = conversation.next(live, conversation.lastSeq());
    }
  }
}
