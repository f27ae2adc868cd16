package io.conversationstore.hybrid;

import io.conversationstore.ActiveUser;
import io.conversationstore.ParkedChange;
import io.conversationstore.StoreFigures;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.StoreStatistics;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.TableSize;
import io.conversationstore.hybrid.internal.connection.Availability;
import io.conversationstore.hybrid.internal.outbox.ParkedChanges;
import io.conversationstore.hybrid.internal.overlay.OverlayFigures;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.PrimaryStore;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Calls of operators: retention, figures, state, health and parked changes. Most need the database.
 * Thread-safe.
 */
final class OperatorCalls {

  private final PrimaryStore primary;
  private final NodeLifecycle lifecycle;
  private final Availability availability;
  private final OverlayFigures figures;
  private final ParkedChanges parked;
  private final NodeState state;
  private final NodeHealth health;
  private final NodePumps pumps;

  OperatorCalls(
      PrimaryStore primary,
      NodeLifecycle lifecycle,
      Availability availability,
      OverlayFigures figures,
      ParkedChanges parked,
      NodeState state,
      NodeHealth health,
      NodePumps pumps) {
    this.primary = primary;
    this.lifecycle = lifecycle;
    this.availability = availability;
    this.figures = figures;
    this.parked = parked;
    this.state = state;
    this.health = health;
    this.pumps = pumps;
  }

  long deleteMessagesBefore(Instant cutoff) {
    return inDatabase("retention", () -> primary.deleteMessagesBefore(cutoff));
  }

  long purgeDeleted(Duration age) {
    return inDatabase("purging", () -> primary.purgeDeleted(age));
  }

  long archiveIdleBefore(Instant cutoff) {
    return inDatabase("archiving", () -> primary.archiveIdleBefore(cutoff));
  }

  StoreStatistics statistics(@Nullable String tenantId) {
    return inDatabase("statistics", () -> figures.statistics(tenantId));
  }

  List<ActiveUser> activeUsers(String tenantId, Instant since, int limit) {
    return inDatabase("active users", () -> figures.activeUsers(tenantId, since, limit));
  }

  private <T> T inDatabase(String what, Supplier<T> action) {
    lifecycle.requireOpen();
    Availability.Snapshot snapshot = availability.snapshot();
    if (!snapshot.usable()) {
      throw new StoreUnavailableException(
          what + " needs the database, which is unavailable: " + snapshot.reason(), null);
    }
    try {
      T answer = action.get();
      pumps.wakeMirror();
      return answer;
    } catch (EngineFailureException failure) {
      availability.failed(snapshot.tag(), failure);
      throw failure;
    }
  }

  StoreFigures figures() {
    lifecycle.requireOpen();
    return primary.figures();
  }

  List<TableSize> tableSizes() {
    return inDatabase("table sizes", primary::tableSizes);
  }

  StoreState state() {
    return state.present();
  }

  AutoCloseable onStateChange(Consumer<StoreState> listener) {
    return state.onChange(listener);
  }

  StoreHealth health() {
    lifecycle.requireOpen();
    return health.check();
  }

  List<ParkedChange> parkedChanges() {
    lifecycle.requireOpen();
    return parked.list();
  }

  boolean retryParked(UUID changeId) {
    lifecycle.requireOpen();
    return parked.retry(changeId);
  }

  boolean discardParked(UUID changeId) {
    lifecycle.requireOpen();
    return parked.discard(changeId);
  }
}
