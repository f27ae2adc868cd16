package io.conversationstore.hybrid.internal.mirror;

import io.conversationstore.CursorExpiredException;
import io.conversationstore.hybrid.internal.connection.HistoryWatch;
import io.conversationstore.hybrid.internal.support.BaseLocks;
import io.conversationstore.hybrid.internal.support.ContentSize;
import io.conversationstore.hybrid.internal.support.LocalFailureException;
import io.conversationstore.hybrid.internal.support.NodeClock;
import io.conversationstore.hybrid.internal.support.NodeContext;
import io.conversationstore.hybrid.internal.support.NodeScheduler;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FeedPage;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.MessageState;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the local copy: this node's writes at once, those of other nodes from the database's feed.
 * The feed position is stored together with the rows read, so rows that the copy missed because of
 * a local fault are read again. {@link #mirrorCommitted} may be called by any thread, {@link
 * #follow} by one at a time.
 */
public final class MirrorPump {

  private static final Logger LOG = LoggerFactory.getLogger(MirrorPump.class);

  /** Characters and bytes of content above which the next page has fewer rows: 2 MiB. */
  private static final long MAX_CONTENT = 2L << 20;

  /** Rows of a page while their size is unknown: at first, and after a page of few rows. */
  private static final int FIRST_ROWS = 50;

  /** What the pump asks of the node and reports to it. Called by any thread. */
  public interface Listener {

    /**
     * The mirror is about to take rows: the directory must remember whose they are.
     *
     * @throws EngineFailureException if the local files fail
     */
    void beforeMirroring();

    /** These states are committed, whether the mirror takes them or not. */
    void committed(List<? extends State> states);

    /** The mirror took states that no call of this node waits for. */
    void mirrored();

    /**
     * A state was not mirrored because it and the mirror cannot belong to one history of the
     * database.
     */
    void contradicted();
  }

  private final PrimaryStore primary;
  private final LocalStore local;
  private final NodeClock clock;
  private final int pageSize;
  private final BaseLocks baseLocks;
  private final NodeScheduler scheduler;
  private final Listener listener;
  private final MissedStates missed;
  private final MirrorScope scope;
  private final MirrorDiskLimit diskLimit;
  private final ReentrantLock following = new ReentrantLock();
  private final MirrorCheck check;

  /** Row count of the next page; guarded by {@link #following}. */
  private int rows;

  /** Messages committed by this node that contradict the copy. */
  private final Queue<MessageState> withheld = new ConcurrentLinkedQueue<>();

  /**
   * @param missed states that the copy could not take
   * @param scope the intended contents of the copy
   * @param diskLimit keeps the copy's files within their disk limit
   */
  public MirrorPump(
      PrimaryStore primary,
      LocalStore local,
      NodeContext node,
      int pageSize,
      MissedStates missed,
      MirrorScope scope,
      MirrorDiskLimit diskLimit,
      Listener listener) {
    this.primary = primary;
    this.local = local;
    this.clock = node.clock();
    this.pageSize = pageSize;
    this.rows = Math.min(FIRST_ROWS, pageSize);
    this.baseLocks = node.baseLocks();
    this.scheduler = node.scheduler();
    this.missed = missed;
    this.scope = scope;
    this.diskLimit = diskLimit;
    this.listener = listener;
    this.check = new MirrorCheck(local);
  }

  /** Whether the copy misses rows that this node committed. */
  public boolean dirty() {
    return !missed.isEmpty();
  }

  /**
   * Copies states that this node just committed. A local fault does not harm the write, because the
   * database holds it. States that contradict the copy are not copied, nor states that come with
   * them.
   *
   * @return whether they were copied
   */
  public boolean mirrorCommitted(List<? extends State> states) {
    if (states.isEmpty()) {
      return true;
    }
    listener.committed(states);
    try {
      heal();
    } catch (EngineFailureException e) {
      miss(states, e);
      return false;
    }
    return put(states, false);
  }

  /**
   * The same, without regard to states missed before. States that contradict the copy are kept
   * aside ({@link #withheld}). Uncopied states are recorded as missed, also after an error that is
   * rethrown.
   */
  public void put(List<? extends State> states) {
    put(states, true);
  }

  private boolean put(List<? extends State> states, boolean withhold) {
    try {
      listener.beforeMirroring();
      List<State> contradicting = check.contradicting(states);
      if (contradicting.isEmpty()) {
        local.mirror(states);
        return true;
      }
      if (withhold) {
        local.mirror(without(contradicting, states));
        withhold(contradicting);
      }
      listener.contradicted();
      return false;
    } catch (RuntimeException e) {
      miss(states, e);
      return false;
    } catch (Error e) {
      missed.add(states, clock.now());
      throw e;
    }
  }

  private static List<State> without(List<State> some, List<? extends State> states) {
    return states.stream().<State>map(state -> state).filter(s -> !some.contains(s)).toList();
  }

  private void withhold(List<State> states) {
    for (State state : states) {
      if (state instanceof MessageState message && message.isLive()) {
        withheld.add(message);
      }
    }
  }

  /** Messages committed by this node that the copy will not take. */
  public List<MessageState> withheld() {
    return List.copyOf(withheld);
  }

  /** These are kept elsewhere now. */
  public void kept(List<MessageState> messages) {
    withheld.removeAll(messages);
  }

  private void miss(List<? extends State> states, RuntimeException cause) {
    boolean first = missed.isEmpty();
    missed.add(states, clock.now());
    if (first) {
      LOG.warn("The local copy lacks writes that the database has; they are repeated", cause);
    }
  }

  /**
   * Stores states that an earlier fault kept out.
   *
   * @throws EngineFailureException if the local files fail
   */
  public void heal() {
    listener.beforeMirroring();
    if (missed.isEmpty()) {
      return;
    }
    List<State> states = missed.states();
    if (!states.isEmpty()) {
      List<State> contradicting = check.contradicting(states);
      baseLocks.mirroring(
          () -> {
            local.mirror(without(contradicting, states));
            return true;
          });
      listener.mirrored();
      withhold(contradicting);
      missed.remove(states);
      logIfWhole();
      if (!contradicting.isEmpty()) {
        listener.contradicted();
      }
    }
  }

  private void logIfWhole() {
    if (missed.isEmpty()) {
      LOG.info("The local copy is complete again");
    }
  }

  /**
   * Copies rows committed since the last call.
   *
   * @throws EngineFailureException if the database fails or returns rows that contradict the copy;
   *     rows already copied stay
   * @throws CursorExpiredException if the feed position is void: the database went back in time.
   *     The position stays, so a crash does not hide it
   * @throws LocalFailureException if the local files fail; rows already copied stay
   */
  public void follow(BooleanSupplier shouldContinue) {
    LocalFailureException.guard(this::heal);
    FeedPage page;
    do {
      page = next();
      if (!page.states().isEmpty()) {
        listener.mirrored();
      }
      evict(page, shouldContinue);
      makeRoom(shouldContinue);
    } while (page.more() && shouldContinue.getAsBoolean());
    if (!page.more() && shouldContinue.getAsBoolean()) {
      Instant now = page.asOf();
      LocalFailureException.guard(() -> scope.seekLacking(now));
      scope.fetch(
          shouldContinue,
          read -> {
            next(read);
            makeRoom(shouldContinue);
          });
      evict(page, shouldContinue);
      makeRoom(shouldContinue);
    }
    Instant asOf = page.asOf();
    if (dirty() && !page.more() && asOf != null) {
      missed.followed(asOf);
      logIfWhole();
    }
  }

  /** Evicts contents beyond the limits, while the database is there to read them from. */
  private void evict(FeedPage last, BooleanSupplier shouldContinue) {
    if (scope.isDue() && shouldContinue.getAsBoolean()) {
      LocalFailureException.guard(
          () -> scope.evict(last.asOf(), step -> evicting(step, shouldContinue)));
      diskLimit.changed();
    }
  }

  /** Holds no lock: calls continue while garbage is collected. */
  private void makeRoom(BooleanSupplier shouldContinue) {
    LocalFailureException.guard(() -> diskLimit.make(shouldContinue));
  }

  /** One step; false if the database is no longer in use and reads depend on the copy. */
  private boolean evicting(Runnable step, BooleanSupplier shouldContinue) {
    scheduler.acquire(following);
    try {
      if (!shouldContinue.getAsBoolean()) {
        return false;
      }
      baseLocks.mirroring(
          () -> {
            step.run();
            return true;
          });
    } finally {
      following.unlock();
    }
    listener.mirrored();
    return true;
  }

  /** Waits until eviction has stopped, if the database is no longer in use. */
  public void awaitSteps() {
    scheduler.acquire(following);
    following.unlock();
  }

  /**
   * Reads a page. The next one has half its rows if this one was too large, or failed as if memory
   * were short. It has at most twice the rows that were there, because later rows may be larger.
   */
  private FeedPage page() {
    int size = rows;
    rows = Math.max(1, size / 2);
    FeedPage page = primary.feed(local.identity().position(), size);
    long content = page.states().stream().mapToLong(ContentSize::of).sum();
    long most = diskLimit.pageBytes(MAX_CONTENT);
    if (content < most / 2) {
      int there = page.states().size() + page.unreadable().size();
      rows = Math.min(pageSize, Math.min(2 * size, Math.max(FIRST_ROWS, 2 * there)));
    } else if (content <= most) {
      rows = size;
    }
    return page;
  }

  /** Copies one page. */
  private FeedPage next() {
    scheduler.acquire(following);
    try {
      FeedPage page = page();
      requireHistory(page);
      listener.committed(page.states());
      requireNoContradiction(page.states());
      LocalFailureException.guard(
          () -> {
            Set<State> unwanted = scope.unwanted(page);
            List<State> wanted = page.states();
            if (!unwanted.isEmpty()) {
              wanted = wanted.stream().filter(state -> !unwanted.contains(state)).toList();
              // The headers must be stored first; the feed position advances after everything else.
              mirror(wanted, local.identity().position(), null);
              scope.leaveOut(unwanted);
            }
            if (!page.unreadable().isEmpty()) {
              mirror(wanted, local.identity().position(), null);
              scope.cannotRead(page.unreadable());
            }
            mirror(wanted, page.next(), page.more() ? null : page.asOf());
            scope.took(wanted, page.asOf());
          });
      return page;
    } finally {
      following.unlock();
    }
  }

  /** Copies the rows read of a conversation. */
  private void next(Supplier<List<State>> read) {
    scheduler.acquire(following);
    try {
      List<State> states = read.get();
      requireNoContradiction(states);
      LocalFailureException.guard(() -> mirror(states, null, null));
    } finally {
      following.unlock();
    }
    listener.mirrored();
  }

  /** A page of an older copy of the database would complete this node's copy without its rows. */
  private void requireHistory(FeedPage page) {
    UUID known = local.identity().history();
    if (known != null && !known.equals(page.history())) {
      throw new CursorExpiredException("the feed belongs to another history of the database");
    }
  }

  private void requireNoContradiction(List<State> states) {
    if (!LocalFailureException.guard(() -> check.contradicting(states)).isEmpty()) {
      listener.contradicted();
      throw HistoryWatch.failure();
    }
  }

  /**
   * Changes the whole copy, while no page of the feed that was read earlier is stored.
   *
   * @param within runs it, under locks of its own
   * @throws EngineFailureException if the local files fail
   */
  public void change(Consumer<Runnable> within, Runnable action) {
    scheduler.acquire(following);
    try {
      within.accept(
          () ->
              baseLocks.mirroring(
                  () -> {
                    action.run();
                    return true;
                  }));
    } finally {
      following.unlock();
    }
    listener.mirrored();
  }

  private void mirror(List<State> states, @Nullable FeedPosition position, @Nullable Instant asOf) {
    baseLocks.mirroring(
        () -> {
          local.mirror(states, position, asOf);
          return true;
        });
  }
}
