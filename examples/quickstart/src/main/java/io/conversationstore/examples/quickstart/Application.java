package io.conversationstore.examples.quickstart;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStore;
import io.conversationstore.StoreState;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.hybrid.ConversationStores;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The application under test, a process of its own so that it can be killed: it opens the store
 * that its environment asks for and plays the conversations. It tells what was acknowledged, and
 * how long it took, in lines on its output:
 *
 * <pre>
 * A chat turn micros mode    a turn was acknowledged
 * R micros mode              the last 20 messages were read
 * F                          a call failed and is made again
 * S mode pending drained dropped parked
 * D                          all is stored, in the database and in the local copy
 * </pre>
 *
 * On its input it gets {@code chat turns} for what an earlier run was acknowledged, then {@code
 * go}, then, now and again, how many more messages it may write: the world outside sees to it that
 * something is still being written when the server is killed.
 */
final class Application {

  private static final int HISTORY = 20;
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final List<Input.Chat> chats;
  private final ConversationStore store;
  private final Map<Integer, Integer> done;
  private final PrintStream out;
  private final CountDownLatch written;
  private final Semaphore allowed = new Semaphore(0);

  /** When everything was first seen to be in the database; used by the reporter alone. */
  private @Nullable Instant end;

  private Application(
      List<Input.Chat> chats,
      ConversationStore store,
      Map<Integer, Integer> done,
      PrintStream out,
      int writers) {
    this.chats = chats;
    this.store = store;
    this.done = done;
    this.out = out;
    this.written = new CountDownLatch(writers);
  }

  /** Arguments: those of {@link Quickstart}. */
  public static void main(String[] args) throws Exception {
    Arguments arguments = Arguments.of(args);
    if (arguments == null) {
      throw new IllegalArgumentException("the application does not support --help");
    }
    List<Input.Chat> chats = Input.read(arguments.file(), arguments.copies());
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Map<Integer, Integer> done = readDone(in);
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    try (ConversationStore store = ConversationStores.fromEnvironment()) {
      new Application(chats, store, done, out, arguments.writers()).run(arguments.writers(), in);
    }
  }

  private static Map<Integer, Integer> readDone(BufferedReader in) throws IOException {
    Map<Integer, Integer> done = new HashMap<>();
    for (String line = in.readLine(); line != null && !line.equals("go"); line = in.readLine()) {
      int space = line.indexOf(' ');
      done.put(
          Integer.valueOf(line.substring(0, space)), Integer.valueOf(line.substring(space + 1)));
    }
    return done;
  }

  private void run(int writers, BufferedReader in) throws InterruptedException {
    Thread reader = new Thread(() -> readAllowance(in), "allowance");
    reader.setDaemon(true);
    reader.start();
    Queue<Integer> open = new ConcurrentLinkedQueue<>();
    for (int i = 0; i < chats.size(); i++) {
      if (done.getOrDefault(i, 0) < chats.get(i).turns().size()) {
        open.add(i);
      }
    }
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < writers; i++) {
      Thread thread = new Thread(() -> write(open), "writer-" + i);
      thread.start();
      threads.add(thread);
    }
    CountDownLatch whole = new CountDownLatch(1);
    ScheduledExecutorService reporter = Executors.newSingleThreadScheduledExecutor();
    ScheduledFuture<?> reports =
        reporter.scheduleWithFixedDelay(() -> report(whole), 0, 50, TimeUnit.MILLISECONDS);
    whole.await();
    reports.cancel(false);
    reporter.shutdown();
    for (Thread thread : threads) {
      thread.join();
    }
    tell("D");
  }

  private void readAllowance(BufferedReader in) {
    try {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        allowed.release(Integer.parseInt(line));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void write(Queue<Integer> open) {
    for (Integer chat = open.poll(); chat != null; chat = open.poll()) {
      play(chat);
    }
    written.countDown();
  }

  private void play(int number) {
    Input.Chat chat = chats.get(number);
    int first = done.getOrDefault(number, 0);
    repeating(() -> store.createIfAbsent(chat.owner(), chat.header()));
    for (int turn = first; turn < chat.turns().size(); turn++) {
      int index = turn;
      allowed.acquireUninterruptibly(chat.turns().get(turn).size());
      long start = System.nanoTime();
      repeating(
          () ->
              store.append(
                  chat.owner(), chat.id(), chat.turns().get(index), AppendCondition.always()));
      tell("A " + number + " " + index + " " + micros(start) + " " + store.state().mode());
      long read = System.nanoTime();
      repeating(() -> store.last(chat.owner(), chat.id(), HISTORY));
      tell("R " + micros(read) + " " + store.state().mode());
    }
  }

  /** Makes a call until it is acknowledged; its message ids make that safe. */
  private void repeating(Runnable call) {
    while (true) {
      try {
        call.run();
        return;
      } catch (StoreUnavailableException e) {
        tell("F");
        LockSupport.parkNanos(RETRY_NANOS);
      }
    }
  }

  /** One line, whole or recognizably cut off. */
  private void tell(String line) {
    out.println(line + ApplicationProcess.END);
  }

  private static long micros(long since) {
    return TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - since);
  }

  private void report(CountDownLatch whole) {
    StoreState state = store.state();
    StoreState.Resync resync = state.lastResync();
    tell(
        "S "
            + state.mode()
            + " "
            + state.pending().changes()
            + (resync == null
                ? " 0 0 0"
                : " " + resync.drained() + " " + resync.dropped() + " " + resync.parked()));
    StoreState.Mirror mirror = state.mirror();
    Instant asOf = mirror == null ? null : mirror.asOf();
    if (written.getCount() > 0
        || state.mode() != StoreState.Mode.ONLINE
        || state.pending().changes() > 0
        || asOf == null) {
      end = null;
      return;
    }
    // The copy is whole once it has followed beyond the last write.
    if (end == null) {
      end = Instant.now();
    } else if (asOf.isAfter(end)) {
      whole.countDown();
    }
  }
}
