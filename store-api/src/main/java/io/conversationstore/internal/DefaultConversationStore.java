package io.conversationstore.internal;

import io.conversationstore.ActiveUser;
import io.conversationstore.AppendCondition;
import io.conversationstore.Appended;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Cursor;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.ForkOrigin;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Page;
import io.conversationstore.ParkedChange;
import io.conversationstore.Preferences;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.RetentionSchedule;
import io.conversationstore.Role;
import io.conversationstore.SearchHit;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreFigures;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreLimits;
import io.conversationstore.StoreOperator;
import io.conversationstore.StoreState;
import io.conversationstore.StoreStatistics;
import io.conversationstore.StoredMessage;
import io.conversationstore.TableSize;
import io.conversationstore.ToolQuery;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.JobClaims;
import io.conversationstore.spi.JobTimer;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.PreferencesState;
import io.conversationstore.spi.StoreEngine;
import io.conversationstore.spi.UuidV7;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The implementation of {@link ConversationStore}: checks input against the limits, makes changes,
 * passes them to an engine, and converts states for the application. Thread-safe.
 */
public final class DefaultConversationStore implements ConversationStore {

  private final StoreEngine engine;
  private final InputChecks checks;
  private final Clock clock;
  private final Supplier<UUID> ids;
  private final UUID node;
  private final StoreOperator operator = new Operations();
  private volatile @Nullable RetentionRuns retention;

  /**
   * @param clock the time of changes if no database assigns it
   * @param ids makes the ids of changes, conversations and messages; see {@link UuidV7}
   * @param node the node that makes the changes
   */
  public DefaultConversationStore(
      StoreEngine engine, StoreLimits limits, Clock clock, Supplier<UUID> ids, UUID node) {
    this.engine = engine;
    this.checks = new InputChecks(limits);
    this.clock = clock;
    this.ids = ids;
    this.node = node;
  }

  /**
   * Runs retention by this schedule, if it is on, until the store is closed. Called at most once,
   * when the store opens.
   *
   * @param claims of all nodes that share the data
   * @param timer of this store alone
   * @param info a log for the results of runs: counts, no data
   * @param warn a log for failures: a text, and the error if it was not expected
   * @return this store
   */
  public DefaultConversationStore withRetention(
      RetentionSchedule schedule,
      JobClaims claims,
      JobTimer timer,
      Consumer<String> info,
      BiConsumer<String, @Nullable Throwable> warn) {
    if (schedule.isOn()) {
      RetentionRuns runs = new RetentionRuns(engine, schedule, claims, timer, node, info, warn);
      retention = runs;
      runs.start();
    }
    return this;
  }

  // Conversations

  @Override
  public Conversation create(Owner owner, NewConversation conversation) {
    return create(owner, conversation, conversation.id() != null);
  }

  @Override
  public Conversation createIfAbsent(Owner owner, NewConversation conversation) {
    return create(owner, conversation, false);
  }

  private Conversation create(Owner owner, NewConversation conversation, boolean strict) {
    NewConversation named = checked(conversation);
    return conversation(apply(new Change.ConversationCreated(stamp(owner), named, strict)));
  }

  /** The conversation with an id. */
  private NewConversation checked(NewConversation conversation) {
    checks.check(conversation);
    return conversation.id() != null ? conversation : conversation.withId(ids.get().toString());
  }

  @Override
  public Optional<Conversation> find(Owner owner, String conversationId) {
    Found found = engine.find(owner, InputChecks.conversationId(conversationId));
    ConversationState live = found.live();
    return live == null ? Optional.empty() : Optional.of(live.toConversation(found.provenance()));
  }

  @Override
  public Page<Conversation> list(Owner owner, ConversationQuery query) {
    Position.InConversations from = Cursors.inConversations(query.cursor());
    Slice<ConversationState> slice = engine.conversations(owner, query, from);
    Cursor cursor = query.cursor();
    if (!slice.items().isEmpty()) {
      ConversationState last = slice.items().get(slice.items().size() - 1);
      cursor =
          Cursors.encode(
              new Position.InConversations(
                  slice.history(), last.requireLive().updatedAt(), last.id()));
    }
    return new Page<>(
        slice.items().stream().map(state -> state.toConversation(slice.provenance())).toList(),
        cursor,
        slice.more(),
        slice.provenance());
  }

