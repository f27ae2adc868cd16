package io.conversationstore.hybrid;

import io.conversationstore.ConversationStoreException;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.ReferencePrimary;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Clock;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The model of the database behind a network with delays and ordered losses. */
final class SimDatabase {

  /** The fate of a call in transit. */
  enum Fate {
    ARRIVES,
    REQUEST_LOST,
    /** The caller gets a connection failure, and the request arrives later. */
    REQUEST_LATE,
    REPLY_LOST,
    BUSY,
    /** The request is applied, and the network is cut before the answer. */
    CUT_BEFORE_REPLY
  }

  /** The connection of one node; a cut ends the calls in transit. */
  static final class Link {
    private boolean down;
    private int cuts;
    private Fate next = Fate.ARRIVES;
    private Runnable meanwhile = () -> {};

    void cut() {
      down = true;
      cuts++;
    }

    void heal() {
      down = false;
    }

    boolean isDown() {
      return down;
    }

    /** Runs after a cut before a reply, until the caller learns of it. */
    void meanwhile(Runnable action) {
      meanwhile = action;
    }

    /** Sets the fate of the next write. */
    void next(Fate fate) {
      next = fate;
    }
  }

  /** The fates in a flaky network. */
  private static final List<Fate> BY_CHANCE =
      List.of(Fate.ARRIVES, Fate.REQUEST_LOST, Fate.REQUEST_LATE, Fate.REPLY_LOST, Fate.BUSY);

  private static final Set<String> WRITES = Set.of("apply", "applyAll");
  private static final long LONGEST_SILENCE = 500_000_000;
  private static final long LATEST = 3_000_000_000L;

  private final ReferencePrimary model;
  private final Clock time;
  private final SimThreads threads;
  private final SimHistory history;
  private int flaky;
  private int late;

  /** How often an older copy was put back, which ends all connections. */
  private int restarts;

  /** When the server is there again. */
  private long downUntil;

  private final List<Backup> backups = new ArrayList<>();

  /** A copy of the server's files, and what belongs to it. */
  private record Backup(ReferencePrimary.Backup files, SimHistory.Past past) {}

  SimDatabase(
      ReferencePrimary model, Clock time, SimThreads threads, SimHistory history, int flaky) {
    this.model = model;
    this.time = time;
    this.threads = threads;
    this.history = history;
    this.flaky = flaky;
  }

  ReferencePrimary model() {
    return model;
  }

  /** Copies the server's files. */
  void backUp() {
    backups.add(new Backup(model.backup(), history.past()));
  }

  /**
   * Puts a copy back, and starts the server with it: calls that are on their way fail.
   *
   * @param random decides which of the copies, and how long the server is away
   * @param held what the nodes hold now
   */
  void restore(SplittableRandom random, Supplier<Map<Integer, SimRestores.Held>> held) {
    if (backups.isEmpty()) {
      return; // the plan was made shorter
    }
    boolean last = random.nextInt(3) > 0;
    Backup backup = backups.get(last ? backups.size() - 1 : random.nextInt(backups.size()));
    SimView before = SimView.ofDatabase(model);
    BitSet counted = history.past().effective();
    Map<Integer, SimRestores.Held> nodes = held.get();
    model.restore(backup.files);
    history.goBack(backup.past);
    history.feedHeld = backup.files.holdsFeed();
    restarts++;
    downUntil = random.nextBoolean() ? threads.now() : threads.now() + random.nextLong(LATEST / 3);
    history.restores.add(
        new SimRestores.Restore(
            threads.now(),
            time.instant(),
            before,
            SimView.ofDatabase(model),
            counted,
            backup.past.effective(),
            nodes,
            ahead(nodes.values())));
  }

  private Set<Integer> ahead(Collection<SimRestores.Held> nodes) {
    Set<Integer> ahead = new HashSet<>();
    for (SimRestores.Held held : nodes) {
      try {
        model.feed(held.position(), 1);
      } catch (CursorExpiredException expired) {
        ahead.add(held.node());
      }
    }
    return ahead;
  }

  /** From now on, nothing is lost but what is told to be. */
  void calm() {
    flaky = 0;
  }

  /** Whether a request is in transit whose caller already got a connection failure. */
  boolean hasLate() {
    return late > 0;
  }

  /** The database as given to a node. */
  PrimaryStore over(Link link) {
    return (PrimaryStore)
        Proxy.newProxyInstance(
            PrimaryStore.class.getClassLoader(),
            new Class<?>[] {PrimaryStore.class},
            (proxy, method, arguments) -> call(link, method, arguments));
  }

