package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.CopyLimits;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.MemoryDirectory;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.UuidV7;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A node of a simulation: a real hybrid store over a real file store in memory and the model of the
 * database. It dies with all its threads, and restarts over the same files.
 */
final class SimNode {

  private static final Set<String> WRITES =
      Set.of(
          "enqueue",
          "mirror",
          "settle",
          "remember",
          "evict",
          "giveUp",
          "markWhole",
          "apply",
          "met",
          "forgetUnmet");

  /** The files are in memory. */
  private static final Path NOWHERE = Path.of("simulated");

  private static final Duration LONG_AWAY = Duration.ofDays(40);
  private static final Set<String> PLACES =
      Set.of(
          "enqueue",
          "mirror",
          "evict",
          "met",
          "pending",
          "find",
          "message",
          "messages",
          "conversations");

  private final int number;
  private final SimThreads threads;
  private final SimHistory history;
  private final SimDatabase database;
  private final SimDatabase.Link link = new SimDatabase.Link();
  private MemoryDirectory directory = new MemoryDirectory();
  private final Clock clock;
  private final SimPlan plan;
  private final Random random;
  private SimThreads.Life life = new SimThreads.Life();
  private @Nullable LocalStore local;
  private @Nullable ConversationStore store;
  private boolean diskFull;
  private boolean hadContact;
  private boolean configured;
  private boolean alone;
  private CopyLimits limits;

  SimNode(
      int number,
      SimPlan plan,
      SimThreads threads,
      SimHistory history,
      SimDatabase database,
      Clock time) {
    this.number = number;
    this.plan = plan;
    this.threads = threads;
    this.history = history;
    this.database = database;
    this.clock = Clock.offset(time, plan.skew(number));
    this.limits = plan.limits(number);
    this.configured = !plan.alone().contains(number);
    if (isLimited()) {
      history.limited.add(number);
    }
    if (!plan.skew(number).isNegative() && !plan.skew(number).isZero()) {
      history.ahead.add(number);
    }
    this.random = new Random(plan.seed() * SimPlan.NODES + number);
  }

  int number() {
    return number;
  }

  SimDatabase.Link link() {
    return link;
  }

  SimThreads.Life life() {
    return life;
  }

  /** Whether its clock was compared with the database's in this or an earlier life. */
  boolean hadContact() {
    return hadContact;
  }

  /** Kills the node; it restarts with or without the settings of the database. */
  void configure(boolean newConfigured) {
    crash();
    configured = newConfigured;
  }

  boolean isConfigured() {
    return configured;
  }

  /** Whether it is the authority over its data. */
  boolean isAlone() {
    return alone;
  }

  /** Whether its copy holds less than the database. */
  boolean isLimited() {
    return !limits.equals(CopyLimits.NONE);
  }

  /** Kills the node and restarts it with a complete copy. */
  void startWithoutLimits() {
    crash();
    limits = CopyLimits.NONE;
    start();
  }

  /** Kills the node; it restarts with a copy of another size. */
  void resize(SplittableRandom random) {
    crash();
    limits =
        isLimited()
            ? CopyLimits.NONE
            : random.nextBoolean()
                ? CopyLimits.NONE.withActiveWithin(Duration.ofMillis(100L + random.nextInt(2_000)))
                : CopyLimits.NONE.withMaxBytes(4L * random.nextInt(2_000));
    history.limited.add(number);
    history.resized.putIfAbsent(number, threads.now());
  }

  /** The bytes of the node's files as text, by name. */
  Map<String, String> texts() {
    return directory.texts();
  }

  /** The store; null while the node is dead. */
  @Nullable ConversationStore store() {
    return store;
  }

  /** The files, bypassing the simulated faults. */
  LocalStore files() {
    if (local == null) {
      throw new IllegalStateException("node " + number + " is dead");
    }
    return local;
  }

  void diskFull(boolean full) {
    diskFull = full;
  }

