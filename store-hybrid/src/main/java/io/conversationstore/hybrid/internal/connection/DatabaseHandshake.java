package io.conversationstore.hybrid.internal.connection;

import io.conversationstore.hybrid.internal.support.NodeClock;
import io.conversationstore.spi.DatabaseIdentity;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.StoreAbsentException;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reaches the database and decides whether it is the one that this node's directory belongs to. If
 * the directory cannot record a contact because the local files fail, the database is used anyway
 * and the contact is recorded later. {@link #record} may be called by any thread, {@link #reach} by
 * one at a time.
 */
public final class DatabaseHandshake {

  /** The result of trying to reach the database. */
  public sealed interface Finding {}

  /** It may be used. */
  public record Usable() implements Finding {}

  /**
   * It must not be used.
   *
   * @param otherDatabase whether it differs from the database that the directory belongs to
   */
  public record Refusal(String reason, boolean otherDatabase) implements Finding {}

  /**
   * It went back in time, or another node found that it did.
   *
   * @param handshake the database's own data, with its new history
   */
  public record WentBack(String reason, Handshake handshake, long offsetMicros)
      implements Finding {}

  /** A contact that the directory has not recorded. */
  private record Unrecorded(Handshake handshake, long offsetMicros) {}

  private static final Logger LOG = LoggerFactory.getLogger(DatabaseHandshake.class);

  /**
   * The database removes deleted rows after 30 days; then they cannot be distinguished from lost
   * ones.
   */
  public static final Duration DELETED_ROWS_STAY = Duration.ofDays(29);

  /**
   * Recorded in place of the number of contacts while the copy is to be offered to a database that
   * went back in time. No database has counted so far: if it goes back again, to before the new
   * history began, and the node restarts, it still finds that it went back.
   */
  private static final long TO_BE_OFFERED = Long.MAX_VALUE / 2;

  private final PrimaryStore primary;
  private final LocalStore local;
  private final NodeClock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final RecentCommits recentCommits;
  private volatile @Nullable Unrecorded unrecorded;

  /** Evidence that the database went back in time, until its new history has begun. */
  private volatile @Nullable String wentBack;

  /** Number of new histories found. */
  private final AtomicInteger historyCount = new AtomicInteger();

  /** Contacts that the database may have counted since the last recorded one. */
  private int counted;

  /**
   * @param recentCommits the rows that this node saw committed last
   */
  public DatabaseHandshake(
      PrimaryStore primary, LocalStore local, NodeClock clock, RecentCommits recentCommits) {
    this.recentCommits = recentCommits;
    this.primary = primary;
    this.local = local;
    this.clock = clock;
  }

  /** Changes when a new history is found, before this node's rows are offered in it. */
  public int historyCount() {
    return historyCount.get();
  }

  /**
   * An answer of the database shows that it went back in time: the next contact begins a new
   * history. May be called by any thread.
   *
   * @param asOf the value of {@link #historyCount} before the answer; answers from an earlier
   *     history prove nothing
   */
  public void reportWentBack(String reason, int asOf) {
    if (historyCount.get() == asOf) {
      wentBack = reason;
    }
  }

  /** The database committed erasures that this node asked for. */
  void erased(Set<UUID> changes) {
    recentCommits.addErasures(changes);
  }

  /** Whether this node has seen an erasure commit since its start. */
  public boolean knowsErasure(UUID change) {
    return recentCommits.hasErasure(change);
  }

  /**
   * Reaches the database.
   *
   * @throws EngineFailureException if it cannot be reached
   */
  public Finding reach() {
    LocalStore.Identity identity = identity();
    Instant before = clock.uncorrected();
    int earlier = counted;
    UUID bound = identity.storeId();
    Handshake handshake;
    try {
      handshake = handshake(identity.node());
    } catch (StoreAbsentException absent) {
      if (bound == null) {
        throw absent;
      }
      return new Refusal(
          "this is another database, or its schema was dropped: " + absent.getMessage(), true);
    }
    Instant after = clock.uncorrected();
    Refusal refusal = refusal(identity, handshake);
    if (refusal != null) {
      // The contact was not counted, or was counted by another database.
      counted = earlier;
      return refusal;
    }
    if (bound != null && handshake.counterBefore() > identity.counter() + earlier) {
      return renewed();
    }
    long offset = clock.measure(before, handshake.databaseTime(), after);
    if (bound != null && !identity.history().equals(handshake.history())) {
      historyCount.incrementAndGet();
      if (HistoryIds.isEarlier(handshake.history(), identity.history())) {
        // Nodes that never left that history would take it for the one they know.
        return began(identity, handshake, offset, "it is in a history that has already ended");
      }
      noteToBeOffered(identity, handshake, offset);
      return new WentBack("an earlier contact detected it", handshake, offset);
    }
    if (bound != null && wentBack == null) {
      wentBack = reportWentBack(identity, handshake);
    }
    String reason = wentBack;
    if (reason != null) {
      historyCount.incrementAndGet();
      // At once: each contact raises the counter, which would soon no longer be lower.
      return began(identity, handshake, offset, reason);
    }
    if (bound != null && identity.mirrorAsOf() != null && !isRecent(identity, handshake)) {
      forgetCopy();
    }
    lock.lock();
    try {
      unrecorded = new Unrecorded(handshake, offset);
      counted = 0;
      record();
    } catch (EngineFailureException localFiles) {
      LOG.warn(
          "The contact with the database could not be recorded in the local files; recording is"
              + " retried",
          localFiles);
    } finally {
      lock.unlock();
    }
    return new Usable();
  }

  private WentBack began(
      LocalStore.Identity identity, Handshake handshake, long offset, String reason) {
    noteToBeOffered(identity, handshake, offset);
    UUID next = HistoryIds.after(handshake.databaseTime(), handshake.history(), identity.history());
    UUID history = primary.beginHistory(handshake.history(), next);
    return new WentBack(reason, handshake.in(history), offset);
  }

  private void noteToBeOffered(LocalStore.Identity identity, Handshake handshake, long offset) {
    if (identity.counter() == TO_BE_OFFERED) {
      return;
    }
    lock.lock();
    try {
      local.remember(
          new Handshake(
              handshake.storeId(),
              identity.history(),
              TO_BE_OFFERED,
              TO_BE_OFFERED,
              handshake.databaseTime(),
              identity.database(),
              null),
          offset);
      unrecorded = null;
    } finally {
      lock.unlock();
    }
  }

  /** Continues under a new node id, because another node uses this one's id. */
  private Finding renewed() {
    UUID node = UUID.randomUUID();
    lock.lock();
    try {
      record();
      local.renewNode(node);
      counted = 0;
    } finally {
      lock.unlock();
    }
    LOG.warn(
        "The database has recorded more contacts of this node than the node itself. Either two"
            + " nodes use copies of the same directory, or the last contact was interrupted. The"
            + " node continues under the new id {} and keeps its pending changes. Changes that both"
            + " nodes send are stored once.",
        node);
    return reach();
  }

  private Handshake handshake(UUID node) {
    boolean raised = true;
    try {
      return primary.handshake(node);
    } catch (EngineFailureException failure) {
      raised = failure.isOutcomeUnknown();
      throw failure;
    } finally {
      counted += raised ? 1 : 0;
    }
  }

  /** The reason not to use the database; null if it may be used. */
  private static @Nullable Refusal refusal(LocalStore.Identity identity, Handshake handshake) {
    UUID bound = identity.storeId();
    if (bound != null && !bound.equals(handshake.storeId())) {
      return new Refusal(
          "this is another database: the local directory belongs to store "
              + bound
              + ", the database is store "
              + handshake.storeId()
              + "; give the node the right database or a directory of its own",
          true);
    }
    DatabaseIdentity known = identity.database();
    DatabaseIdentity there = handshake.database();
    String original = handshake.copiedFrom();
    if (original == null && isCopy(identity, handshake) && known != null) {
      original = known.name();
    }
    if (original != null) {
      return new Refusal(
          "this database"
              + (there == null ? "" : ", " + there.name() + ",")
              + " is a copy of database "
              + original
              + "; give the node the original database. If both databases are in use, call"
              + " become_own_store() in the schema of the copy. If the copy replaces the original,"
              + " call take_over_store()",
          true);
    }
    return known != null && there != null && there.isSupersededBy(known)
        ? new Refusal(
            "this server is on timeline "
                + there.timeline()
                + ", but this node has used timeline "
                + known.timeline()
                + ": the server is an old primary. Stop it, or remove it from the URL. If it"
                + " replaces the later primary, call take_over_store("
                + known.timeline()
                + ") in the schema",
            false)
        : null;
  }

  /** Whether it is a copy under another name that was not declared the first one's replacement. */
  private static boolean isCopy(LocalStore.Identity identity, Handshake handshake) {
    DatabaseIdentity known = identity.database();
    DatabaseIdentity there = handshake.database();
    return known != null
        && there != null
        && there.isOther(known)
        && !there.name().equals(known.name())
        && identity.history().equals(handshake.history());
  }

  private @Nullable String reportWentBack(LocalStore.Identity identity, Handshake handshake) {
    if (identity.counter() == TO_BE_OFFERED) {
      return "this node has noticed it before";
    }
    if (handshake.counterBefore() < identity.counter()) {
      return "it has recorded contact "
          + handshake.counterBefore()
          + " of this node, the node has recorded contact "
          + identity.counter();
    }
    DatabaseIdentity known = identity.database();
    DatabaseIdentity there = handshake.database();
    if (known != null && there != null && there.isOther(known)) {
      return "it was restored as another database";
    }
    return recentCommits.isMissingIn(primary, isRecent(identity, handshake))
        ? "it lacks changes that this node saw committed"
        : null;
  }

  /** Whether the database still has the rows deleted since the copy was complete. */
  private static boolean isRecent(LocalStore.Identity identity, Handshake handshake) {
    Instant asOf = identity.mirrorAsOf();
    return asOf != null && asOf.isAfter(handshake.databaseTime().minus(DELETED_ROWS_STAY));
  }

  /**
   * The node was away for longer than deleted rows are kept, so the feed no longer reports all
   * deletes: the copy is emptied and rebuilt.
   *
   * @throws EngineFailureException if the local files fail
   */
  private void forgetCopy() {
    lock.lock();
    try {
      recentCommits.forget();
      local.resetMirror(false);
    } finally {
      lock.unlock();
    }
    LOG.warn(
        "This node had no contact with the database for more than {} days; its local copy is"
            + " rebuilt",
        DELETED_ROWS_STAY.toDays());
  }

  /**
   * Begins the new history of the database: the copy is emptied and rebuilt from the feed. Its old
   * rows are kept aside until then, in case the database goes back in time again.
   *
   * @throws EngineFailureException if the local files fail
   */
  public void begin(WentBack found) {
    lock.lock();
    try {
      recentCommits.forget();
      local.resetMirror(true);
      // After the copy: if interrupted before, the next start finds the new history again.
      local.remember(found.handshake(), found.offsetMicros());
      unrecorded = null;
      counted = 0;
      wentBack = null;
    } finally {
      lock.unlock();
    }
  }

  /** The directory's identity, with an unrecorded contact applied. */
  LocalStore.Identity identity() {
    LocalStore.Identity identity = local.identity();
    Unrecorded last = unrecorded;
    return last == null
        ? identity
        : new LocalStore.Identity(
            identity.node(),
            last.handshake.storeId(),
            last.handshake.history(),
            last.handshake.counter(),
            last.offsetMicros,
            identity.position(),
            identity.mirrorAsOf(),
            last.handshake.databaseAfter(identity.database()),
            identity.place());
  }

  /**
   * Records the last contact if it is still unrecorded.
   *
   * @throws EngineFailureException if the local files fail
   */
  public void record() {
    if (unrecorded == null) {
      return;
    }
    lock.lock();
    try {
      Unrecorded last = unrecorded;
      if (last != null) {
        local.remember(last.handshake, last.offsetMicros);
        String place = primary.place();
        if (place != null) {
          local.rememberPlace(place);
        }
        unrecorded = null;
      }
    } finally {
      lock.unlock();
    }
  }
}