  @Override
  public Conversation update(Owner owner, String conversationId, ConversationUpdate update) {
    checks.check(update);
    return conversation(
        apply(new Change.ConversationUpdated(stamp(owner), ref(conversationId), update)));
  }

  @Override
  public boolean delete(Owner owner, String conversationId) {
    try {
      return apply(new Change.ConversationDeleted(stamp(owner), ref(conversationId))).changed();
    } catch (ConversationNotFoundException notThere) {
      return false;
    }
  }

  // Messages

  @Override
  public List<StoredMessage> append(
      Owner owner, String conversationId, List<Message> turn, AppendCondition condition) {
    List<NewMessage> messages = identified(turn);
    return live(
        apply(
            new Change.MessagesAppended(
                stamp(owner), ref(conversationId), messages, condition, false)));
  }

  @Override
  public Appended append(
      Owner owner, NewConversation ifAbsent, List<Message> turn, AppendCondition condition) {
    NewConversation named = checked(ifAbsent);
    List<NewMessage> messages = identified(turn);
    Change.ConversationCreated create = new Change.ConversationCreated(stamp(owner), named, false);
    Applied applied =
        apply(
            Change.Bulk.ofAppend(
                stamp(owner),
                create,
                new Change.MessagesAppended(
                    stamp(owner), ref(create.conversationId()), messages, condition, false)));
    ConversationState header = applied.state(ConversationState.class);
    return new Appended(
        header.toConversation(engine.provenanceOf(applied)),
        live(applied),
        header.createdBy().equals(create.id()),
        applied.changed());
  }

  private List<NewMessage> identified(List<Message> turn) {
    checks.checkTurn(turn);
    List<NewMessage> messages = new ArrayList<>(turn.size());
    Set<UUID> seen = new HashSet<>();
    for (Message message : turn) {
      NewMessage identified =
          NewMessage.of(message.id() != null ? message.id() : ids.get(), message);
      if (!seen.add(identified.id())) {
        throw new IllegalArgumentException(
            "a turn must not contain two messages with the same id, but does: " + identified.id());
      }
      messages.add(identified);
    }
    return messages;
  }

  private static List<StoredMessage> live(Applied applied) {
    return applied
        .states(MessageState.class)
        .filter(MessageState::isLive)
        .map(MessageState::requireLive)
        .toList();
  }

  @Override
  public Page<StoredMessage> messages(Owner owner, String conversationId, MessageQuery query) {
    String id = InputChecks.conversationId(conversationId);
    Position.InConversation from = Cursors.inConversation(query.cursor());
    MessageQuery.Start start = query.start();
    MessageSlice read =
        start == null
            ? engine.messages(owner, id, query.direction(), from, query.limit())
            : engine.messagesFrom(
                owner, id, query.direction(), start.messageId(), start.including(), query.limit());
    Slice<MessageState> slice = read.slice();
    Position.InConversation began = start == null ? from : read.start();
    return new Page<>(
        stored(slice),
        Cursors.encode(Continuations.of(read, query.direction(), began)),
        slice.more(),
        slice.provenance());
  }

  @Override
  public Optional<StoredMessage> findMessage(Owner owner, String conversationId, UUID messageId) {
    return engine
        .message(owner, InputChecks.conversationId(conversationId), messageId)
        .filter(MessageState::isLive)
        .map(MessageState::requireLive);
  }

  @Override
  public Page<StoredMessage> history(Owner owner, MessageQuery query) {
    if (query.start() != null) {
      throw new IllegalArgumentException(
          "a history cannot start at a message, whose id is unique only within its conversation;"
              + " read the conversation, or continue from a cursor");
    }
    Position.InHistory from = Cursors.inHistory(query.cursor());
    Slice<MessageState> slice = engine.history(owner, query.direction(), from, query.limit());
    Position.InHistory next = continuation(slice, query.direction(), from);
    return new Page<>(
        stored(slice),
        next == null ? null : Cursors.encode(next),
        slice.more(),
        slice.provenance());
  }

  private static Position.@Nullable InHistory continuation(
      Slice<MessageState> slice, Direction direction, Position.@Nullable InHistory from) {
    if (slice.next() instanceof Position.InHistory next) {
      return next;
    }
    List<MessageState> items = slice.items();
    if (items.isEmpty()) {
      return from;
    }
    MessageState edge = items.get(direction == Direction.FORWARD ? items.size() - 1 : 0);
    return position(slice.history(), edge, null);
  }