  private @Nullable Object call(Link link, Method method, Object @Nullable [] arguments)
      throws Throwable {
    String name = method.getName();
    if (name.equals("close") || name.equals("place") || name.equals("provenanceOf")) {
      return name.equals("provenanceOf") ? method.invoke(model, arguments) : null;
    }
    boolean write = WRITES.contains(name);
    noteAttempt(arguments, write);
    history.fetched |= history.evicted && name.equals("messages") && threads.mark() == null;
    int sent = restarts;
    threads.passTime();
    SplittableRandom random = threads.random();
    if (restarts != sent) {
      noteCutOff(arguments);
      throw lost(write, "the server was restarted");
    }
    if (link.down || threads.now() < downUntil) {
      boolean silent = !threads.isStill() && random.nextInt(4) == 0;
      if (silent) {
        threads.sleep(random.nextLong(LONGEST_SILENCE));
      }
      throw lost(write && silent, "the database cannot be reached");
    }
    Fate fate = fate(link, write, random);
    if (fate == Fate.REQUEST_LATE && !mayBeLate(arguments)) {
      fate = Fate.REQUEST_LOST;
    }
    int cuts = link.cuts;
    int restarted = restarts;
    if (fate == Fate.BUSY) {
      throw new EngineFailureException(FailureKind.CONTENTION, false, "others hold it", null);
    } else if (fate == Fate.REQUEST_LATE) {
      late++;
      threads.spawn(
          "late", null, () -> late(method, arguments, restarted), random.nextLong(LATEST));
    }
    if (fate == Fate.REQUEST_LOST || fate == Fate.REQUEST_LATE) {
      noteCutOff(arguments);
      throw lost(write, "the connection broke");
    }
    Object answer = applied(method, arguments);
    if (fate == Fate.REPLY_LOST || fate == Fate.CUT_BEFORE_REPLY) {
      if (fate == Fate.CUT_BEFORE_REPLY) {
        link.cut();
        link.meanwhile.run();
      } else {
        threads.sleep(random.nextLong(LONGEST_SILENCE));
      }
      noteCutOff(arguments);
      throw lost(write, "the answer was lost");
    }
    threads.passTime();
    if (link.cuts != cuts || restarts != restarted) {
      noteCutOff(arguments);
      throw lost(write, "the connection broke before the answer");
    }
    return answer;
  }

  private Fate fate(Link link, boolean write, SplittableRandom random) {
    if (write && link.next != Fate.ARRIVES) {
      Fate fate = link.next;
      link.next = Fate.ARRIVES;
      return fate;
    }
    if (random.nextInt(100) >= flaky) {
      return Fate.ARRIVES;
    }
    return BY_CHANCE.get(random.nextInt(BY_CHANCE.size()));
  }

  /**
   * Whether a request may be applied long after its connection broke. Bulks may not, because they
   * are transactions of several requests; an append that creates is one request at first. Edits and
   * preferences could; they then win again over later writes, a case excluded in
   * docs/guarantees.md.
   */
  private static boolean mayBeLate(Object @Nullable [] arguments) {
    return arguments != null
        && arguments[0] instanceof Change change
        && !((change instanceof Change.Bulk bulk
                && !(bulk.isAppend() && arguments[1] == ApplyMode.LIVE))
            || change instanceof Change.MessageEdited
            || change instanceof Change.PreferencesPut);
  }

  private static EngineFailureException lost(boolean unknown, String why) {
    return new EngineFailureException(FailureKind.UNAVAILABLE, unknown, why, null);
  }

  private void late(Method method, Object @Nullable [] arguments, int restarted) {
    late--;
    if (restarts != restarted) {
      history.event(threads.now(), "late, lost with its connection");
      return;
    }
    try {
      applied(method, arguments);
    } catch (ConversationStoreException | IllegalArgumentException nobodyWaits) {
      history.event(threads.now(), "late, refused " + nobodyWaits.getClass().getSimpleName());
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  private void noteAttempt(Object @Nullable [] arguments, boolean write) {
    if (write && arguments != null && arguments[0] instanceof Change change) {
      history.attempted((SimHistory.Op) threads.mark(), change);
    }
  }

  private void noteCutOff(Object @Nullable [] arguments) {
    if (arguments != null && arguments.length > 0 && arguments[0] instanceof Change.Bulk bulk) {
      history.cutOff.add(bulk.id());
    }
  }

  @SuppressWarnings("unchecked")
  private @Nullable Object applied(Method method, Object @Nullable [] arguments) throws Throwable {
    Object answer;
    try {
      answer = method.invoke(model, arguments);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof CursorExpiredException expired) {
        history.event(threads.now(), "the database refuses a position: " + expired.getMessage());
      }
      throw e.getCause();
    }
    if (method.getName().equals("beginHistory")) {
      history.event(threads.now(), "the database is in another history");
    } else if (answer instanceof Handshake handshake) {
      history.event(threads.now(), "the database counts contact " + handshake.counter());
    }
    if (arguments != null && method.getName().equals("apply")) {
      committed((Change) arguments[0], (Applied) answer);
    } else if (arguments != null && method.getName().equals("applyAll")) {
      List<Change> changes = (List<Change>) arguments[0];
      List<Applied> applied = (List<Applied>) answer;
      for (int i = 0; i < changes.size(); i++) {
        committed(changes.get(i), applied.get(i));
      }
    }
    return answer;
  }

  private void committed(Change change, Applied applied) {
    history.committed(change, applied, threads.now());
    SimHistory.Op op = history.byChange.get(change.id());
    history.event(
        threads.now(),
        "the database applies "
            + change.getClass().getSimpleName()
            + (change.ref() == null ? "" : " of generation " + change.ref().generation())
            + " of "
            + (op == null ? "nobody" : op.step.number())
            + (applied.changed()
                ? ""
                : applied.dropped().isEmpty() ? ", nothing new" : ", dropped"));
  }
}
