package io.conversationstore.spi;

import io.conversationstore.ErasureReceipt;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The result of applying a change.
 *
 * @param changed false if the state already matched the change
 * @param states the present states of the change's rows, changed or not: the conversation first,
 *     then messages in the order of the change; for an erasure, the owner
 * @param dropped the parts left out in {@link ApplyMode#REPLAY}
 * @param receipt the receipt of an erasure, else null
 */
public record Applied(
    boolean changed, List<State> states, List<Dropped> dropped, @Nullable ErasureReceipt receipt) {

  /**
   * The reason for dropping a repeated {@linkplain Change.Bulk#isOnce bulk that is applied once}.
   */
  public static final String TAKEN_OVER_BEFORE = "it was imported before";

  /** The reason for dropping a change of a past epoch. */
  public static final String OWNER_ERASED = "its owner was erased";

  /** A change, or a part of a bulk, that was dropped by a rule. */
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
