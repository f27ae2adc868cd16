package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreFigures;
import io.conversationstore.StoreState;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The state of a store as Micrometer gauges. Needs {@code io.micrometer:micrometer-core}, which the
 * application adds itself; an application with a {@code module-info.java} also writes {@code
 * requires micrometer.core}. Nothing else of this library needs Micrometer. Each gauge reads {@link
 * ConversationStore#state()}, or the operator's figures, when it is polled; none keeps the store
 * reachable. After the store is closed they have no value. Immutable, safe for use by many threads.
 *
 * <table>
 * <caption>Gauges, all with the prefix {@code conversation.store.}</caption>
 * <tr><th>Name<th>Value
 * <tr><td>{@code mode}, tag {@code mode}<td>1 for the store's present mode, 0 for the others
 * <tr><td>{@code mode.since}<td>seconds in this mode
 * <tr><td>{@code pending.changes}, {@code pending.bytes}<td>changes that wait to be sent
 * <tr><td>{@code pending.age}<td>seconds since the oldest of them was made, 0 if there is none
 * <tr><td>{@code mirror.lag}<td>lag of the local copy in seconds; none before it was complete
 * <tr><td>{@code mirror.dirty}<td>1 while the copy misses writes after a local fault
 * <tr><td>{@code resync.changes}, tag {@code outcome}<td>drained, dropped and parked by the last or
 *     running resync
 * <tr><td>{@code pool.connections}, tag {@code state}<td>active or idle connections to the database
 * <tr><td>{@code pool.waiting}<td>callers that wait for a connection
 * <tr><td>{@code rejected}<td>the latest changes missing in the database, at most 1,000
 * </table>
 */
@SuppressWarnings("exports") // Micrometer is optional; who uses this class requires it.
public final class StoreMetrics implements MeterBinder {

  private static final String PREFIX = "conversation.store.";

  private final ConversationStore store;
  private final Clock clock;

  private StoreMetrics(ConversationStore store, Clock clock) {
    this.store = store;
    this.clock = clock;
  }

  /** The metrics of a store. */
  public static StoreMetrics of(ConversationStore store) {
    return of(store, Clock.systemUTC());
  }

  /** The metrics of a store, with the clock used to compute ages. */
  public static StoreMetrics of(ConversationStore store, Clock clock) {
    return new StoreMetrics(store, clock);
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    for (StoreState.Mode mode : StoreState.Mode.values()) {
      gauge(
          registry,
          "mode",
          Tags.of("mode", mode.name().toLowerCase(Locale.ROOT)),
          state -> state.mode() == mode ? 1 : 0);
    }
    gauge(registry, "mode.since", Tags.empty(), state -> seconds(state.since()));
    gauge(registry, "pending.changes", Tags.empty(), state -> state.pending().changes());
    gauge(registry, "pending.bytes", Tags.empty(), state -> state.pending().bytes());
    gauge(registry, "pending.age", Tags.empty(), state -> seconds(state.pending().oldest()));
    gauge(registry, "mirror.lag", Tags.empty(), StoreMetrics::lag);
    gauge(
        registry,
        "mirror.dirty",
        Tags.empty(),
        state -> state.mirror() != null && state.mirror().dirty() ? 1 : 0);
    resync(registry, "drained", StoreState.Resync::drained);
    resync(registry, "dropped", StoreState.Resync::dropped);
    resync(registry, "parked", StoreState.Resync::parked);
    gauge(registry, "rejected", Tags.empty(), state -> state.rejected().size());
    pool(registry, "pool.connections", Tags.of("state", "active"), StoreFigures.Pool::active);
    pool(registry, "pool.connections", Tags.of("state", "idle"), StoreFigures.Pool::idle);
    pool(registry, "pool.waiting", Tags.empty(), StoreFigures.Pool::waiting);
  }

  private void resync(
      MeterRegistry registry, String outcome, ToDoubleFunction<StoreState.Resync> count) {
    gauge(
        registry,
        "resync.changes",
        Tags.of("outcome", outcome),
        state -> state.lastResync() == null ? 0 : count.applyAsDouble(state.lastResync()));
  }

  private void pool(
      MeterRegistry registry, String name, Tags tags, ToDoubleFunction<StoreFigures.Pool> value) {
    Gauge.builder(
            PREFIX + name,
            store,
            asked -> {
              StoreFigures.Pool pool = asked.operator().figures().pool();
              return pool == null ? Double.NaN : value.applyAsDouble(pool);
            })
        .tags(tags)
        .register(registry);
  }

  private static double lag(StoreState state) {
    StoreState.Mirror mirror = state.mirror();
    Duration lag = mirror == null ? null : mirror.lag();
    return lag == null ? Double.NaN : lag.toMillis() / 1_000.0;
  }

  private double seconds(@Nullable Instant from) {
    return from == null
        ? 0
        : Math.max(0, Duration.between(from, clock.instant()).toMillis()) / 1_000.0;
  }

  private void gauge(
      MeterRegistry registry, String name, Tags tags, ToDoubleFunction<StoreState> value) {
    Gauge.builder(PREFIX + name, store, asked -> value.applyAsDouble(asked.state()))
        .tags(tags)
        .register(registry);
  }
}