  @Override
  public Page<SearchHit> search(Owner owner, SearchQuery query) {
    MessageFilter.Words filter = InputChecks.words(query);
    Position.InHistory from = Cursors.inHistory(Cursors.SEARCH, query.cursor());
    Slice<MessageState> slice = engine.search(owner, filter, from, query.limit());
    List<SearchHit> hits =
        stored(slice).stream().map(hit -> Snippets.hit(hit, filter.tokens())).toList();
    return new Page<>(
        hits, after(Cursors.SEARCH, slice, query.cursor()), slice.more(), slice.provenance());
  }

  @Override
  public Page<StoredMessage> messagesByTool(Owner owner, ToolQuery query) {
    Position.InHistory from = Cursors.inHistory(Cursors.TOOL, query.cursor());
    Slice<MessageState> slice = engine.search(owner, InputChecks.tool(query), from, query.limit());
    return new Page<>(
        stored(slice),
        after(Cursors.TOOL, slice, query.cursor()),
        slice.more(),
        slice.provenance());
  }

  /** The cursor after the last hit, pending or not. */
  private static @Nullable Cursor after(
      String kind, Slice<MessageState> slice, @Nullable Cursor before) {
    List<MessageState> items = slice.items();
    if (items.isEmpty()) {
      return before;
    }
    MessageState last = items.get(items.size() - 1);
    String overlay = last.seq() == 0 ? last.messageId().toString() : null;
    return Cursors.encode(kind, position(slice.history(), last, overlay));
  }

  private static Position.InHistory position(
      UUID history, MessageState message, @Nullable String overlay) {
    return new Position.InHistory(
        history,
        message.requireLive().createdAt(),
        message.conversationId(),
        message.seq(),
        overlay);
  }

  private static List<StoredMessage> stored(Slice<MessageState> slice) {
    return slice.items().stream().map(MessageState::requireLive).toList();
  }

  @Override
  public StoredMessage edit(Owner owner, String conversationId, UUID messageId, MessageEdit edit) {
    checks.check(edit);
    if (checks.isTooLongForUsers(edit)
        && engine
            .message(owner, InputChecks.conversationId(conversationId), messageId)
            .filter(message -> message.isLive() && message.requireLive().role() == Role.USER)
            .isPresent()) {
      throw checks.tooLongForUsers(edit);
    }
    return apply(new Change.MessageEdited(stamp(owner), ref(conversationId), messageId, edit))
        .state(MessageState.class)
        .requireLive();
  }

  @Override
  public boolean deleteMessage(Owner owner, String conversationId, UUID messageId) {
    return apply(new Change.MessageDeleted(stamp(owner), ref(conversationId), messageId)).changed();
  }

  // Whole conversations

  @Override
  public ConversationDocument read(Owner owner, String conversationId) {
    return new WholeConversation(
            engine,
            owner,
            InputChecks.conversationId(conversationId),
            checks.limits().maxBulkBytes())
        .read();
  }

  @Override
  public void save(Owner owner, List<ConversationDocument> documents) {
    if (documents.isEmpty()) {
      return;
    }
    ChangeStamp stamp = stamp(owner);
    List<Change> changes = new SaveChanges(checks, ids, stamp).of(documents);
    apply(new Change.Bulk(stamp, changes));
  }

  @Override
  public Conversation fork(Owner owner, String conversationId, UUID through, NewConversation fork) {
    String original = InputChecks.conversationId(conversationId);
    NewConversation named = checked(Forks.of(fork, new ForkOrigin(original, through)));
    String id = Objects.requireNonNull(named.id());
    if (fork.id() != null && isKnown(owner, id)) {
      throw new ConversationExistsException(owner, id);
    }
    List<ConversationDocument.Entry> messages =
        new WholeConversation(engine, owner, original, checks.limits().maxBulkBytes())
            .readThrough(through);
    save(owner, ConversationDocument.ofEntries(named, messages));
    return find(owner, id).orElseThrow(() -> new ConversationNotFoundException(owner, id));
  }

  private boolean isKnown(Owner owner, String conversationId) {
    try {
      return find(owner, conversationId).isPresent();
    } catch (UnknownWhileOfflineException notHere) {
      return false;
    }
  }

