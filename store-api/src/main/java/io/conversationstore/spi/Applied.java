package io.conversationstore.spi;

import io.conversationstore.ErasureReceipt;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What applying a change did.
 *
 * @param changed false where everything was already as the change wants it
 * @param states the rows that the change is about as they are now, whether or not it changed them:
 *     the conversation first, then messages in the order of the change; an erasure gives the owner
 * @param dropped what was left out in {@link ApplyMode#REPLAY}
 * @param receipt of an erasure, else null
 */
public record Applied(
    boolean changed, List<State> states, List<Dropped> dropped, @Nullable ErasureReceipt receipt) {

  /** Why a {@linkplain Change.Bulk#isOnce bulk that is applied once} is dropped the next time. */
  public static final String TAKEN_OVER_BEFORE = "it was taken over before";

  /** Why a change of an epoch that is over is dropped. */
  public static final String OWNER_ERASED = "its owner was erased";

  /** A change, or a part of a bulk, that a rule forbids to apply. */
  public record Dropped(UUID changeId, @Nullable String conversationId, String reason) {}

  public Applied {
    states = List.copyOf(states);
    dropped = List.copyOf(dropped);
  }

  public static Applied of(boolean changed, List<? extends State> states) {
    return new Applied(changed, List.copyOf(states), List.of(), null);
  }

  public static Applied dropped(UUID changeId, @Nullable String conversationId, String reason) {
    return new Applied(
        false, List.of(), List.of(new Dropped(changeId, conversationId, reason)), null);
  }

  /** The states of one kind, in order. */
  public <S extends State> Stream<S> states(Class<S> kind) {
    return states.stream().filter(kind::isInstance).map(kind::cast);
  }

  /** The one state of this kind; fails if there is none. */
  public <S extends State> S state(Class<S> kind) {
    return states(kind)
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no " + kind.getSimpleName()));
  }
}
