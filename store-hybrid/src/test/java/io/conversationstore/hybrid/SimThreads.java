package io.conversationstore.hybrid;

import io.conversationstore.hybrid.internal.support.NodeScheduler;
import io.conversationstore.jsonfile.LightThreads;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import org.jspecify.annotations.Nullable;

/**
 * Threads of a simulation: real ones, of which one runs at a time, in simulated time that advances
 * only while all of them wait. The thread with the shortest wait continues first. Waits are drawn
 * from the threads' seeds, so one seed gives one history. All methods except {@link #run} are
 * called by these threads.
 *
 * <p>The threads of a still simulation are one real thread: while the first of them waits, the
 * others run to completion on its stack. This is many times as fast, and shows no races.
 */
final class SimThreads {

  /** Ends a thread whose life is over, past all handlers of exceptions. */
  static final class Ended extends Error {
    private static final long serialVersionUID = 1;

    Ended() {
      super("over", null, false, false);
    }
  }

  /** Groups threads that end together: one run of a node. */
  static final class Life {
    private boolean over;

    boolean isOver() {
      return over;
    }

    void end() {
      over = true;
    }
  }

  private static final long MICRO = 1_000;
  private static final long MILLI = 1_000_000;
  private static final int MOST_STEPS = 400_000;
  private static final Executor POOL =
      LightThreads.areVirtual()
          ? task -> LightThreads.of(task).start()
          : Executors.newCachedThreadPool(LightThreads::of);
  private static final ThreadLocal<SimThread> CURRENT = new ThreadLocal<>();

  private final class SimThread implements Runnable {
    private final String name;
    private final Runnable body;
    private final Semaphore baton = new Semaphore(0);
    private SplittableRandom random;
    private @Nullable Life life;
    private @Nullable Object mark;
    private final boolean isFirst;
    private boolean started;
    private long wake;
    private long order;

    SimThread(String name, @Nullable Life life, Runnable body, SplittableRandom random) {
      this.name = name;
      this.life = life;
      this.body = body;
      this.random = random;
      this.isFirst = life == null;
    }

    SimThreads owner() {
      return SimThreads.this;
    }

    boolean isOver() {
      return over || (life != null && life.over);
    }

    @Override
    public void run() {
      try {
        runOnTop();
      } finally {
        passOn();
      }
    }

    void runOnTop() {
      CURRENT.set(this);
      try {
        if (!isOver()) {
          body.run();
        }
      } catch (Ended end) {
        if (!isOver()) {
          fail(end);
        }
      } catch (Throwable failed) {
        fail(new AssertionError("thread " + name + ": " + failed, failed));
      } finally {
        CURRENT.remove();
      }
    }
  }

  private final SplittableRandom seeds;
  private final boolean still;
  private final PriorityQueue<SimThread> waiting =
      new PriorityQueue<>(
          Comparator.<SimThread>comparingLong(thread -> thread.wake)
              .thenComparingLong(thread -> thread.order));
  private final CountDownLatch done = new CountDownLatch(1);
  private long now;
  private long orders;
  private int steps;
  private boolean over;
  private @Nullable Throwable failure;

  SimThreads(long seed) {
    this(seed, false);
  }

  /**
   * @param still whether calls take no time, so that each ends before anything else happens
   */
  SimThreads(long seed, boolean still) {
    this.seeds = new SplittableRandom(seed);
    this.still = still;
  }

  /** Whether calls take no time, without random choices. */
  boolean isStill() {
    return still;
  }

