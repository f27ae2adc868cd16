package io.conversationstore.hybrid.internal.overlay;

import static java.util.Objects.requireNonNull;

import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.hybrid.internal.overlay.PendingContents.Source;
import io.conversationstore.hybrid.internal.overlay.PendingTail.Waiting;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.ConversationUpdated;
import io.conversationstore.spi.Change.ConversationVisitor;
import io.conversationstore.spi.Change.MessageDeleted;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.Change.ToConversation;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.State;
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
 * One conversation as it will be when this node's pending changes have been applied to the answer
 * of another engine. Changes are added in their order. Holds no contents: messages that pending
 * changes bring or edit are <em>heads</em>, with ids, digests, times and usage, until {@link
 * #filled} reads the contents that are shown. Not thread-safe.
 */
public final class PendingView {

  private static final long NOT_ASKED = -1;

  /** Placeholder for all messages without usage whose content is not read. */
  private static final Message UNREAD = Message.of(Role.USER);

  /** Where a message is. */
  public record MessagePlace(long generation, long epoch) {}

  private record Unplaced(ToConversation change, UUID sentAs) {}

  /** One of the engine's messages after a pending edit. */
  private record Edited(MessageState head, Source edit) {}

  private final String id;
  private final long epoch;
  private final long baseGeneration;
  private final long baseEpoch;
  private final Function<UUID, Optional<MessageState>> baseMessages;
  private final Predicate<UUID> mayBeInBase;
  private final Predicate<UUID> mayBeCounted;
  private final LongSupplier lacking;
  private final PendingContents contents;
  private long lackingLeft = NOT_ASKED;
  private @Nullable ConversationState header;
  private boolean baseVisible;
  private boolean erased;

  /** Whether a pending change may begin a generation. */
  private boolean followsCreate;

  /** The epoch named by the last of them. */
  private long createEpoch = ChangeStamp.PRESENT_EPOCH;

  /** The last epoch ended by pending erasures. */
  private long endedEpoch = ChangeStamp.PRESENT_EPOCH;

  private final PendingTail tail = new PendingTail();
  private final Map<UUID, MessageState> removedTail = new LinkedHashMap<>();
  private final Map<UUID, Edited> changedBase = new LinkedHashMap<>();
  private final Set<UUID> deletedBase = new LinkedHashSet<>();

  /**
   * The engine's messages that are listed as pending: earlier ones were sent too, and the engine
   * lacks those, as a copy does that has evicted them. Listed last, they would be out of order.
   */
  private final Set<UUID> heldBack = new LinkedHashSet<>();

  /** Changes of a conversation that the engine no longer holds because it was emptied. */
  private final List<Unplaced> unplaced = new ArrayList<>();

  /**
   * @param base the conversation as returned by the engine beneath
   * @param baseMessages looks up a message of that engine
   * @param mayBeInBase whether the change of this id may have reached that engine already; its
   *     messages are then looked up there
   * @param mayBeCounted whether the database may hold the change of this id, in which case {@code
   *     base} may count its messages
   * @param lacking how many messages counted by {@code base} the engine lacks, because its header
   *     came first; called at most once, and only if needed
   * @param contents reads the contents of pending messages
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
    this.baseEpoch = header == null ? epoch : header.epoch();
    this.baseVisible = header != null && header.isLive();
    this.baseMessages = baseMessages;
    this.mayBeInBase = mayBeInBase;
    this.mayBeCounted = mayBeCounted;
    this.lacking = lacking;
    this.contents = contents;
  }

  /** The id of the conversation. */
  String id() {
    return id;
  }

  /** The conversation, possibly deleted; null if unknown. */
  public @Nullable ConversationState header() {
    return header;
  }

  /** The live conversation, or null. */
  public @Nullable ConversationState live() {
    return header != null && header.isLive() ? header : null;
  }

  /** Whether the engine is this directory and the conversation has met no database yet. */
  boolean isBaseUnmet() {
    return baseVisible && baseGeneration == ConversationRef.LIVE;
  }

  /** Whether the engine's messages still count. */
  boolean baseVisible() {
    return baseVisible;
  }

  /**
   * The generation that the next change of this conversation names. A pending create may begin a
   * generation when it is sent, whatever is live now: changes queued behind it name none, and learn
   * from its {@link io.conversationstore.spi.Settlement} where it landed. They name the engine's if
   * it is shown: an earlier attempt of the create may have landed in one that has ended since.
   */
  public long target() {
    ConversationState live = live();
    if (live == null) {
      return ConversationRef.LIVE;
    }
    if (followsCreate) {
      // Generations restart with each epoch.
      boolean shown = baseVisible && baseEpoch == createEpoch;
      return ConversationRef.following(shown ? baseGeneration : ConversationRef.LIVE);
    }
    return live.generation();
  }

  /**
   * The epoch that the next change of this conversation names: that of the preceding create, so
   * that an erasure removes both or neither. Behind an erasure it names none.
   */
  public long targetEpoch() {
    if (followsCreate) {
      return createEpoch;
    }
    return erased ? ChangeStamp.PRESENT_EPOCH : epoch;
  }

  /** The owner's epoch in the engine's answer. */
  public long epoch() {
    return epoch;
  }

  /** Whether a pending erasure of the owner has removed it. */
  public boolean erased() {
    return erased;
  }

  /**
   * Whether a generation assigned by the database has ended, given that a pending change made the
   * present conversation. A generation unknown to the engine may be the one that this change joins.
   */
  public boolean ended(long generation) {
    return erased || generation <= baseGeneration;
  }

  /** The heads of pending messages, in order. */
  List<MessageState> tail() {
    List<MessageState> heads = new ArrayList<>(tail.size());
    tail.ids()
        .forEach(messageId -> heads.add(head(messageId, requireNonNull(tail.get(messageId)))));
    return heads;
  }

  /** The ids of pending messages, in order; valid until the next change is added. */
  List<UUID> tailIds() {
    return tail.ids();
  }

  /** Whether a pending message has this id. */
  boolean isPending(@Nullable UUID messageId) {
    return messageId != null && tail.contains(messageId);
  }

  /** The number of pending messages. */
  public int tailSize() {
    return tail.size();
  }

  private MessageState head(UUID messageId, Waiting waiting) {
    ConversationState conversation = requireNonNull(header);
    return new MessageState(
        conversation.owner(),
        id,
        conversation.epoch(),
        conversation.generation(),
        waiting.version(),
        0,
        messageId,
        waiting.digest(),
        new StoredMessage(
            id, messageId, 0, waiting.createdAt(), waiting.editedAt(), unread(waiting.usage())));
  }

  /**
   * The place that a change of a message must name. For a pending message it is that of its append,
   * so that both reach the same conversation or neither does. For one of the database it is its own
   * as it is now, which may be later than the conversation that this view shows, whatever a pending
   * create or erasure before the change will begin.
   */
  public MessagePlace placeOf(UUID messageId, ConversationState live) {
    Waiting waiting = tail.get(messageId);
    return waiting != null
        ? new MessagePlace(waiting.named(), targetEpoch())
        : base(messageId)
            .filter(message -> message.generation() != ConversationRef.LIVE)
            .map(message -> new MessagePlace(message.generation(), message.epoch()))
            .orElse(new MessagePlace(live.generation(), targetEpoch()));
  }

  /** The heads of the engine's messages with pending edits, as they will be. */
  List<MessageState> edited() {
    return changedBase.values().stream().map(Edited::head).toList();
  }

  /** Whether a pending edit changes this message of the engine. */
  boolean isEdited(MessageState message) {
    return changedBase.containsKey(message.messageId());
  }

  /** The number of the engine's messages that are not listed at their place. */
  int hiddenInBase() {
    return deletedBase.size() + heldBack.size();
  }

  /** Whether a message of the engine is listed as pending. */
  boolean isHeldBack(MessageState message) {
    return heldBack.contains(message.messageId());
  }

  /** Whether a message of the engine is deleted. */
  boolean isDeleted(MessageState message) {
    return deletedBase.contains(message.messageId());
  }

  /**
   * A message of the engine as it will be, with its content; null if deleted.
   *
   * @throws PendingContents.MovedException if the edit is no longer pending
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
   * A message of this view with its content, which is read if the view has only its head.
   *
   * @throws PendingContents.MovedException if the message is no longer pending
   */
  public MessageState filled(MessageState head) {
    if (!head.isLive()) {
      return head;
    }
    if (tail.contains(head.messageId())) {
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
   * @throws PendingContents.MovedException if the message is no longer pending
   */
  MessageState pending(UUID messageId) {
    Waiting waiting = requireNonNull(tail.get(messageId));
    Message message =
        heldBack.contains(messageId)
            ? base(messageId)
                .filter(MessageState::isLive)
                .map(state -> state.requireLive().message())
                .orElseGet(() -> contents.message(waiting.append()))
            : contents.message(waiting.append());
    return with(
        head(messageId, waiting),
        waiting.edit() == null ? message : message.withContent(contents.content(waiting.edit())));
  }

  /** Releases contents that were read or are about to be queued. */
  public void clearContents() {
    contents.clear();
  }

  /** A message of either kind, as a head if it has one; empty if absent or deleted. */
  public Optional<MessageState> message(UUID messageId) {
    Waiting waiting = tail.get(messageId);
    if (waiting != null) {
      return Optional.of(head(messageId, waiting));
    }
    return base(messageId)
        .filter(MessageState::isLive)
        .flatMap(message -> Optional.ofNullable(headOverBase(message)));
  }

  /** A message that exists in any form, including deleted ones; as a head if it has one. */
  public Optional<MessageState> existing(UUID messageId) {
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
   * Adds the next change of the queue, as far as it touches this conversation; its head suffices.
   *
   * @throws PendingContents.MovedException if contents to compare are no longer pending
   */
  void add(Change change) {
    add(change, change.id());
  }

  /** Adds a change that is about to be queued, and keeps its contents until it is queued. */
  public void addNew(Change change) {
    contents.keep(change);
    add(change);
  }

  private void add(Change change, UUID sentAs) {
    change.accept(new Addition(sentAs));
  }

  private final class Addition implements Change.Visitor<Void, RuntimeException> {
    private final UUID sentAs;

    Addition(UUID sentAs) {
      this.sentAs = sentAs;
    }

    @Override
    public Void conversationCreated(ConversationCreated create) {
      if (create.conversationId().equals(id) && !isOfErased(create)) {
        followsCreate = true;
        createEpoch = create.stamp().epoch();
        create(create);
      }
      return null;
    }

    @Override
    public Void toConversation(ToConversation change) {
      if (change.ref().id().equals(id) && !isOfErased(change)) {
        addToConversation(change, sentAs);
      }
      return null;
    }

    @Override
    public Void preferencesPut(PreferencesPut put) {
      return null;
    }

    @Override
    public Void ownerErased(OwnerErased erasure) {
      erase(erasure);
      return null;
    }

    @Override
    public Void bulk(Bulk bulk) {
      bulk.changes().forEach(part -> part.accept(this));
      return null;
    }
  }

  /**
   * Whether a change belongs to an epoch that has ended, or that an earlier pending erasure ends:
   * it was sent before that erasure was requested.
   */
  public boolean isOfErased(Change change) {
    return OwnerViews.isOfErased(change, epoch)
        || (change.stamp().epoch() != ChangeStamp.PRESENT_EPOCH
            && change.stamp().epoch() <= endedEpoch);
  }

  private void erase(Change erasure) {
    endedEpoch = Math.max(endedEpoch, erasure.stamp().epoch());
    // If the erasure has already reached the engine, the engine's rows are newer. An erasure not
    // yet sent removes all rows, also those written after an erasure by another node.
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
    earlier.forEach(one -> addToConversation(one.change, one.sentAs));
  }

  /** The conversation that a pending create will make. */
  public static ConversationState made(ConversationCreated create) {
    return Transitions.created(
        create.owner(),
        create.conversation(),
        create.conversationId(),
        Math.max(0, create.stamp().epoch()),
        ConversationRef.LIVE,
        create.stamp().time(),
        create.id());
  }

  /** The conversation and the messages that a pending append will make. */
  public static List<State> made(ConversationCreated create, MessagesAppended append) {
    ConversationState conversation = made(create);
    Live live = conversation.requireLive();
    Instant at = append.stamp().time();
    List<State> states = new ArrayList<>();
    for (NewMessage message : append.messages()) {
      Instant createdAt = Transitions.messageTime(live, message, at);
      live = Transitions.appended(live, createdAt, message.message().usage(), at);
      states.add(
          new MessageState(
              conversation.owner(),
              conversation.id(),
              conversation.epoch(),
              ConversationRef.LIVE,
              1,
              0,
              message.id(),
              message.digest(),
              new StoredMessage(
                  conversation.id(), message.id(), 0, createdAt, null, message.message())));
    }
    states.add(0, conversation.next(live, 0));
    return states;
  }

  private void cut() {
    baseVisible = false;
    tail.clear();
    removedTail.clear();
    changedBase.clear();
    deletedBase.clear();
    heldBack.clear();
    unplaced.clear();
  }

  private void addToConversation(ToConversation change, UUID sentAs) {
    ConversationState conversation = live();
    if (header == null && !erased) {
      place(change, sentAs);
    }
    if (conversation != null && isAbout(change.ref(), conversation)) {
      change.acceptInConversation(new ToLive(conversation, sentAs));
    }
  }

  /** Lays changes over the live conversation. */
  private final class ToLive implements ConversationVisitor<Void, RuntimeException> {
    private final ConversationState conversation;
    private final UUID sentAs;

    ToLive(ConversationState conversation, UUID sentAs) {
      this.conversation = conversation;
      this.sentAs = sentAs;
    }

    @Override
    public Void conversationUpdated(ConversationUpdated change) {
      Instant at = change.stamp().time();
      Live live = conversation.requireLive();
      become(Transitions.updated(live, change.update(), at, ApplyMode.REPLAY));
      return null;
    }

    @Override
    public Void conversationDeleted(ConversationDeleted change) {
      header = conversation.next(null, conversation.lastSeq());
      cut();
      return null;
    }

    @Override
    public Void messagesAppended(MessagesAppended change) {
      Instant at = change.stamp().time();
      for (NewMessage message : change.messages()) {
        Source source = new Source(sentAs, change.id(), message.id());
        if (!change.editExisting() || !overwrite(message, at, source)) {
          append(message, at, source, change.ref().generation());
        }
      }
      return null;
    }

    @Override
    public Void messageEdited(MessageEdited change) {
      Source source = new Source(sentAs, change.id(), change.messageId());
      edit(change.messageId(), change.stamp().time(), source);
      return null;
    }

    @Override
    public Void messageDeleted(MessageDeleted change) {
      message(change.messageId()).ifPresent(PendingView.this::remove);
      return null;
    }
  }

  /** Keeps a change in case a create follows, which then joins the conversation of the change. */
  private void place(ToConversation change, UUID sentAs) {
    if (change instanceof ConversationDeleted) {
      unplaced.clear();
    } else {
      unplaced.add(new Unplaced(change, sentAs));
    }
  }

  /** An unknown generation may be any. */
  private static boolean isAbout(ConversationRef ref, ConversationState conversation) {
    return ConversationRef.isOpen(ref.generation())
        || conversation.generation() == ConversationRef.LIVE
        || ref.generation() == conversation.generation();
  }

  private void edit(UUID messageId, Instant at, Source source) {
    MessageEdit unread = MessageEdit.of(List.of());
    message(messageId)
        .flatMap(
            state -> Optional.ofNullable(Transitions.edited(state, unread, at, ApplyMode.REPLAY)))
        .ifPresent(state -> replace(state, source));
  }

  /** A save over an existing message; false if there is none. A deleted one stays deleted. */
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
        || tail.contains(message.id())) {
      return;
    }
    boolean inBase = mayBeInBase.test(source.change()) && base(message.id()).isPresent();
    if (inBase && !tail.anyAppendedBy(mayBeInBase)) {
      return;
    }
    Live live = conversation.requireLive();
    Instant createdAt = Transitions.messageTime(live, message, at);
    TokenUsage usage = message.message().usage();
    tail.put(
        message.id(),
        new Waiting(1, message.digest(), createdAt, null, usage, generation, source, null));
    if (inBase) {
      heldBack.add(message.id());
    } else if (!isCounted(source.change())) {
      become(Transitions.appended(live, createdAt, usage, at));
    }
  }

  /**
   * Whether the engine's header is assumed to count a message that the engine lacks: the message
   * was sent, its outcome is unknown, and the header counts more messages than exist.
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
              waiting.digest(),
              waiting.createdAt(),
              stored.editedAt(),
              usage,
              waiting.named(),
              waiting.append(),
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
    if (tail.remove(message.messageId())) {
      removedTail.put(message.messageId(), Transitions.deleted(message));
    } else {
      deletedBase.add(message.messageId());
      changedBase.remove(message.messageId());
    }
  }

  private static Message unread(@Nullable TokenUsage usage) {
    return usage == null ? UNREAD : UNREAD.withModel(null).withUsage(usage);
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
