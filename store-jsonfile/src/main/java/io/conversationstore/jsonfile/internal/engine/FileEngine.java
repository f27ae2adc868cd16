package io.conversationstore.jsonfile.internal.engine;

import io.conversationstore.ActiveUser;
import io.conversationstore.ConversationQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Provenance;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.StoreStatistics;
import io.conversationstore.internal.StateListeners;
import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.internal.apply.Contents;
import io.conversationstore.jsonfile.internal.apply.LinePayloads;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.EncodedChange;
import io.conversationstore.jsonfile.internal.format.LineOutline;
import io.conversationstore.jsonfile.internal.format.Manifest;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.PendingQueue;
import io.conversationstore.jsonfile.internal.index.SharedIndex;
import io.conversationstore.jsonfile.internal.log.LogTail;
import io.conversationstore.jsonfile.internal.log.LogThread;
import io.conversationstore.jsonfile.internal.log.LogWrites;
import io.conversationstore.jsonfile.internal.log.RecoveredLog;
import io.conversationstore.jsonfile.internal.maintenance.Maintenance;
import io.conversationstore.jsonfile.internal.maintenance.Overwrites;
import io.conversationstore.jsonfile.internal.recovery.Recovery;
import io.conversationstore.jsonfile.internal.recovery.Repair;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.SearchScan;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Conversations in the files of one directory: an index in memory, contents on disk, one writing
 * thread. Thread-safe.
 *
 * <p>After a crash, every acknowledged write is there, within the limits of {@link Durability}. An
 * unacknowledged write is there in full or not at all.
 */
public final class FileEngine implements LocalStore {
  private static final Logger LOG = LoggerFactory.getLogger(FileEngine.class);

  /** The reason for parking an unreadable change. */
  private static final String UNREADABLE =
      "it cannot be read; its line was moved to a file damaged-*, see the health of the store";

  private final LogFiles files;
  private final AutoCloseable lock;
  private final JsonFileOptions options;
  private final Segments segments;
  private final Contents contents;
  private final SharedIndex shared;
  private final LogTail tail;
  private final LogWrites writes;
  private final LogThread thread;
  private final Maintenance housekeeping;
  private final Reads reads;
  private final MirrorRows mirrorRows;
  private final MirrorScope scope;
  private final Retention retention;
  private final FileStatus figures;
  private final AtomicBoolean closing = new AtomicBoolean();

  /** Unreadable pending changes, each with the reason. */
  private final Map<UUID, String> unreadable = new ConcurrentHashMap<>();

  private final StateListeners listeners = new StateListeners(LOG::warn);

  private FileEngine(
      LogFiles files,
      AutoCloseable lock,
      JsonFileOptions options,
      Segments segments,
      Contents contents,
      RecoveredLog end,
      Manifest manifest) {
    this.files = files;
    this.lock = lock;
    this.options = options;
    this.segments = segments;
    this.contents = contents;
    this.shared = new SharedIndex(end.index(), manifest);
    this.tail = new LogTail(files, segments, options.segmentBytes(), this::segmentBegun);
    this.writes = new LogWrites(files, contents, shared, tail, options.clock());
    this.thread =
        new LogThread(
            tail,
            options.durability(),
            options.syncInterval(),
            options.queueBytes(),
            work -> files.newThread(work, "conversation-log-" + options.directory().getFileName()));
    this.housekeeping = new Maintenance(files, segments, contents, shared, tail, thread, options);
    this.reads = new Reads(shared, contents, options.clock());
    this.mirrorRows = new MirrorRows(shared, contents, null);
    this.scope = new MirrorScope(shared, writes, thread, this::requireMirror);
    this.retention = new Retention(shared, writes, thread, options);
    this.figures =
        new FileStatus(files, segments, shared, tail, options.clock(), housekeeping::textLeft);
  }

  /**
   * Opens the files.
   *
   * @param lock closed with the engine, but not if this call fails
   */
  public static FileEngine open(LogFiles files, AutoCloseable lock, JsonFileOptions options)
      throws IOException {
    return open(files, lock, options, false);
  }