  /** Starts the node; a crash may interrupt that. */
  void start() {
    LocalStore opened = open();
    local = opened;
    SimThreads.Life mine = new SimThreads.Life();
    life = mine;
    HybridOptions options =
        HybridOptions.defaults()
            .withClock(clock)
            .withRandom(random)
            .withMirrorInterval(plan.mirrorInterval())
            .withProbes(Duration.ofMillis(50), Duration.ofMillis(800))
            .withDrainBatch(plan.drainBatch())
            .withFeedPage(plan.feedPage())
            .withCopyLimits(limits);
    try {
      threads.within(
          mine,
          () ->
              store =
                  configured
                      ? HybridStore.over(
                          database.over(link),
                          guarded(opened, mine),
                          options,
                          threads.clockwork("node " + number, mine))
                      : HybridStore.withoutDatabase(
                          guarded(opened, mine),
                          fileOptions(),
                          options,
                          threads.clockwork("node " + number, mine)));
      alone = store != null && store.state().mode() == StoreState.Mode.LOCAL_ONLY;
      history.event(threads.now(), "node " + number + " has started");
    } catch (SimThreads.Ended died) {
      if (!mine.isOver()) {
        throw died;
      }
    }
  }

  /** What its files hold, also while it is dead. */
  SimRestores.Held held() {
    LocalStore running = local;
    if (running != null) {
      return held(running, true);
    }
    try (LocalStore files = directory.copy().open(fileOptions())) {
      return held(files, false);
    }
  }

  private SimRestores.Held held(LocalStore files, boolean alive) {
    Set<UUID> pending = new HashSet<>();
    files.pending(Integer.MAX_VALUE, Long.MAX_VALUE).forEach(change -> pending.add(change.id()));
    return new SimRestores.Held(
        number,
        alive,
        files.identity().mirrorAsOf() != null,
        files.identity().position(),
        SimView.ofCopy(files),
        files.formerMirrors().stream().map(former -> SimView.ofCopy(former.rows())).toList(),
        pending);
  }

  private LocalStore open() {
    return directory.open(fileOptions());
  }

  private JsonFileOptions fileOptions() {
    return JsonFileOptions.in(NOWHERE)
        .withDurability(Durability.SYSTEM)
        .withCompactionBytes(Long.MAX_VALUE)
        .withClock(clock, new UuidV7(clock, random));
  }

  /**
   * Kills the node; its copy is empty when it restarts.
   *
   * @param old whether the copy states that it was complete a long time ago
   */
  void evict(boolean old) {
    crash();
    try (LocalStore files = open()) {
      if (files.identity().storeId() == null) {
        return; // It has no copy.
      }
      FeedPosition position = files.identity().position();
      files.resetMirror(false);
      if (old) {
        files.mirror(List.of(), position, clock.instant().minus(LONG_AWAY));
      }
    }
    history.emptied(number, threads.now());
    history.restores.emptied(number, false, threads.now());
  }

  /** Kills the node, and copies its directory to another node that has never run. */
  void cloneTo(SimNode other) {
    crash();
    other.directory = directory.copy();
    Set<UUID> pending = new HashSet<>();
    try (LocalStore files = open()) {
      files.pending(Integer.MAX_VALUE, Long.MAX_VALUE).forEach(change -> pending.add(change.id()));
    }
    other.hadContact = hadContact;
    other.configured = configured;
    history.clone = new SimHistory.Clone(number, other.number, pending, threads.now());
  }

  /**
   * Whether changes wait for an absent database, on a conversation that it has and the copy lacks.
   */
  boolean isGatedAndEvicted(Owner owner, String conversation) {
    return link.isDown()
        && history.lacked(number, threads.now())
        && files().find(owner, conversation).conversation() == null
        && files().pending(owner, conversation).stream()
            .map(Change::ref)
            .anyMatch(ref -> ref != null && ref.generation() != ConversationRef.LIVE);
  }

  boolean isDead() {
    return local == null;
  }

  /** Kills the node permanently, with its files: its pending changes are lost. */
  void discard() {
    crash();
    history.discarded(number);
  }

  /** Kills the node; the files stay as they are. */
  void crash() {
    if (local == null) {
      return;
    }
    life.end();
    history.crashes.computeIfAbsent(number, node -> new ArrayList<>()).add(threads.now());
    local.close();
    local = null;
    store = null;
    alone = false;
    history.event(threads.now(), "node " + number + " is dead");
  }

