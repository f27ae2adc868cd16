package io.conversationstore.postgres;

import io.conversationstore.ActiveUser;
import io.conversationstore.ConversationQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Provenance;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreFigures;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.StoreStatistics;
import io.conversationstore.TableSize;
import io.conversationstore.internal.StateListeners;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.FeedPage;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.Landing;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The engine: passes each call to the part that handles it. Thread-safe. */
final class PostgresEngine implements PrimaryStore {

  private static final Logger LOG = LoggerFactory.getLogger(PostgresStore.class);

  private final Database database;
  private final Landings landings;
  private final Writes writes;
  private final BatchWrites batches;
  private final Reads reads;
  private final Search search;
  private final Feed feed;
  private final Operations operations;
  private final Jobs jobs;
  private final Health health;
  private final @Nullable String place;
  private final StateListeners listeners = new StateListeners(LOG::warn);

  private PostgresEngine(PostgresOptions options, Database database) {
    PostgresOptions.Values values = options.values();
    Sql sql = new Sql(values.schema);
    this.database = database;
    this.place = options.place();
    this.landings = new Landings(database, sql);
    this.writes = new Writes(database, sql, landings, values.search);
    this.batches = new BatchWrites(database, sql, writes);
    this.reads = new Reads(database, sql, values.clock);
    this.search =
        new Search(
            reads, sql, new TokenIndex(database, sql, reads), values.search, values.rowSecurity);
    this.feed = new Feed(database, sql);
    this.operations = new Operations(database, sql, reads, values.schema);
    this.jobs = new Jobs(database, sql);
    this.health = new Health(database, reads, sql, values.schema);
  }

  static PostgresEngine open(PostgresOptions options, Sleeper sleeper) {
    return open(options, sleeper, SchemaVersions.LIBRARY, false, false);
  }

  /**
   * @param versions the versions of the schema that the library knows
   * @param alone whether the store has no local copy that could wait for a suitable schema
   * @param bound whether data outside the database belongs to a store in the schema
   * @throws StoreConfigurationException if it is alone and the schema was made by a later library
   */
  static PostgresEngine open(
      PostgresOptions options,
      Sleeper sleeper,
      SchemaVersions versions,
      boolean alone,
      boolean bound) {
    Database database = new Database(options.values(), sleeper, versions, bound);
    boolean opened = false;
    try {
      database.start(alone);
      opened = true;
    } finally {
      if (!opened) {
        database.close();
      }
    }
    return new PostgresEngine(options, database);
  }

  @Override
  public Applied apply(Change change, ApplyMode mode) {
    return writes.apply(change, mode);
  }

  @Override
  public List<Applied> applyAll(List<Change> changes) {
    return batches.apply(changes);
  }

  @Override
  public List<Landing> landings(Change change) {
    return landings.of(change);
  }

  @Override
  public boolean recordJoin(Change.ConversationCreated create, long generation) {
    return landings.recordJoin(create, generation);
  }

  @Override
  public Provenance provenanceOf(Applied applied) {
    return reads.provenance();
  }

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
  public Optional<State.MessageState> message(Owner owner, String conversationId, UUID messageId) {
    return reads.message(owner, conversationId, messageId);
  }

  @Override
  public Slice<State.MessageState> history(
      Owner owner, Direction direction, Position.@Nullable InHistory from, int limit) {
    return reads.history(owner, direction, from, limit);
  }

  @Override
  public Slice<State.MessageState> search(
      Owner owner, MessageFilter filter, Position.@Nullable InHistory from, int limit) {
    return search.search(this, owner, filter, from, limit);
  }

  @Override
  public Slice<State.ConversationState> conversations(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from) {
    return reads.conversations(owner, query, from);
  }

  @Override
  public State.PreferencesState preferences(Owner owner) {
    return reads.preferences(owner);
  }

  @Override
  public OwnerCounts count(Owner owner) {
    return reads.count(owner);
  }

  @Override
  public long deleteMessagesBefore(Instant cutoff) {
    return operations.deleteMessagesBefore(cutoff);
  }

  @Override
  public long purgeDeleted(Duration age) {
    return operations.purgeDeleted(age);
  }

  @Override
  public long archiveIdleBefore(Instant cutoff) {
    return operations.archiveIdleBefore(cutoff);
  }

  @Override
  public StoreStatistics statistics(@Nullable String tenantId) {
    return operations.statistics(tenantId);
  }

  @Override
  public List<ActiveUser> activeUsers(String tenantId, Instant since, int limit) {
    return operations.activeUsers(tenantId, since, limit);
  }

  @Override
  public StoreHealth health() {
    database.requireOpen();
    return health.check();
  }

  @Override
  public StoreFigures figures() {
    database.requireOpen();
    return new StoreFigures(database.pool(), List.of());
  }

  @Override
  public List<TableSize> tableSizes() {
    return operations.tableSizes();
  }

  /** The database is always in use; the reason says whether it answered last. */
  @Override
  public StoreState state() {
    database.requireOpen();
    Database.Reachability last = database.reachability();
    return new StoreState(
        StoreState.Mode.ONLINE,
        last.since(),
        last.reason(),
        StoreState.Pending.NONE,
        null,
        null,
        null,
        List.of());
  }

  @Override
  public AutoCloseable onStateChange(Consumer<StoreState> listener) {
    database.requireOpen();
    return listeners.add(listener);
  }

  @Override
  public Handshake handshake(UUID node) {
    return operations.contact(node);
  }

  @Override
  public FeedPage feed(FeedPosition after, int limit) {
    return feed.page(after, limit);
  }

  @Override
  public UUID beginHistory(UUID ended, UUID next) {
    return operations.beginHistory(ended, next);
  }

  @Override
  public long firstGeneration(Owner owner) {
    return reads.firstGeneration(owner);
  }

  @Override
  public @Nullable String place() {
    return place;
  }

  @Override
  public Claim claim(String job, UUID node, Duration interval) {
    return jobs.claim(job, node, interval);
  }

  @Override
  public void renew(String job, UUID node) {
    jobs.renew(job, node);
  }

  @Override
  public List<Erasure> erasuresSince(Instant time) {
    return operations.erasuresSince(time);
  }

  @Override
  public void close() {
    database.close();
  }
}
