package io.conversationstore.hybrid;

import io.conversationstore.StoreState;
import io.conversationstore.hybrid.internal.adoption.Adoption;
import io.conversationstore.hybrid.internal.connection.Availability;
import io.conversationstore.hybrid.internal.mirror.MirrorPump;
import io.conversationstore.hybrid.internal.mirror.MirrorScope;
import io.conversationstore.hybrid.internal.outbox.Drain;
import io.conversationstore.hybrid.internal.outbox.RejectedChanges;
import io.conversationstore.hybrid.internal.support.NodeContext;
import io.conversationstore.internal.StateListeners;
import io.conversationstore.spi.LocalStore;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The state of a node, and its listeners. Thread-safe. */
final class NodeState {

  private static final Logger LOG = LoggerFactory.getLogger(NodeState.class);

  private final NodeContext node;
  private final LocalStore local;
  private final Availability availability;
  private final MirrorPump mirror;
  private final MirrorScope scope;
  private final Drain drain;
  private final Adoption adoption;
  private final RejectedChanges rejectedChanges;
  private final StateListeners listeners = new StateListeners(LOG::warn);

  NodeState(
      NodeContext node,
      LocalStore local,
      Availability availability,
      MirrorPump mirror,
      MirrorScope scope,
      Drain drain,
      Adoption adoption,
      RejectedChanges rejectedChanges) {
    this.node = node;
    this.local = local;
    this.availability = availability;
    this.mirror = mirror;
    this.scope = scope;
    this.drain = drain;
    this.adoption = adoption;
    this.rejectedChanges = rejectedChanges;
  }

  StoreState present() {
    Availability.Snapshot snapshot = availability.snapshot();
    Instant asOf = local.identity().mirrorAsOf();
    Duration lag = null;
    if (asOf != null) {
      Duration since = Duration.between(asOf, node.clock().now());
      lag = since.isNegative() ? Duration.ZERO : since;
    }
    return new StoreState(
        snapshot.mode(),
        snapshot.since(),
        snapshot.reason(),
        local.pendingFigures(),
        new StoreState.Mirror(asOf, lag, mirror.dirty(), scope.coverage()),
        drain.progress(),
        adoption.progress(),
        rejectedChanges.list());
  }

  AutoCloseable onChange(Consumer<StoreState> listener) {
    return listeners.add(listener);
  }

  /** Tells listeners the present state, one after the other, in the background. */
  void changed() {
    node.scheduler().dispatch(listeners.telling(present()));
  }
}