  /**
   * Opens the files.
   *
   * @param shared whether another process may still have the last segment open; it is not written
   *     to
   */
  public static FileEngine open(
      LogFiles files, AutoCloseable lock, JsonFileOptions options, boolean shared)
      throws IOException {
    Manifest manifest = Manifest.readOrMake(files, options.ids());
    files.unshare();
    Overwrites.finish(files);
    while (true) {
      Segments segments = new Segments(files.describe());
      boolean opened = false;
      try {
        Contents contents = new Contents(segments, options.cacheBytes());
        RecoveredLog end = new Recovery(files, manifest, segments, contents).run();
        FileEngine engine = new FileEngine(files, lock, options, segments, contents, end, manifest);
        engine.start(end, shared);
        opened = true;
        return engine;
      } catch (Recovery.UnusableLinesException e) {
        // Terminates: each round sets aside the lines that could not be applied, so fewer lines are
        // left.
        manifest = Repair.setAside(files, manifest, e.lines(), options);
      } finally {
        if (!opened) {
          segments.close();
        }
      }
    }
  }

  private void start(RecoveredLog end, boolean endsSegment) throws IOException {
    tail.start(end, shared.manifest().firstSegment());
    if (endsSegment) {
      tail.endSegment();
    }
    try {
      thread.start();
      resetMirrorIfDue();
      housekeeping.start(end.replayed());
      parkUnreadable();
      eraseDue();
    } catch (RuntimeException | Error e) {
      stopThreads(e);
      throw e;
    }
  }

  private void eraseDue() {
    try {
      housekeeping.erase();
    } catch (EngineFailureException | StoreDamagedException e) {
      LOG.error("Erased text is still in {}; the erasure is retried later", files.describe(), e);
    }
  }

  private void stopThreads(Throwable cause) {
    try {
      housekeeping.close();
      thread.close();
    } catch (RuntimeException | Error e) {
      cause.addSuppressed(e);
    }
  }

  /** The database delivers again the mirror rows that a repair removed. */
  private void resetMirrorIfDue() {
    if (shared.manifest().mirrorDue()) {
      resetMirror(false);
      thread.call(
          LogThread.Wait.FORCED, () -> writes.remember(shared.manifest().withMirrorBegun()));
    }
  }

  /** Parks pending changes whose lines were set aside, for an operator to review and discard. */
  private void parkUnreadable() {
    List<UUID> unreadable = shared.read(index -> index.pending().withoutContent());
    if (unreadable.isEmpty()) {
      return;
    }
    Instant now = Micros.truncated(options.clock().instant());
    List<Settlement> parked =
        unreadable.stream()
            .map(id -> Settlement.of(id, Settlement.Kind.PARKED, UNREADABLE, now))
            .toList();
    try {
      thread.call(LogThread.Wait.FORCED, () -> writes.settle(parked));
    } catch (EngineFailureException e) {
      LOG.error(
          "Unreadable changes in {} could not be settled and stay pending", files.describe(), e);
    }
  }

  private void segmentBegun(int segment) {
    writes.noteSegment(segment);
    housekeeping.segmentBegun();
  }

  @Override
  public long fileBytes() {
    return thread.call(LogThread.Wait.WRITTEN, tail::bytes) + housekeeping.checkpointBytes();
  }

  @Override
  public FileSpace fileSpace() {
    long checkpoint = housekeeping.checkpointBytes();
    return thread.call(
        LogThread.Wait.WRITTEN,
        () ->
            new FileSpace(
                tail.bytes() + checkpoint,
                shared.forLogThread().usefulBytes() + checkpoint,
                files.usableBytes()));
  }

  @Override
  public Future<?> collectGarbage() {
    return housekeeping.collect();
  }

  /** Collects all garbage and returns when that is done. */
  public void compact() {
    housekeeping.compactNow();
  }

  JsonFileOptions options() {
    return options;
  }

  // Without a database

