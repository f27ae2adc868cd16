package io.conversationstore.hybrid;

import io.conversationstore.hybrid.internal.connection.RecentCommits;
import io.conversationstore.hybrid.internal.mirror.MirrorPump;
import io.conversationstore.hybrid.internal.mirror.WriteBehindMirror;
import io.conversationstore.hybrid.internal.outbox.LocalQueue;
import io.conversationstore.hybrid.internal.outbox.ParkedChanges;
import io.conversationstore.spi.State;
import java.util.List;

/** Takes the states that this node committed or looked up into the local copy. Thread-safe. */
final class CommittedStates {

  private final WriteBehindMirror local;
  private final MirrorPump mirror;
  private final RecentCommits recentCommits;
  private final LocalQueue queue;
  private final ParkedChanges parked;

  CommittedStates(
      WriteBehindMirror local,
      MirrorPump mirror,
      RecentCommits recentCommits,
      LocalQueue queue,
      ParkedChanges parked) {
    this.local = local;
    this.mirror = mirror;
    this.recentCommits = recentCommits;
    this.queue = queue;
    this.parked = parked;
  }

  /** Copies states soon. */
  void copy(List<? extends State> states) {
    if (states.stream().anyMatch(State.OwnerState.class::isInstance)) {
      copyNow(states);
      return;
    }
    recentCommits.add(states);
    local.defer(states);
    // Also while nothing is pending: a view outlives the call that created it.
    queue.forgetViews(states);
  }

  /** Whether the copy lacks states that this node committed. */
  boolean areMissed() {
    return mirror.dirty();
  }

  /**
   * Copies what the local files could not take when this node committed it.
   *
   * @throws io.conversationstore.spi.EngineFailureException if they still cannot
   */
  void copyMissed() {
    if (mirror.dirty()) {
      mirror.heal();
    }
  }

  /**
   * Copies states at once; returns whether they were copied. Afterwards no file holds erased
   * content.
   */
  boolean copyNow(List<? extends State> states) {
    local.flush();
    boolean copied = mirror.mirrorCommitted(states);
    queue.forgetViews(states);
    parked.tryForgetErased();
    return copied;
  }
}
