package io.conversationstore.examples.chat.story;

import io.conversationstore.examples.chat.story.ChatClient.Reply;
import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * Many users at once, each with one request at a time and a pause between two. PostgreSQL is killed
 * after a third of the time and started after two thirds. Appends that are not acknowledged are
 * repeated under their key. Then every acknowledged message is looked for in the database.
 */
public final class Load {

  private static final int MOST_USERS = 1_000;
  private static final int LONGEST_S = 3_600;
  private static final int PAUSE_MILLIS = 500;
  private static final int IN_A_HUNDRED = 100;
  private static final int READS = 15;
  private static final int SEARCHES = 25;
  private static final int CREATED = 201;
  private static final int UNAVAILABLE = 503;
  private static final int NO_ANSWER = 0;

  /** The figures of a phase. Thread-safe. */
  private static final class Phase {
    private final String name;
    private final List<Long> micros = Collections.synchronizedList(new ArrayList<>());
    private final LongAdder refused = new LongAdder();

    Phase(String name) {
      this.name = name;
    }
  }

  private final int port;
  private final long start = System.nanoTime();
  private final long end;
  private final Acknowledged acknowledged = new Acknowledged();
  private final Phase before = new Phase("before");
  private final Phase away = new Phase("away");
  private final Phase after = new Phase("after");
  private final HttpClient http = HttpClient.newHttpClient();
  private volatile Phase phase = before;

  private Load(int port, int seconds) {
    this.port = port;
    this.end = start + TimeUnit.SECONDS.toNanos(seconds);
  }

  /** Arguments: users (200) and seconds (60). Exits with 1 if something acknowledged is lost. */
  public static void main(String[] arguments) throws Exception {
    int users = number(arguments, 0, 200, MOST_USERS);
    int seconds = number(arguments, 1, 60, LONGEST_S);
    Path root = Files.createTempDirectory("conversation-store-chat-load");
    boolean passed;
    try (TestPostgres postgres = TestPostgres.builder().durable(true).start()) {
      String database = postgres.createDatabase();
      try (ServerProcess server =
          ServerProcess.start(root, ServerProcess.database(postgres, database))) {
        Load load = new Load(server.port(), seconds);
        load.run(postgres, users, seconds);
        List<String> wrong = load.acknowledged.compare(postgres, database, "default");
        wrong.forEach(each -> System.out.println("WRONG: " + each));
        passed = wrong.isEmpty();
        load.print(users, seconds, wrong.size());
      }
    } finally {
      Story.remove(root);
    }
    System.exit(passed ? 0 : 1);
  }

  private static int number(String[] arguments, int index, int byDefault, int most) {
    int number = arguments.length > index ? Integer.parseInt(arguments[index]) : byDefault;
    if (number < 1 || number > most) {
      throw new IllegalArgumentException("argument " + (index + 1) + " must be 1 to " + most);
    }
    return number;
  }

  private void run(TestPostgres postgres, int users, int seconds) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(users);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < users; i++) {
        int number = i;
        all.add(threads.submit(() -> user(number)));
      }
      long third = TimeUnit.SECONDS.toNanos(seconds) / 3;
      pauseUntil(start + third);
      postgres.kill();
      phase = away;
      pauseUntil(start + 2 * third);
      postgres.restart();
      phase = after;
      for (Future<?> each : all) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
    ChatClient nobody = new ChatClient(http, port);
    Wait.until("all changes are sent", () -> isSent(nobody));
  }

  private static boolean isSent(ChatClient nobody) throws Exception {
    var database = nobody.send("GET", "/api/health").expect(200).body().get("database");
    return database.get("in_use").asBoolean() && database.get("pending").asInt() == 0;
  }

  private static void pauseUntil(long nanos) throws InterruptedException {
    TimeUnit.NANOSECONDS.sleep(nanos - System.nanoTime());
  }

  private Void user(int number) throws Exception {
    String name = "user " + number;
    ChatClient client = new ChatClient(http, port, "X-User", name);
    Random random = new Random(number);
    TimeUnit.MILLISECONDS.sleep(random.nextInt(PAUSE_MILLIS));
    for (int turn = 0; System.nanoTime() < end; turn++) {
      String words = "word" + turn / 2;
      int dice = turn == 0 ? IN_A_HUNDRED : random.nextInt(IN_A_HUNDRED);
      if (dice < READS) {
        timed(() -> client.send("GET", "/conversations/chat"));
      } else if (dice < SEARCHES) {
        timed(() -> client.send("GET", "/search?q=" + words));
      } else {
        append(client, name, turn);
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS / 2 + random.nextInt(PAUSE_MILLIS));
    }
    return null;
  }

  private void append(ChatClient client, String name, int turn) throws Exception {
    String text = "turn " + turn + " word" + turn;
    long longest = end + Duration.ofMinutes(1).toNanos();
    while (System.nanoTime() < longest) {
      int status = timed(() -> acknowledge(name, client.append("chat", text, "turn " + turn)));
      if (status == CREATED) {
        return;
      }
      if (status != UNAVAILABLE && status != NO_ANSWER) {
        throw new IOException("an append was answered with " + status);
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
  }

  private Reply acknowledge(String name, Reply reply) {
    if (reply.status() == CREATED) {
      acknowledged.add(name, reply.body().at("/messages/0"));
    }
    return reply;
  }

  private interface Request {
    Reply send() throws IOException, InterruptedException;
  }

  /** Sends a request; returns its status, or {@link #NO_ANSWER} if none came. */
  private int timed(Request request) throws InterruptedException {
    Phase now = phase;
    long begin = System.nanoTime();
    int status;
    try {
      status = request.send().status();
    } catch (IOException unknownOutcome) {
      status = NO_ANSWER;
    }
    now.micros.add((System.nanoTime() - begin) / 1_000);
    if (status >= 300 || status == NO_ANSWER) {
      now.refused.increment();
    }
    return status;
  }

  private void print(int users, int seconds, int wrong) {
    for (Phase each : List.of(before, away, after)) {
      List<Long> sorted = each.micros.stream().sorted().toList();
      System.out.printf(
          Locale.ROOT,
          "%-6s %6d requests, %d refused or late, median %.1f ms, p99 %.1f ms, longest %.1f ms%n",
          each.name,
          sorted.size(),
          each.refused.sum(),
          quantile(sorted, 0.5),
          quantile(sorted, 0.99),
          quantile(sorted, 1));
    }
    System.out.printf(
        Locale.ROOT,
        "CHAT-LOAD %s: %d users, %d s, %d acknowledged, %d wrong%n",
        wrong == 0 ? "passed" : "FAILED",
        users,
        seconds,
        acknowledged.messages(),
        wrong);
  }

  private static double quantile(List<Long> sorted, double part) {
    if (sorted.isEmpty()) {
      return 0;
    }
    int index = (int) Math.min(sorted.size() - 1, Math.floor(part * sorted.size()));
    return sorted.get(index) / 1_000.0;
  }
}