  @Override
  public Applied apply(Change change, ApplyMode mode) {
    shared.requireOpen();
    EncodedChange encoded = EncodedChange.of(change);
    LogThread.Wait wait =
        change instanceof Change.OwnerErased ? LogThread.Wait.FORCED : LogThread.Wait.SETTING;
    Applied applied =
        thread.call(
            wait,
            encoded.json().length,
            () -> {
              if (shared.manifest().storeId() != null) {
                throw new IllegalStateException(
                    "apply is not possible: "
                        + files.describe()
                        + " is bound to a database and only mirrors it");
              }
              return writes.apply(encoded, mode);
            });
    if (change instanceof Change.OwnerErased) {
      housekeeping.erase();
    }
    return applied;
  }

  @Override
  public Provenance provenanceOf(Applied applied) {
    return reads.provenance();
  }

  @Override
  public long deleteMessagesBefore(Instant cutoff) {
    requireAlone();
    return retention.deleteMessagesBefore(cutoff);
  }

  @Override
  public long archiveIdleBefore(Instant cutoff) {
    requireAlone();
    return retention.archiveIdleBefore(cutoff);
  }

  private void requireAlone() {
    shared.requireOpen();
    if (shared.manifest().storeId() != null) {
      throw new EngineFailureException(
          FailureKind.UNAVAILABLE, false, "this call needs the database", null);
    }
  }

  // Reads

  @Override
  public Found find(Owner owner, String conversationId) {
    return reads.find(owner, conversationId);
  }

  @Override
  public MessageSlice messages(
      Owner owner,
      String conversationId,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit) {
    return reads.messages(owner, conversationId, direction, from, limit);
  }

  @Override
  public MessageSlice messagesFrom(
      Owner owner,
      String conversationId,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit) {
    return reads.messagesFrom(owner, conversationId, direction, messageId, including, limit);
  }

  @Override
  public Optional<MessageState> message(Owner owner, String conversationId, UUID messageId) {
    return reads.message(owner, conversationId, messageId);
  }

  @Override
  public Slice<MessageState> history(
      Owner owner, Direction direction, Position.@Nullable InHistory from, int limit) {
    return reads.history(owner, direction, from, limit);
  }

  @Override
  public Slice<MessageState> search(
      Owner owner, MessageFilter filter, Position.@Nullable InHistory from, int limit) {
    return SearchScan.search(this, owner, filter, from, limit);
  }

  @Override
  public Slice<ConversationState> conversations(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from) {
    return reads.conversations(owner, query, from);
  }

  @Override
  public PreferencesState preferences(Owner owner) {
    return reads.preferences(owner);
  }

  @Override
  public OwnerCounts count(Owner owner) {
    return reads.count(owner);
  }

  @Override
  public StoreStatistics statistics(@Nullable String tenantId) {
    return reads.statistics(tenantId);
  }

  @Override
  public List<ActiveUser> activeUsers(String tenantId, Instant since, int limit) {
    return reads.activeUsers(tenantId, since, limit);
  }

  // Bound to a database

  @Override
  public Identity identity() {
    return shared.read(
        index -> {
          Manifest manifest = shared.manifest();
          return new Identity(
              manifest.node(),
              manifest.storeId(),
              manifest.presentHistory(),
              manifest.counter(),
              manifest.clockOffsetMicros(),
              index.position(),
              FileStatus.asOf(index),
              manifest.database(),
              manifest.place());
        });
  }

  @Override
  public void remember(Handshake contact, long clockOffsetMicros) {
    thread.call(
        LogThread.Wait.FORCED,
        () -> {
          Manifest manifest = shared.manifest();
          UUID bound = manifest.storeId();
          if (bound != null && !bound.equals(contact.storeId())) {
            throw new IllegalStateException(
                files.describe()
                    + " is bound to the database with the store id "
                    + bound
                    + ", not to "
                    + contact.storeId());
          }
          if (bound == null && shared.forLogThread().standaloneContent()) {
            throw new IllegalStateException(
                files.describe()
                    + " contains changes that were applied without a database, and no database was"
                    + " announced");
          }
          return writes.remember(manifest.withContact(contact, clockOffsetMicros));
        });
  }