  private LocalStore guarded(LocalStore files, SimThreads.Life mine) {
    return (LocalStore)
        Proxy.newProxyInstance(
            LocalStore.class.getClassLoader(),
            new Class<?>[] {LocalStore.class},
            (proxy, method, arguments) -> call(files, mine, method, arguments));
  }

  private @Nullable Object call(
      LocalStore files, SimThreads.Life mine, Method method, Object @Nullable [] arguments)
      throws Throwable {
    String name = method.getName();
    if (mine.isOver()) {
      throw new SimThreads.Ended();
    }
    boolean place = isPlace(name, arguments);
    if (place) {
      threads.passTime();
    }
    if (diskFull && WRITES.contains(name)) {
      throw new EngineFailureException(FailureKind.UNAVAILABLE, false, "the disk is full", null);
    }
    note(name, arguments);
    Object answer;
    try {
      answer = method.invoke(files, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
    if (answer instanceof LocalStore.Coverage left) {
      history.evicted |= left.evicted() > 0;
    }
    if (place) {
      threads.passTime();
    }
    return answer;
  }

  /**
   * Whether others may run before and after a call. Not if the caller holds a lock that no
   * simulated thread may wait for: while data is removed, and while a contact is recorded.
   */
  private boolean isPlace(String name, Object @Nullable [] arguments) {
    if (name.equals("settle") && arguments != null) {
      return ((List<?>) arguments[0])
          .stream().noneMatch(one -> ((Settlement) one).kind() == Settlement.Kind.CANCELLED);
    }
    return PLACES.contains(name) && (WRITES.contains(name) || threads.random().nextInt(8) == 0);
  }

  @SuppressWarnings("unchecked")
  private void note(String name, Object @Nullable [] arguments) {
    if (name.equals("resetMirror")) {
      history.emptied(number, threads.now());
      boolean keep = arguments != null && (Boolean) arguments[0];
      history.restores.emptied(number, keep, threads.now());
      history.event(threads.now(), "node " + number + " empties its copy" + (keep ? ", kept" : ""));
    } else if (name.equals("evict") || name.equals("giveUp")) {
      history.restores.gaveUp(number, threads.now());
      history.event(threads.now(), "node " + number + " evicts");
    }
    if (arguments == null) {
      return;
    }
    if (name.equals("met")) {
      history.adopted(threads.now(), number, (List<LocalStore.Met>) arguments[0]);
    } else if (name.equals("remember")) {
      hadContact = true;
      history.restores.contacted(number, ((Handshake) arguments[0]).databaseTime(), threads.now());
    } else if (name.equals("enqueue")) {
      Change change = (Change) arguments[0];
      history.enqueued((SimHistory.Op) threads.mark(), change);
      change.parts().stream()
          .filter(Change.MessagesAppended.class::isInstance)
          .flatMap(part -> ((Change.MessagesAppended) part).messages().stream())
          .forEach(message -> history.queuedMessages.add(number + "/" + message.id()));
      if (change instanceof Change.OwnerErased && threads.mark() == null) {
        history.restores.erasedHere(number, change.owner(), threads.now());
      }
      history.event(
          threads.now(), "node " + number + " queues " + change.getClass().getSimpleName());
    } else if (name.equals("settle")) {
      ConversationStore running = store;
      for (Settlement settlement : (List<Settlement>) arguments[0]) {
        history.settled(
            number,
            settlement,
            // During the start there is no store to ask.
            running == null ? null : running.state().rejected(),
            threads.now());
        SimHistory.Op op = history.byChange.get(settlement.changeId());
        history.event(
            threads.now(),
            "node "
                + number
                + " settles "
                + (op == null ? "?" : op.step.number())
                + " "
                + settlement.kind());
      }
    } else if (name.equals("mirror")) {
      for (State state : (List<State>) arguments[0]) {
        if (state instanceof MessageState message) {
          history.mirrored.putIfAbsent(number + "/" + message.messageId(), threads.now());
        }
      }
      if (arguments.length > 2 && arguments[2] != null) {
        history.whole(number, threads.now());
      }
      history.event(
          threads.now(), "node " + number + " mirrors " + ((List<State>) arguments[0]).size());
    }
  }
}
