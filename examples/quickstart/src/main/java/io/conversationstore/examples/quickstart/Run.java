package io.conversationstore.examples.quickstart;

import io.conversationstore.StoreState.Mode;
import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The world around the application: starts it, follows what it tells, and does to it and to the
 * server what the schedule says.
 */
final class Run {

  /** Without any acknowledged write for this long the run has failed. */
  private static final long STALL_SECONDS = 90;

  private final List<Input.Chat> chats;
  private final String[] args;
  private final TestPostgres server;
  private final Path directory;
  private final Timeline timeline;
  private final Deque<Schedule.Step> steps;
  private final int total;
  private final int[] acknowledged;

  /** Messages that may be written beyond the place where the next thing is to happen. */
  private final int inFlight;

  private final ExecutorService world = Executors.newSingleThreadExecutor();
  private volatile boolean serverUp = true;
  private volatile @Nullable ApplicationProcess application;
  private volatile long lastProgress = System.nanoTime();
  private volatile boolean stalled;
  private volatile boolean happening;
  private volatile Mode mode = Mode.OFFLINE;
  private int allowed;
  private int messages;
  private int kills;
  private int crashes;
  private int duringOutage;
  private boolean crashing;
  private boolean done;
  private long pending;
  private long dropped;
  private long parked;

  Run(
      List<Input.Chat> chats,
      String[] args,
      int writers,
      Schedule schedule,
      TestPostgres server,
      Path directory,
      Timeline timeline) {
    this.chats = chats;
    this.args = args;
    this.server = server;
    this.directory = directory;
    this.timeline = timeline;
    this.steps = new ArrayDeque<>(schedule.steps());
    this.total = chats.stream().mapToInt(chat -> chat.messages().size()).sum();
    this.acknowledged = new int[chats.size()];
    int longestTurn =
        chats.stream().flatMap(chat -> chat.turns().stream()).mapToInt(List::size).max().orElse(0);
    this.inFlight = 200 + writers * longestTurn;
  }

  int kills() {
    return kills;
  }

  int crashes() {
    return crashes;
  }

  int duringOutage() {
    return duringOutage;
  }

  long rejected() {
    return dropped + parked;
  }

  /** Stops the server before anything begins. */
  void startWithoutServer() {
    server.stop();
    serverUp = false;
    timeline.event("the server is not started yet");
  }

  /** Plays everything; returns whether the application said that all is stored. */
  boolean play() throws IOException, InterruptedException {
    ScheduledExecutorService watchdog = Executors.newSingleThreadScheduledExecutor();
    ScheduledFuture<?> watching =
        watchdog.scheduleWithFixedDelay(this::watch, 1, 1, TimeUnit.SECONDS);
    try {
      int status;
      do {
        crashing = false;
        ApplicationProcess started =
            ApplicationProcess.start(
                args, environment(), acknowledged, directory.resolve("application.log"));
        application = started;
        allowed = messages;
        allowUpToNext();
        status = started.follow(this::line);
        if (crashing) {
          timeline.event(
              "the application was killed with kill -9 with "
                  + pending
                  + " changes pending; it is started again");
        }
      } while (crashing && !stalled);
      return done && status == 0 && !stalled;
    } finally {
      watching.cancel(false);
      watchdog.shutdown();
      world.shutdown();
      if (!world.awaitTermination(1, TimeUnit.MINUTES)) {
        timeline.event("the server did not start again");
      }
    }
  }

  private void watch() {
    ApplicationProcess running = application;
    if (System.nanoTime() - lastProgress > TimeUnit.SECONDS.toNanos(STALL_SECONDS)
        && running != null
        && !stalled) {
      stalled = true;
      timeline.event("nothing was acknowledged for " + STALL_SECONDS + " s: giving up");
      running.kill();
    }
  }

  private Map<String, String> environment() {
    String url =
        "postgresql://"
            + server.user()
            + ":"
            + URLEncoder.encode(server.password(), StandardCharsets.UTF_8)
            + "@"
            + server.host()
            + ":"
            + server.port()
            + "/postgres";
    return Map.of("DATABASE_URL", url, "DATA_PATH", directory.resolve("data").toString());
  }

  private void line(String line) {
    String[] fields = line.split(" ", -1);
    switch (fields[0]) {
      case "A" -> wrote(fields);
      case "R" -> timeline.read(Long.parseLong(fields[1]), Mode.valueOf(fields[2]));
      case "F" -> timeline.failedCall();
      case "S" -> {
        long drained = Long.parseLong(fields[3]);
        if (drained != 0 || Long.parseLong(fields[2]) != pending) {
          lastProgress = System.nanoTime();
        }
        pending = Long.parseLong(fields[2]);
        dropped = Math.max(dropped, Long.parseLong(fields[4]));
        parked = Math.max(parked, Long.parseLong(fields[5]));
        mode = Mode.valueOf(fields[1]);
        timeline.state(mode, pending, drained);
        allowUpToNext();
      }
      case "D" -> done = true;
      default -> throw new IllegalStateException("the application printed an unexpected line");
    }
  }

  private void wrote(String[] fields) {
    lastProgress = System.nanoTime();
    int chat = Integer.parseInt(fields[1]);
    int turn = Integer.parseInt(fields[2]);
    int count = chats.get(chat).turns().get(turn).size();
    acknowledged[chat] = turn + 1;
    messages += count;
    if (!serverUp) {
      duringOutage += count;
    }
    timeline.wrote(count, Long.parseLong(fields[3]), Mode.valueOf(fields[4]));
    Schedule.Step next = steps.peek();
    if (next != null && isReady(next) && messages >= next.at() * total) {
      steps.remove();
      happen(next.kind());
    }
  }

  /** One thing at a time, and a server is killed only when the store uses it. */
  private boolean isReady(Schedule.Step step) {
    return !happening && (step.kind() != Schedule.Kind.KILL_SERVER || mode != Mode.OFFLINE);
  }

  /**
   * The application may write up to where the next thing is to happen, and waits there until that
   * can happen: so nothing is done to a server that has nothing to do. Then it may go on a little,
   * for the writes that are in flight meanwhile.
   */
  private synchronized void allowUpToNext() {
    Schedule.Step next = steps.peek();
    int upTo = next == null ? total : (int) (next.at() * total) + (isReady(next) ? inFlight : 0);
    ApplicationProcess running = application;
    if (upTo > allowed && running != null) {
      running.allow(upTo - allowed);
      allowed = upTo;
    }
  }

  /** Never on the thread that follows the application, so that its pipe does not fill. */
  private void happen(Schedule.Kind kind) {
    happening = kind != Schedule.Kind.KILL_APPLICATION;
    allowUpToNext();
    switch (kind) {
      case KILL_SERVER -> {
        kills++;
        later(
            () -> {
              server.kill();
              serverUp = false;
              timeline.event("the server was killed with kill -9");
            });
      }
      case START_SERVER ->
          later(
              () -> {
                serverUp = true;
                server.restart();
                timeline.event("the server was started again");
              });
      case KILL_APPLICATION -> {
        ApplicationProcess running = application;
        if (running != null) {
          crashes++;
          crashing = true;
          running.kill();
        }
      }
    }
  }

  private void later(Runnable action) {
    world.execute(
        () -> {
          try {
            action.run();
            happening = false;
            allowUpToNext();
          } catch (RuntimeException e) {
            timeline.event("the server could not be controlled: " + e);
          }
        });
  }
}
