package io.conversationstore.examples.rag;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.TestPostgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Asks {@link Program} ten questions in three conversations. PostgreSQL is killed after the third,
 * the program after the sixth; PostgreSQL starts again after the eighth. Then every conversation in
 * the database is compared with what was said.
 */
public final class Story {

  private static final Owner OWNER = Owner.of("roastery", "guest");
  private static final long LONGEST_NANOS = 120_000_000_000L;

  private final Path root;
  private final TestPostgres server;
  private final String database;

  /** The texts of each conversation, as the program took and printed them. */
  private final Map<String, List<String>> said = new LinkedHashMap<>();

  private Run program;

  private Story(Path root, TestPostgres server) throws IOException {
    this.root = root;
    this.server = server;
    this.database = server.createDatabase();
    this.program = start();
  }

  /** Plays the story; exits with 1 if the database differs from the transcript. */
  public static void main(String[] arguments) throws Exception {
    Path root = Files.createTempDirectory("conversation-store-rag-engine");
    boolean same;
    try (TestPostgres server = TestPostgres.builder().durable(true).start()) {
      Story story = new Story(root, server);
      try {
        story.play();
      } finally {
        story.program.kill();
      }
      same = story.compare();
    } finally {
      try (Stream<Path> all = Files.walk(root)) {
        for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      }
    }
    System.exit(same ? 0 : 1);
  }

  private void play() throws IOException, InterruptedException {
    ask("beans", "When do the green beans arrive?");
    ask("beans", "And what do I do with a damp sack?");
    ask("illness", "I am ill today. Whom do I call?");

    note("PostgreSQL is killed");
    server.kill();
    ask("illness", "When do they need a doctor's note?");
    ask("beans", "How long may green beans be stored until they are roasted?");
    ask("shop", "How much is shipping?");

    note("the program is killed, and starts again without PostgreSQL");
    program.kill();
    program = start();
    ask("shop", "And to other countries?");
    ask("illness", "May I swap a shift with somebody?");

    note("PostgreSQL starts again");
    server.restart();
    awaitSent();
    ask("beans", "How long is roasted coffee sold?");
    ask("shop", "Can a customer pause a subscription?");
    awaitSent();
  }

  private static void note(String text) {
    System.out.println("--- " + text);
  }

  private Run start() throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Program.class.getName());
    builder
        .environment()
        .keySet()
        .removeIf(
            name -> name.matches("((DB|POSTGRES|STORAGE|DATABASE|DATA|LOCAL|RAG|OPENAI)_).*"));
    builder.environment().put("DATABASE_URL", url());
    builder.environment().put("DATA_PATH", root.resolve("data").toString());
    Path log = root.resolve("program.log");
    builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    return new Run(builder.start(), log);
  }

  private void ask(String in, String question) throws IOException {
    program.enter(in);
    System.out.println(in + "> " + question);
    List<String> reply = program.send(question);
    reply.forEach(System.out::println);
    List<String> texts = said.computeIfAbsent(in, name -> new ArrayList<>());
    texts.add(question);
    texts.add(reply.get(0).replaceFirst("^A: ", ""));
  }

  /** A run of the program. */
  private static final class Run {
    private final Process process;
    private final Path log;
    private final BufferedReader answers;
    private final Writer questions;
    private String conversation = "";

    /** Waits until the program is ready. */
    Run(Process process, Path log) throws IOException {
      this.process = process;
      this.log = log;
      this.answers = process.inputReader(StandardCharsets.UTF_8);
      this.questions = process.outputWriter(StandardCharsets.UTF_8);
      reply();
    }

    void enter(String next) throws IOException {
      if (!next.equals(conversation)) {
        send("/in " + next);
        conversation = next;
      }
    }

    List<String> send(String line) throws IOException {
      questions.write(line + "\n");
      questions.flush();
      return reply();
    }

    private List<String> reply() throws IOException {
      List<String> lines = new ArrayList<>();
      for (String line = answers.readLine(); line != null; line = answers.readLine()) {
        if (line.isEmpty()) {
          return lines;
        }
        lines.add(line);
      }
      throw new IOException("the program has ended\n" + Files.readString(log));
    }

    void kill() throws InterruptedException {
      process.toHandle().destroyForcibly();
      process.waitFor();
    }
  }

  /** Waits until the program uses the database and has nothing pending. */
  private void awaitSent() throws IOException {
    long deadline = System.nanoTime() + LONGEST_NANOS;
    List<String> state = List.of();
    while (!state.equals(List.of("state ONLINE pending 0"))) {
      if (System.nanoTime() - deadline > 0) {
        throw new IOException("the pending turns were not sent; the last state was " + state);
      }
      LockSupport.parkNanos(100_000_000);
      state = program.send("/state");
    }
    note("all turns are in PostgreSQL");
  }

  private String url() {
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

  private boolean compare() {
    int messages = 0;
    int different = 0;
    try (ConversationStore direct =
        PostgresStore.open(
            PostgresOptions.url(server.jdbcUrl(database))
                .withLogin(server.user(), server.password()))) {
      for (Map.Entry<String, List<String>> each : said.entrySet()) {
        List<String> stored =
            direct.last(OWNER, each.getKey(), Page.MAX_LIMIT).stream()
                .map(StoredMessage::text)
                .toList();
        messages += stored.size();
        if (!stored.equals(each.getValue())) {
          different++;
          System.out.println("WRONG: " + each.getKey() + " has " + stored);
        }
      }
    }
    System.out.printf(
        Locale.ROOT,
        "RAG-ENGINE %s: %d conversations, %d messages compared, %d conversations differ%n",
        different == 0 ? "passed" : "FAILED",
        said.size(),
        messages,
        different);
    return different == 0;
  }
}
