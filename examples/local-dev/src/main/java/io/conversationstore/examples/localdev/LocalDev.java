package io.conversationstore.examples.localdev;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.hybrid.ConversationStores;
import io.conversationstore.json.ModelJson;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.TestPostgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The story of a directory: filled without a database, sent to one that appears, without it again,
 * back; then the same with the database killed in the middle of the first sending. {@link Program}
 * runs each time, and nothing but its variables changes.
 */
public final class LocalDev {

  private static final int TURNS = 100;
  private static final int COPIES_FOR_THE_KILL = 8;
  private static final long LONGEST_NANOS = 300_000_000_000L;

  private final String file;
  private final Path root;
  private final TestPostgres server;
  private boolean failed;

  private LocalDev(String file, Path root, TestPostgres server) {
    this.file = file;
    this.root = root;
    this.server = server;
  }

  /** Argument: a file of conversations as {@link Data#read} takes it; generated ones without it. */
  public static void main(String[] arguments) throws Exception {
    String file = arguments.length == 0 ? "-" : arguments[0];
    Path root = Files.createTempDirectory("conversation-store-local-dev");
    boolean failed;
    try (TestPostgres server = TestPostgres.builder().durable(true).start()) {
      LocalDev story = new LocalDev(file, root, server);
      story.run();
      failed = story.failed;
    } finally {
      try (Stream<Path> all = Files.walk(root)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    System.out.println(failed ? "LOCAL-DEV FAILED" : "LOCAL-DEV passed");
    System.exit(failed ? 1 : 0);
  }

  private void run() throws Exception {
    List<Data.Chat> chats = Data.read(file, 1);
    Map<String, List<Message>> expected = new LinkedHashMap<>();
    chats.forEach(chat -> expected.put(chat.id(), new ArrayList<>(chat.messages())));

    say("no variable is set: %d conversations are written", chats.size());
    Path data = root.resolve("data");
    program(Map.of("DATA_PATH", data.toString()), 1, "0", String.valueOf(chats.size()))
        .until(state -> state.mode.equals("LOCAL_ONLY"))
        .end();
    Map<String, List<Instant>> times = times(data);

    String database = server.createDatabase();
    Map<String, String> with = Map.of("DATA_PATH", data.toString(), "DATABASE_URL", url(database));
    say("DATABASE_URL is set");
    program(with, 1, "0", "0").until(LocalDev::isSent).end();
    compare("after the first start with a database", database, expected, times);

    say("DATABASE_URL is removed: %d turns are written", TURNS);
    program(Map.of("DATA_PATH", data.toString()), 1, "turns", "0", String.valueOf(TURNS))
        .until(state -> state.mode.equals("OFFLINE") && state.pending == TURNS)
        .end();
    for (int i = 0; i < TURNS; i++) {
      int turn = i;
      expected.computeIfPresent(
          chats.get(i % chats.size()).id(),
          (id, messages) -> {
            messages.addAll(Data.turn(turn));
            return messages;
          });
    }

    say("DATABASE_URL is set again");
    program(with, 1, "0", "0").until(LocalDev::isSent).end();
    compare("after the database was configured again", database, expected, Map.of());

    killedInTheMiddle();
  }

  private void killedInTheMiddle() throws Exception {
    List<Data.Chat> chats = Data.read(file, COPIES_FOR_THE_KILL);
    Map<String, List<Message>> expected = new LinkedHashMap<>();
    chats.forEach(chat -> expected.put(chat.id(), chat.messages()));
    say("another directory: %d conversations are written without a database", chats.size());
    Path data = root.resolve("killed");
    program(
            Map.of("DATA_PATH", data.toString()),
            COPIES_FOR_THE_KILL,
            "0",
            String.valueOf(chats.size()))
        .until(state -> state.mode.equals("LOCAL_ONLY"))
        .end();
    Map<String, List<Instant>> times = times(data);

    String database = server.createDatabase();
    Map<String, String> with = Map.of("DATA_PATH", data.toString(), "DATABASE_URL", url(database));
    Run run = program(with, COPIES_FOR_THE_KILL, "0", "0").until(state -> state.sent > 0);
    server.kill();
    run.until(state -> state.mode.equals("OFFLINE"));
    long sent = run.last.sent;
    say("the database is killed when %d of %d conversations are sent", sent, chats.size());
    if (sent >= chats.size()) {
      fail("everything was sent before the database was killed");
    }
    run.kill();
    server.restart();
    say("the program is killed too; both start again");
    program(with, COPIES_FOR_THE_KILL, "0", "0").until(LocalDev::isSent).end();
    compare("after the kill", database, expected, times);
  }

  private static boolean isSent(State state) {
    return state.mode.equals("ONLINE") && state.pending == 0;
  }

  private static void say(String format, Object... arguments) {
    System.out.printf(Locale.ROOT, format + "%n", arguments);
  }

  private void fail(String what) {
    failed = true;
    say("  WRONG: %s", what);
  }

  private String url(String database) {
    return "postgresql://"
        + server.user()
        + ":"
        + URLEncoder.encode(server.password(), StandardCharsets.UTF_8)
        + "@"
        + server.host()
        + ":"
        + server.port()
        + "/"
        + database;
  }

  // Comparing

  /** When conversations were made and last used, as the directory alone has it. */
  private static Map<String, List<Instant>> times(Path data) {
    Map<String, List<Instant>> times = new HashMap<>();
    try (ConversationStore store = ConversationStores.inFiles(data)) {
      conversations(store)
          .forEach(one -> times.put(one.id(), List.of(one.createdAt(), one.updatedAt())));
    }
    return times;
  }

  private static List<Conversation> conversations(ConversationStore store) {
    List<Conversation> all = new ArrayList<>();
    var query = io.conversationstore.ConversationQuery.all().withLimit(Page.MAX_LIMIT);
    while (true) {
      Page<Conversation> page = store.list(Data.OWNER, query);
      all.addAll(page.items());
      if (!page.hasMore()) {
        return all;
      }
      query = query.withCursor(page.cursor());
    }
  }

  private void compare(
      String when,
      String database,
      Map<String, List<Message>> expected,
      Map<String, List<Instant>> times) {
    long messages = 0;
    long wrong = 0;
    try (ConversationStore direct =
        PostgresStore.open(
            PostgresOptions.url(server.jdbcUrl(database))
                .withLogin(server.user(), server.password()))) {
      List<Conversation> there = conversations(direct);
      if (there.size() != expected.size()) {
        fail(there.size() + " conversations instead of " + expected.size());
      }
      for (Conversation one : there) {
        List<Message> wanted = expected.getOrDefault(one.id(), List.of());
        List<StoredMessage> found = messages(direct, one.id());
        messages += found.size();
        List<Instant> kept = times.get(one.id());
        boolean same =
            found.size() == wanted.size()
                && (kept == null || kept.equals(List.of(one.createdAt(), one.updatedAt())));
        for (int i = 0; same && i < wanted.size(); i++) {
          same =
              found.get(i).id().equals(wanted.get(i).id())
                  && ModelJson.digest(found.get(i).message())
                      .equals(ModelJson.digest(wanted.get(i)));
        }
        wrong += same ? 0 : 1;
      }
    }
    say(
        "  %s: %d conversations, %d messages compared, %d differ",
        when, expected.size(), messages, wrong);
    failed |= wrong > 0;
  }

  private static List<StoredMessage> messages(ConversationStore store, String id) {
    List<StoredMessage> all = new ArrayList<>();
    MessageQuery query = MessageQuery.first(Page.MAX_LIMIT);
    while (true) {
      Page<StoredMessage> page = store.messages(Data.OWNER, id, query);
      all.addAll(page.items());
      if (!page.hasMore() || page.cursor() == null) {
        return all;
      }
      query = query.withCursor(page.cursor());
    }
  }

  // The program

  /** What the program says of its store. */
  private record State(String mode, long pending, long sent, long toSend) {}

  private Run program(Map<String, String> variables, int copies, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-cp", System.getProperty("java.class.path")));
    command.addAll(List.of(Program.class.getName(), file, String.valueOf(copies)));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.matches("(DB|POSTGRES|STORAGE|DATABASE|DATA|LOCAL)_.*"));
    builder.environment().putAll(variables);
    builder.redirectError(ProcessBuilder.Redirect.appendTo(root.resolve("program.log").toFile()));
    return new Run(builder.start());
  }

  /** A run of the program. */
  private final class Run {
    private final Process process;
    private final BufferedReader out;
    private State last = new State("", 0, 0, 0);

    Run(Process process) {
      this.process = process;
      this.out = process.inputReader(StandardCharsets.UTF_8);
    }

    /** Waits until it says that. */
    Run until(Predicate<State> wanted) throws IOException {
      long deadline = System.nanoTime() + LONGEST_NANOS;
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        String[] words = line.split(" ");
        if (words[0].equals("state")) {
          last =
              new State(
                  words[1],
                  Long.parseLong(words[2]),
                  Long.parseLong(words[3]),
                  Long.parseLong(words[4]));
          if (wanted.test(last)) {
            return this;
          }
        }
        if (System.nanoTime() - deadline > 0) {
          throw new IOException(
              "the expected state was not reached; the program printed " + last + "\n" + log());
        }
      }
      throw new IOException("the program has ended; it printed " + last + "\n" + log());
    }

    private String log() {
      try {
        return Files.readString(root.resolve("program.log"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    void end() throws IOException, InterruptedException {
      process.getOutputStream().close();
      while (out.readLine() != null) {
        // What it says at its end does not matter.
      }
      if (process.waitFor() != 0) {
        throw new IOException("the program failed\n" + log());
      }
    }

    void kill() throws InterruptedException {
      process.toHandle().destroyForcibly();
      process.waitFor();
    }
  }
}