  @Override
  public void mirror(
      List<? extends State> states, @Nullable FeedPosition position, @Nullable Instant asOf) {
    mirror(states, (present, rows) -> writes.mirror(present, rows, position, asOf));
  }

  @Override
  public void mirror(List<? extends State> states) {
    mirror(states, writes::mirrorOwn);
  }

  /** Writes states to the mirror. */
  private interface Mirroring {
    void put(List<State> states, List<byte[]> rows) throws IOException;
  }

  private void mirror(List<? extends State> states, Mirroring mirroring) {
    List<State> copy = List.copyOf(states);
    List<byte[]> rows = copy.stream().map(LinePayloads::row).toList();
    thread.call(
        LogThread.Wait.WRITTEN,
        rows.stream().mapToLong(row -> row.length).sum(),
        () -> {
          requireMirror();
          mirroring.put(copy, rows);
          return true;
        });
    housekeeping.erase();
  }

  @Override
  public void resetMirror(boolean keep) {
    thread.call(
        LogThread.Wait.SETTING,
        () -> {
          requireMirror();
          return writes.resetMirror(keep);
        });
  }

  @Override
  public void rememberPlace(String place) {
    if (!place.equals(shared.manifest().place())) {
      thread.call(LogThread.Wait.FORCED, () -> writes.remember(shared.manifest().withPlace(place)));
    }
  }

  @Override
  public Unmet unmet() {
    return shared.read(
        index -> {
          boolean all = index.standaloneContent();
          long owners = 0;
          long conversations = 0;
          long messages = 0;
          for (OwnerRows owner : index.owners()) {
            long before = conversations;
            for (ConversationRows rows : owner.conversations().values()) {
              if (all ? rows.isLive() : rows.isUnmet()) {
                conversations++;
                messages += rows.liveMessages();
              }
            }
            owners += conversations > before ? 1 : 0;
          }
          return new Unmet(owners, conversations, messages);
        });
  }

  @Override
  public void awaitDatabase() {
    if (!shared.read(Index::standaloneContent)) {
      // A disk that refuses writes must not prevent a node from starting.
      return;
    }
    housekeeping.erase();
    thread.call(LogThread.Wait.FORCED, writes::becomeUnmet);
  }

  @Override
  public void met(List<Met> conversations) {
    List<Met> copy = List.copyOf(conversations);
    List<byte[]> headers = copy.stream().map(met -> LinePayloads.row(met.header())).toList();
    thread.call(
        LogThread.Wait.WRITTEN,
        headers.stream().mapToLong(header -> header.length).sum(),
        () -> {
          requireMirror();
          return writes.met(copy, headers);
        });
    boolean erasedElsewhere = copy.stream().anyMatch(met -> met.header().epoch() > 0);
    if (erasedElsewhere && shared.read(Index::hasFormerEpochs)) {
      housekeeping.compactNow();
    }
    housekeeping.erase();
  }

  @Override
  public void forgetUnmet(Owner owner, List<String> conversationIds) {
    List<Mirrored> unmet =
        conversationIds.stream()
            .map(id -> new Mirrored(owner, id, shared.read(index -> index.epoch(owner)), 0))
            .toList();
    thread.call(LogThread.Wait.FORCED, () -> writes.forget(unmet));
    housekeeping.compactNow();
  }

  @Override
  public boolean lacksMessages(Owner owner, String conversationId) {
    return scope.lacksMessages(owner, conversationId);
  }

  @Override
  public List<ConversationState> lacking(Instant since, int limit) {
    return scope.lacking(since, limit);
  }

  @Override
  public Coverage evict(Instant idleSince, long maxBytes, Steps steps) {
    return scope.evict(idleSince, maxBytes, steps);
  }

  @Override
  public void giveUp(List<Mirrored> conversations) {
    scope.evict(conversations);
  }

  @Override
  public void markIncomplete(List<Mirrored> conversations) {
    scope.markIncomplete(conversations);
  }

