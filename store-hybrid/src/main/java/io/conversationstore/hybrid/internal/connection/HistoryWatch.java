package io.conversationstore.hybrid.internal.connection;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.Owner;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Detects at a write that the database went back in time during an outage that nobody noticed: its
 * answer is older than the state this node knew before the call. The write then fails like one
 * whose answer was lost. It is kept and sent again under the same ids once the database has its
 * lost rows back. Thread-safe.
 */
public final class HistoryWatch {

  private final PrimaryStore primary;
  private final KnownRows local;
  private final DatabaseHandshake handshake;

  public HistoryWatch(PrimaryStore primary, KnownRows local, DatabaseHandshake handshake) {
    this.primary = primary;
    this.local = local;
    this.handshake = handshake;
  }

  private record ConversationKey(Owner owner, String conversation) {}

  /** This node's knowledge before the call. */
  public static final class Before {
    private final int histories;
    private final Map<ConversationKey, ConversationState> headers = new HashMap<>();
    private final Map<Owner, PreferencesState> preferences = new HashMap<>();
    private final Map<Owner, Long> epochs = new HashMap<>();
    private final Set<UUID> erasures = new HashSet<>();

    private Before(int histories) {
      this.histories = histories;
    }

    /** The state of a conversation that a change is about, possibly deleted; null if unknown. */
    public @Nullable ConversationState header(Owner owner, String conversationId) {
      return headers.get(new ConversationKey(owner, conversationId));
    }

    /** The preferences that a change writes. */
    public PreferencesState preferences(Owner owner) {
      return Objects.requireNonNull(preferences.get(owner));
    }
  }

  /** This node's present knowledge of the subjects of changes. */
  public Before before(List<? extends Change> changes) {
    Before before = new Before(handshake.historyCount());
    for (Change change : changes) {
      before.epochs.put(change.owner(), local.knownEpoch(change.owner()));
      for (String id : change.conversationIds()) {
        ConversationState known = local.known(change.owner(), id);
        if (known != null) {
          before.headers.put(new ConversationKey(change.owner(), id), known);
        }
      }
      if (change instanceof OwnerErased) {
        before.erasures.add(change.id());
      } else if (change instanceof PreferencesPut) {
        before.preferences.put(change.owner(), local.preferences(change.owner()));
      }
    }
    return before;
  }

  /**
   * Applies changes and checks the answer.
   *
   * @throws EngineFailureException if the database fails or went back in time
   */
  public List<Applied> watched(Before before, Supplier<List<Applied>> action) {
    List<Applied> applied;
    try {
      applied = action.get();
    } catch (ConversationNotFoundException | MessageNotFoundException absent) {
      before.headers.keySet().forEach(id -> look(before, id));
      requireHistory(before);
      throw absent;
    }
    for (Applied one : applied) {
      one.states().forEach(state -> require(before, state));
    }
    requireSame(before);
    handshake.erased(before.erasures);
    return applied;
  }

  /**
   * The database's state of a conversation.
   *
   * @throws EngineFailureException if it fails or returns less than this node knew before
   */
  public Found look(Owner owner, String conversationId) {
    Before before = new Before(handshake.historyCount());
    ConversationState known = local.known(owner, conversationId);
    ConversationKey id = new ConversationKey(owner, conversationId);
    if (known != null) {
      before.headers.put(id, known);
    }
    return look(before, id);
  }

  /** The database's rows of a conversation's owner and header. */
  public List<State> rows(Owner owner, String conversationId) {
    return rows(owner, look(owner, conversationId));
  }

  public static List<State> rows(Owner owner, Found found) {
    List<State> rows = new ArrayList<>();
    if (found.ownerEpoch() > 0) {
      rows.add(new OwnerState(owner, found.ownerEpoch()));
    }
    if (found.conversation() != null) {
      rows.add(found.conversation());
    }
    return rows;
  }

  /**
   * The row with an owner's epoch; none in the first epoch.
   *
   * @throws EngineFailureException if the database fails or has an earlier epoch than this node
   *     knew
   */
  public List<State> look(Owner owner) {
    Before before = new Before(handshake.historyCount());
    long known = local.knownEpoch(owner);
    List<State> rows = rows(owner);
    if ((rows.isEmpty() ? 0 : rows.get(0).epoch()) < known) {
      throw wentBack(before);
    }
    requireSame(before);
    return rows;
  }

  /** The same, as the database says. */
  public List<State> rows(Owner owner) {
    long epoch = primary.preferences(owner).epoch();
    return epoch > 0 ? List.of(new OwnerState(owner, epoch)) : List.of();
  }

  private Found look(Before before, ConversationKey id) {
    long epoch = local.knownEpoch(id.owner);
    Found found = primary.find(id.owner, id.conversation);
    ConversationState known = before.headers.get(id);
    if (found.ownerEpoch() < epoch || (known != null && isBehind(id.owner, found, known))) {
      throw wentBack(before);
    }
    requireSame(before);
    return found;
  }

  private boolean isBehind(Owner owner, Found found, ConversationState known) {
    if (found.ownerEpoch() != known.epoch()) {
      return found.ownerEpoch() < known.epoch();
    }
    ConversationState there = found.conversation();
    if (there == null) {
      // A deleted row is removed eventually, and leaves its generation.
      return known.isLive() || primary.firstGeneration(owner) <= known.generation();
    }
    return RowOrder.isBehind(there, known);
  }

  private void require(Before before, State state) {
    boolean behind =
        state.epoch() < before.epochs.getOrDefault(state.owner(), 0L)
            || state.accept(new IsBehind(before));
    if (behind) {
      throw wentBack(before);
    }
  }

  /** Whether a row is older than this node knew it before. */
  private record IsBehind(Before before) implements State.Visitor<Boolean, RuntimeException> {
    @Override
    public Boolean owner(OwnerState state) {
      return false; // its epoch is compared for every row
    }

    @Override
    public Boolean conversation(ConversationState state) {
      ConversationState known = before.headers.get(new ConversationKey(state.owner(), state.id()));
      return known != null && RowOrder.isBehind(state, known);
    }

    @Override
    public Boolean message(MessageState state) {
      return false; // messages are compared when they are mirrored
    }

    @Override
    public Boolean preferences(PreferencesState state) {
      PreferencesState known = before.preferences.get(state.owner());
      return known != null && RowOrder.isBehind(state, known);
    }
  }

  /**
   * Fails if a new history was found since: rows stored in the copy now may be too late to be
   * offered.
   */
  public void requireSame(Before before) {
    if (handshake.historyCount() != before.histories) {
      throw failure();
    }
  }

  /**
   * Fails if the database is not in the history of this node's copy. A copy that was just emptied
   * for a new history does not know what an older copy of the database lacks.
   */
  private void requireHistory(Before before) {
    LocalStore.Identity known = handshake.identity();
    try {
      if (!primary.feed(known.position(), 1).history().equals(known.history())) {
        throw wentBack(before);
      }
    } catch (CursorExpiredException ofAnother) {
      throw wentBack(before);
    }
  }

  private EngineFailureException wentBack(Before before) {
    handshake.reportWentBack(
        "its answer to a write lacks changes that this node knows", before.histories);
    return failure();
  }

  public static EngineFailureException failure() {
    return new EngineFailureException(
        FailureKind.UNAVAILABLE, true, "the database went back in time", null);
  }
}