  /** Runs a thread and all threads it starts until it ends; the others end with it. */
  void run(Runnable first) {
    if (still) {
      runAlone(first);
      return;
    }
    spawn(
        "driver",
        null,
        () -> {
          try {
            first.run();
          } finally {
            over = true;
          }
        },
        0);
    passOn();
    try {
      if (!done.await(120, TimeUnit.SECONDS)) {
        throw new AssertionError("a simulated thread waits for something outside the simulation");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    if (failure != null) {
      throw failure instanceof AssertionError error ? error : new AssertionError(failure);
    }
  }

  private void runAlone(Runnable first) {
    new SimThread("driver", null, first, seeds.split()).runOnTop();
    over = true;
    if (failure != null) {
      throw failure instanceof AssertionError error ? error : new AssertionError(failure);
    }
  }

  /** The first thread of a still simulation waits: the others continue. Others wait in no time. */
  private void sleepAlone(SimThread me, long nanos) {
    long end = now + nanos;
    if (me.isFirst) {
      for (SimThread next = waiting.peek();
          next != null && next.wake <= end && !over;
          next = waiting.peek()) {
        waiting.remove(next);
        now = Math.max(now, next.wake);
        next.runOnTop();
        CURRENT.set(me);
      }
    }
    now = Math.max(now, end);
  }

  private void fail(Throwable cause) {
    if (failure == null) {
      failure = cause;
    }
    over = true;
  }

  /** Reports a forbidden event in the present thread; ends its simulation. */
  static void failPresent(String what) {
    SimThread me = CURRENT.get();
    if (me != null) {
      me.owner().fail(new AssertionError(what));
    }
  }

  /** The time in nanoseconds. */
  long now() {
    return now;
  }

  /** The number of waits so far. */
  int steps() {
    return steps;
  }

  /** Starts a thread later. */
  void spawn(String name, @Nullable Life life, Runnable body, long nanos) {
    SimThread thread = new SimThread(name, life, body, seeds.split());
    enter(thread, nanos);
  }

  private void enter(SimThread thread, long nanos) {
    thread.wake = now + nanos;
    thread.order = orders++;
    waiting.add(thread);
  }

  private static SimThread current() {
    SimThread thread = CURRENT.get();
    if (thread == null) {
      throw new IllegalStateException("not a thread of a simulation");
    }
    return thread;
  }

  /** Runs an action as part of a life; it ends with that life. */
  void within(Life life, Runnable body) {
    SimThread me = current();
    Life before = me.life;
    me.life = life;
    try {
      body.run();
    } finally {
      me.life = before;
    }
  }

  /** From now on, the present thread draws from this seed and carries a mark. */
  void mark(long seed, @Nullable Object mark) {
    SimThread me = current();
    me.random = new SplittableRandom(seed);
    me.mark = mark;
  }

  /** The mark of the present thread. */
  @Nullable Object mark() {
    return current().mark;
  }

  SplittableRandom random() {
    return current().random;
  }

  /** Waits for the duration of an action that is mostly quick and sometimes very slow. */
  void passTime() {
    if (still) {
      return;
    }
    SplittableRandom random = random();
    int kind = random.nextInt(100);
    long most =
        kind < 60 ? 200 * MICRO : kind < 90 ? 5 * MILLI : kind < 99 ? 80 * MILLI : 1_500 * MILLI;
    sleep(random.nextLong(most));
  }

  void sleep(long nanos) {
    SimThread me = current();
    if (me.isOver()) {
      throw new Ended();
    }
    if (++steps > MOST_STEPS) {
      throw new AssertionError("the simulation does not come to an end");
    }
    if (still) {
      sleepAlone(me, nanos);
      if (me.isOver()) {
        throw new Ended();
      }
      return;
    }
    enter(me, nanos);
    SimThread next = waiting.remove();
    now = next.wake;
    if (next != me) {
      resume(next);
      me.baton.acquireUninterruptibly();
    }
    if (me.isOver()) {
      throw new Ended();
    }
  }

  private void passOn() {
    SimThread next = waiting.poll();
    while (next != null && next.isOver() && !next.started) {
      next = waiting.poll();
    }
    if (next == null) {
      done.countDown();
    } else {
      now = next.wake;
      resume(next);
    }
  }

  private static void resume(SimThread thread) {
    if (thread.started) {
      thread.baton.release();
    } else {
      thread.started = true;
      POOL.execute(thread);
    }
  }

  /** The scheduler of a node for one life. */
  NodeScheduler clockwork(String name, Life life) {
    return new SimClockwork(name, life);
  }

  private final class SimClockwork implements NodeScheduler {
    private final String name;
    private final Life life;
    private boolean stopped;
    private int running;

    SimClockwork(String name, Life life) {
      this.name = name;
      this.life = life;
    }

    @Override
    public long nanoTime() {
      return now;
    }

    @Override
    public void schedule(Runnable task, long millis) {
      if (!stopped && !life.over) {
        spawn(name, life, () -> work(task), millis * MILLI + random().nextLong(100 * MICRO));
      }
    }

    private void work(Runnable task) {
      if (stopped) {
        return;
      }
      running++;
      try {
        task.run();
      } finally {
        running--;
      }
    }

    @Override
    public void repeat(Runnable task, long millis) {
      schedule(
          () -> {
            task.run();
            repeat(task, millis);
          },
          millis);
    }

    @Override
    public void dispatch(Runnable event) {
      schedule(event, 0);
    }

    @Override
    public void pause(long nanos) {
      sleep(nanos);
    }

    @Override
    public void acquire(Lock lock) {
      for (long wait = 100 * MICRO; !lock.tryLock(); wait = Math.min(2 * wait, 20 * MILLI)) {
        sleep(wait);
      }
    }

    @Override
    public void stop() {
      stopped = true;
    }

    @Override
    public boolean awaitEnd() {
      for (int tries = 0; running > 0 && tries < 500; tries++) {
        sleep(10 * MILLI);
      }
      return running == 0;
    }
  }
}