  @Override
  public void markWhole(Mirrored conversation) {
    scope.whole(conversation);
  }

  @Override
  public void renewNode(UUID node) {
    thread.call(LogThread.Wait.FORCED, () -> writes.remember(shared.manifest().withNode(node)));
  }

  @Override
  public List<OwnerState> mirroredOwners() {
    return mirrorRows.mirroredOwners();
  }

  @Override
  public List<String> mirroredConversations(Owner owner) {
    return mirrorRows.mirroredConversations(owner);
  }

  @Override
  public Optional<ConversationState> mirroredConversation(Owner owner, String conversationId) {
    return mirrorRows.mirroredConversation(owner, conversationId);
  }

  @Override
  public List<FormerMirror> formerMirrors() {
    return shared.read(index -> List.copyOf(index.formerMirrors())).stream()
        .map(
            former ->
                new FormerMirror(
                    former.mirrorAsOfMicros() == MessageRow.NEVER
                        ? null
                        : Micros.instant(former.mirrorAsOfMicros()),
                    new MirrorRows(shared, contents, former)))
        .toList();
  }

  @Override
  public List<MessageState> mirroredMessages(
      Owner owner, String conversationId, long afterSeq, int limit) {
    return mirrorRows.mirroredMessages(owner, conversationId, afterSeq, limit);
  }

  @Override
  public Optional<MirroredMessage> mirroredAt(Owner owner, String conversationId, long seq) {
    return mirrorRows.at(owner, conversationId, seq);
  }

  /** Changes applied without a database are not a mirror, and must not be lost. */
  private void requireMirror() {
    if (shared.forLogThread().standaloneContent()) {
      throw new IllegalStateException(
          files.describe()
              + " contains changes that were applied without a database, and no database was"
              + " announced");
    }
  }

  @Override
  public Removed enqueue(Change change) {
    byte[] json = LinePayloads.change(change);
    Removed removed =
        thread.call(LogThread.Wait.FORCED, json.length, () -> writes.enqueue(change, json));
    if (change instanceof Change.OwnerErased) {
      housekeeping.erase();
    }
    return removed;
  }

  @Override
  public boolean hasPending() {
    return shared.read(index -> !index.pending().isEmpty());
  }

  @Override
  public boolean hasPending(Owner owner, String conversationId) {
    return shared.read(index -> index.pending().covers(owner, conversationId));
  }

  @Override
  public boolean hasPending(Owner owner) {
    return shared.read(index -> index.pending().covers(owner));
  }

  @Override
  public List<Owner> pendingOwners() {
    return shared.read(index -> index.pending().owners());
  }

  @Override
  public List<Change> pending(Owner owner) {
    return changes(index -> List.copyOf(index.pending().of(owner)));
  }

  @Override
  public List<Change> pending(Owner owner, String conversationId) {
    return changes(index -> index.pending().of(owner, conversationId));
  }

  @Override
  public List<Change> pending(int max, long maxBytes) {
    return changes(index -> index.pending().first(max, maxBytes));
  }

  @Override
  public List<Change> pendingHeads(Owner owner) {
    return heads(index -> List.copyOf(index.pending().of(owner)));
  }

  @Override
  public List<Change> pendingHeads(Owner owner, String conversationId) {
    return heads(index -> index.pending().of(owner, conversationId));
  }

  private List<Change> heads(Function<Index, List<PendingQueue.Entry>> selection) {
    LineOutline.Owners owners = new LineOutline.Owners();
    // A head may be readable although its content is not: such a change is left out here too.
    return changes(
        selection,
        entry -> unreadable.containsKey(entry.id()) ? null : contents.head(entry, owners),
        PackedHeads::new);
  }

  @Override
  public Optional<Change> pendingChange(UUID changeId) {
    return changes(
            index -> {
              PendingQueue.Entry entry = index.pending().pending(changeId);
              return entry == null ? List.of() : List.of(entry);
            })
        .stream()
        .findFirst();
  }

