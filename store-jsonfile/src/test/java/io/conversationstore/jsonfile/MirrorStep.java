package io.conversationstore.jsonfile;

import io.conversationstore.spi.Change;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A call on the local part of a hybrid store. */
sealed interface MirrorStep {
  void make(LocalStore store);

  /** Whether it is on the disk when the call returns. */
  default boolean isForced() {
    return true;
  }

  /** Single steps with the same total effect: a crash may come between any two of them. */
  default List<MirrorStep> parts() {
    return List.of(this);
  }

  record Remember(Handshake contact, long offset) implements MirrorStep {
    @Override
    public void make(LocalStore store) {
      store.remember(contact, offset);
    }
  }

  record Mirror(List<State> states, @Nullable FeedPosition position, @Nullable Instant asOf)
      implements MirrorStep {
    @Override
    public void make(LocalStore store) {
      store.mirror(states, position, asOf);
    }

    @Override
    public boolean isForced() {
      return false;
    }

    @Override
    public List<MirrorStep> parts() {
      List<MirrorStep> parts = new ArrayList<>();
      for (State state : states) {
        parts.add(new Mirror(List.of(state), null, null));
      }
      if (position != null || asOf != null) {
        parts.add(new Mirror(List.of(), position, asOf));
      }
      return parts;
    }
  }

  record Reset() implements MirrorStep {
    @Override
    public void make(LocalStore store) {
      store.resetMirror(false);
    }
  }

  /** Runs each step. */
  static boolean all(Runnable step) {
    step.run();
    return true;
  }

  record Evict(Instant idleSince, long maxBytes) implements MirrorStep {
    @Override
    public void make(LocalStore store) {
      store.evict(idleSince, maxBytes, MirrorStep::all);
    }

    @Override
    public boolean isForced() {
      return false;
    }
  }

  record Enqueue(Change change) implements MirrorStep {
    @Override
    public void make(LocalStore store) {
      store.enqueue(change);
    }
  }

  record Settle(List<Settlement> settlements) implements MirrorStep {
    @Override
    public void make(LocalStore store) {
      store.settle(settlements);
    }
  }
}
