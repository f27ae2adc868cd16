package io.conversationstore.postgres;

import io.conversationstore.ActiveUser;
import io.conversationstore.ConversationQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.ParkedChange;
import io.conversationstore.Provenance;
import io.conversationstore.StoreFigures;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.StoreStatistics;
import io.conversationstore.TableSize;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.EngineFailureException;
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
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Measures the calls of an engine and logs slow ones: the kind of call, its duration and its
 * outcome, but no data of an owner. Thread-safe.
 */
final class TimedEngine implements PrimaryStore {

  private final PrimaryStore engine;
  private final long thresholdNanos;
  private final LongSupplier nanos;
  private final Consumer<String> log;
  private final CallTimes times = new CallTimes();

  /**
   * @param threshold calls that take this long or longer are logged; zero logs none
   * @param nanos a clock like {@link System#nanoTime()}
   */
  TimedEngine(PrimaryStore engine, Duration threshold, LongSupplier nanos, Consumer<String> log) {
    this.engine = engine;
    this.thresholdNanos = threshold.isZero() ? Long.MAX_VALUE : threshold.toNanos();
    this.nanos = nanos;
    this.log = log;
  }

  private <T> T timed(String call, Supplier<T> work) {
    return timed(call, call, work);
  }

  private <T> T timed(String kind, String call, Supplier<T> work) {
    long start = nanos.getAsLong();
    String end = "done";
    boolean failed = false;
    try {
      return work.get();
    } catch (RuntimeException | Error e) {
      end = end(e);
      failed = e instanceof EngineFailureException;
      throw e;
    } finally {
      long taken = nanos.getAsLong() - start;
      times.add(kind, taken, failed);
      if (taken >= thresholdNanos) {
        log.accept("Slow call: " + call + ", " + taken / 1_000_000 + " ms, " + end);
      }
    }
  }

  /** The SQLSTATE if there is one, else the class of the exception. */
  private static String end(Throwable e) {
    return e instanceof EngineFailureException && e.getCause() instanceof SQLException sql
        ? "failed with SQLSTATE " + Failures.state(sql)
        : "failed with " + e.getClass().getSimpleName();
  }

  @Override
  public Applied apply(Change change, ApplyMode mode) {
    return timed(change.getClass().getSimpleName(), () -> engine.apply(change, mode));
  }

  @Override
  public List<Applied> applyAll(List<Change> changes) {
    return timed("batch", "batch of " + changes.size(), () -> engine.applyAll(changes));
  }

  @Override
  public List<Landing> landings(Change change) {
    return timed("landings", () -> engine.landings(change));
  }

  @Override
  public boolean recordJoin(Change.ConversationCreated create, long generation) {
    return timed("recordJoin", () -> engine.recordJoin(create, generation));
  }

  @Override
  public Provenance provenanceOf(Applied applied) {
    return engine.provenanceOf(applied);
  }

  @Override
  public Found find(Owner owner, String conversationId) {
    return timed("find", () -> engine.find(owner, conversationId));
  }

  @Override
  public MessageSlice messages(
      Owner owner,
      String conversationId,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit) {
    return timed("messages", () -> engine.messages(owner, conversationId, direction, from, limit));
  }

  @Override
  public MessageSlice messagesFrom(
      Owner owner,
      String conversationId,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit) {
    return timed(
        "messages",
        () -> engine.messagesFrom(owner, conversationId, direction, messageId, including, limit));
  }

  @Override
  public Optional<State.MessageState> message(Owner owner, String conversationId, UUID messageId) {
    return timed("message", () -> engine.message(owner, conversationId, messageId));
  }

  @Override
  public Slice<State.MessageState> history(
      Owner owner, Direction direction, Position.@Nullable InHistory from, int limit) {
    return timed("history", () -> engine.history(owner, direction, from, limit));
  }

  @Override
  public Slice<State.MessageState> search(
      Owner owner, MessageFilter filter, Position.@Nullable InHistory from, int limit) {
    return timed("search", () -> engine.search(owner, filter, from, limit));
  }

  @Override
  public Slice<State.ConversationState> conversations(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from) {
    return timed("conversations", () -> engine.conversations(owner, query, from));
  }

  @Override
  public State.PreferencesState preferences(Owner owner) {
    return timed("preferences", () -> engine.preferences(owner));
  }

  @Override
  public OwnerCounts count(Owner owner) {
    return timed("count", () -> engine.count(owner));
  }

  @Override
  public long deleteMessagesBefore(Instant cutoff) {
    return timed("deleteMessagesBefore", () -> engine.deleteMessagesBefore(cutoff));
  }

  @Override
  public long purgeDeleted(Duration age) {
    return timed("purgeDeleted", () -> engine.purgeDeleted(age));
  }

  @Override
  public long archiveIdleBefore(Instant cutoff) {
    return timed("archiveIdleBefore", () -> engine.archiveIdleBefore(cutoff));
  }

  @Override
  public StoreStatistics statistics(@Nullable String tenantId) {
    return timed("statistics", () -> engine.statistics(tenantId));
  }

  @Override
  public List<ActiveUser> activeUsers(String tenantId, Instant since, int limit) {
    return timed("activeUsers", () -> engine.activeUsers(tenantId, since, limit));
  }

  @Override
  public StoreHealth health() {
    return timed("health", engine::health);
  }

  @Override
  public StoreFigures figures() {
    return new StoreFigures(engine.figures().pool(), times.figures());
  }

  @Override
  public List<TableSize> tableSizes() {
    return timed("tableSizes", engine::tableSizes);
  }

  @Override
  public List<ParkedChange> parkedChanges() {
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
  public StoreState state() {
    return engine.state();
  }

  @Override
  public AutoCloseable onStateChange(Consumer<StoreState> listener) {
    return engine.onStateChange(listener);
  }

  @Override
  public Handshake handshake(UUID node) {
    return timed("handshake", () -> engine.handshake(node));
  }

  @Override
  public FeedPage feed(FeedPosition after, int limit) {
    return timed("feed", () -> engine.feed(after, limit));
  }

  @Override
  public UUID beginHistory(UUID ended, UUID next) {
    return timed("beginHistory", () -> engine.beginHistory(ended, next));
  }

  @Override
  public long firstGeneration(Owner owner) {
    return timed("firstGeneration", () -> engine.firstGeneration(owner));
  }

  @Override
  public @Nullable String place() {
    return engine.place();
  }

  @Override
  public List<Erasure> erasuresSince(Instant time) {
    return timed("erasuresSince", () -> engine.erasuresSince(time));
  }

  @Override
  public Claim claim(String job, UUID node, Duration interval) {
    return timed("claim", () -> engine.claim(job, node, interval));
  }

  @Override
  public void renew(String job, UUID node) {
    timed(
        "renew",
        () -> {
          engine.renew(job, node);
          return true;
        });
  }

  @Override
  public void close() {
    engine.close();
  }
}