  @Override
  public boolean hasPendingErasure(Owner owner) {
    return shared.read(index -> index.pending().erases(owner));
  }

  /** Reads a change of the queue; null leaves the change out. */
  private interface Loading {
    @Nullable Change load(PendingQueue.Entry entry) throws IOException;
  }

  private List<Change> changes(Function<Index, List<PendingQueue.Entry>> selection) {
    return changes(selection, contents::change, ArrayList::new);
  }

  private List<Change> changes(
      Function<Index, List<PendingQueue.Entry>> selection,
      Loading loading,
      Supplier<List<Change>> list) {
    return Reads.retrying(
        () -> {
          List<Change> changes = list.get();
          for (PendingQueue.Entry entry : shared.read(selection)) {
            Change change = change(entry, loading);
            if (change != null) {
              changes.add(change);
            }
          }
          return changes;
        });
  }

  /** Null if it cannot be read; the change is then recorded as unreadable. */
  private @Nullable Change change(PendingQueue.Entry entry, Loading loading) throws IOException {
    try {
      return loading.load(entry);
    } catch (StoreDamagedException e) {
      // The change may have been erased or moved since: it is damaged only if its place is
      // unchanged.
      PendingQueue.Entry present =
          shared.readNullable(index -> index.pending().pending(entry.id()));
      if (present == null || !present.place().equals(entry.place())) {
        throw e;
      }
      unreadable.put(entry.id(), String.valueOf(e.getMessage()));
      LOG.debug("Change {} is unreadable", entry.id(), e);
      return null;
    }
  }

  @Override
  public List<StoreState.Rejected> unreadable() {
    if (unreadable.isEmpty()) {
      return List.of();
    }
    Instant now = Micros.truncated(options.clock().instant());
    return shared.read(
        index -> {
          unreadable.keySet().removeIf(id -> !index.pending().contains(id));
          List<StoreState.Rejected> found = new ArrayList<>();
          unreadable.forEach(
              (id, reason) -> {
                PendingQueue.Entry entry = index.pending().pending(id);
                if (entry != null) {
                  found.add(PendingQueue.rejected(entry, reason, now));
                }
              });
          return found;
        });
  }

  @Override
  public void settle(List<Settlement> settlements) {
    if (!settlements.isEmpty()) {
      List<Settlement> copy = List.copyOf(settlements);
      thread.call(LogThread.Wait.FORCED, () -> writes.settle(copy));
      housekeeping.erase();
    }
  }

  @Override
  public StoreState.Pending pendingFigures() {
    return shared.read(index -> index.pending().figures());
  }

  @Override
  public List<StoreState.Rejected> parked() {
    return shared.read(
        index -> index.pending().parked().stream().map(PendingQueue.Parked::toRejected).toList());
  }

  @Override
  public List<UUID> parkedOfErased() {
    return shared.read(
        index ->
            index.pending().parked().stream()
                .map(PendingQueue.Parked::entry)
                .filter(entry -> entry.isOlderThan(index.epoch(entry.owner())))
                .map(PendingQueue.Entry::id)
                .toList());
  }

  @Override
  public Optional<Change> parkedChange(UUID changeId) {
    return Reads.retrying(
        () -> {
          PendingQueue.Entry entry = shared.readNullable(index -> index.pending().parked(changeId));
          return entry == null ? Optional.empty() : Optional.of(contents.change(entry));
        });
  }

  @Override
  public StoreHealth health() {
    return figures.health();
  }

  @Override
  public StoreState state() {
    return figures.state();
  }

  @Override
  public AutoCloseable onStateChange(Consumer<StoreState> listener) {
    return listeners.add(listener);
  }

  @Override
  public void close() {
    if (!closing.compareAndSet(false, true)) {
      return;
    }
    try {
      housekeeping.close();
      thread.close(writes::noteEnd);
    } finally {
      shared.close();
      segments.close();
      contents.forgetAll();
      try {
        lock.close();
      } catch (Exception e) {
        LOG.warn("The lock of {} could not be released", files.describe(), e);
      }
    }
  }
}