  /**
   * Applies a change made elsewhere, with its own times. For takeovers of files; the maker of the
   * change checks the input.
   *
   * @return the result; parts that no longer apply are dropped, see {@link ApplyMode#REPLAY}
   */
  public Applied replay(Change change) {
    return engine.apply(change, ApplyMode.REPLAY);
  }

  /** The node that makes the changes. */
  public UUID node() {
    return node;
  }

  // The owner

  @Override
  public Preferences preferences(Owner owner) {
    return shown(owner, engine.preferences(owner));
  }

  @Override
  public Preferences updatePreferences(Owner owner, PreferencesUpdate update) {
    Applied applied = apply(new Change.PreferencesPut(stamp(owner), update, ConversationRef.LIVE));
    return shown(owner, applied.state(PreferencesState.class));
  }

  /** A preference reads as empty unless the generation it points to is live. */
  private Preferences shown(Owner owner, PreferencesState state) {
    String active = state.activeConversation();
    if (active == null) {
      return state.toPreferences(false);
    }
    ConversationState live = engine.find(owner, active).live();
    // A pending preference may have no known generation yet: it means the live one.
    long generation = state.activeGeneration();
    return state.toPreferences(
        live != null && (generation == ConversationRef.LIVE || live.generation() == generation));
  }

  @Override
  public OwnerCounts count(Owner owner) {
    return engine.count(owner);
  }

  @Override
  public ErasureReceipt erase(Owner owner) {
    return Objects.requireNonNull(
        apply(new Change.OwnerErased(stamp(owner))).receipt(), "the erasure returned no receipt");
  }

  // The store

  @Override
  public StoreOperator operator() {
    return operator;
  }

  @Override
  public StoreState state() {
    return engine.state();
  }

  @Override
  public AutoCloseable onStateChange(Consumer<StoreState> listener) {
    return engine.onStateChange(listener);
  }

  @Override
  public void close() {
    RetentionRuns runs = retention;
    if (runs == null) {
      engine.close();
      return;
    }
    runs.stop();
    try {
      // Ends a run in progress.
      engine.close();
    } finally {
      runs.awaitEnd();
    }
  }

  private Applied apply(Change change) {
    return engine.apply(change, ApplyMode.LIVE);
  }

  private ChangeStamp stamp(Owner owner) {
    return new ChangeStamp(ids.get(), owner, ChangeStamp.PRESENT_EPOCH, now(), node);
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  private static ConversationRef ref(String conversationId) {
    return ConversationRef.live(InputChecks.conversationId(conversationId));
  }

  private Conversation conversation(Applied applied) {
    return applied.state(ConversationState.class).toConversation(engine.provenanceOf(applied));
  }

  /** The operator's side. */
  private final class Operations implements StoreOperator {

    @Override
    public List<ParkedChange> parked() {
      return engine.parkedChanges();
    }

    @Override
    public boolean retryParked(UUID changeId) {
      return engine.retryParked(changeId);
    }

    @Override
    public boolean discardParked(UUID changeId) {
      return engine.discardParked(changeId);
    }

    @Override
    public long deleteMessagesOlderThan(Duration age) {
      return engine.deleteMessagesBefore(now().minus(requireAge("age", age)));
    }

    @Override
    public long purgeDeleted(Duration age) {
      return engine.purgeDeleted(requireAge("age", age));
    }

    @Override
    public long archiveIdle(Duration idle) {
      return engine.archiveIdleBefore(now().minus(requireAge("idle", idle)));
    }

    @Override
    public StoreStatistics statistics(@Nullable String tenantId) {
      return engine.statistics(tenantId);
    }

    @Override
    public List<ActiveUser> activeUsers(String tenantId, Duration window, int limit) {
      InputChecks.limit(limit);
      return engine.activeUsers(tenantId, now().minus(requireAge("window", window)), limit);
    }

    @Override
    public StoreHealth health() {
      return engine.health();
    }

    @Override
    public StoreFigures figures() {
      return engine.figures();
    }

    @Override
    public List<TableSize> tableSizes() {
      return engine.tableSizes();
    }

    private static Duration requireAge(String name, Duration duration) {
      if (duration.isNegative() || duration.compareTo(StoreOperator.LONGEST_AGE) > 0) {
        throw new IllegalArgumentException(
            name
                + " must be 0 to "
                + StoreOperator.LONGEST_AGE.toDays()
                + " days, but was "
                + duration);
      }
      return duration;
    }
  }
}
