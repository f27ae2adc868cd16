package io.conversationstore.examples.quickstart;

import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** The main job on real input; {@link Arguments#HELP} says what it does. */
public final class Quickstart {

  private Quickstart() {}

  /** Runs it and exits with its status. */
  public static void main(String[] args) throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    int status;
    try {
      Arguments arguments = Arguments.of(args);
      if (arguments == null) {
        out.print(Arguments.HELP);
        status = 0;
      } else {
        status = run(arguments, args, out) ? 0 : 1;
      }
    } catch (Arguments.Wrong wrong) {
      System.err.println("quickstart: " + wrong.getMessage());
      status = 2;
    }
    out.flush();
    System.exit(status);
  }

  private static boolean run(Arguments arguments, String[] args, PrintStream out)
      throws Arguments.Wrong, IOException, InterruptedException {
    List<Input.Chat> chats = Input.read(arguments.file(), arguments.copies());
    int total = chats.stream().mapToInt(chat -> chat.messages().size()).sum();
    out.printf(
        Locale.ROOT,
        "%d conversations, %d messages, %d writers; starting PostgreSQL with fsync on%n",
        chats.size(),
        total,
        arguments.writers());
    Path directory = Files.createTempDirectory("conversation-store-quickstart");
    try (TestPostgres server = TestPostgres.builder().durable(true).start()) {
      out.println("PostgreSQL " + server.version() + " is up");
      Timeline timeline = new Timeline(out, arguments.terminal(), total);
      Run run =
          new Run(
              chats,
              args,
              arguments.writers(),
              Schedule.of(arguments),
              server,
              directory,
              timeline);
      if (arguments.startDown()) {
        run.startWithoutServer();
      }
      boolean played = run.play();
      timeline.phases();
      if (!played) {
        out.println("The run did not finish. The log of the application:");
        Files.readAllLines(directory.resolve("application.log")).stream()
            .limit(40)
            .forEach(out::println);
        return false;
      }
      return verdict(chats, total, run, server, directory, out);
    } finally {
      delete(directory);
    }
  }

  private static boolean verdict(
      List<Input.Chat> chats,
      int total,
      Run run,
      TestPostgres server,
      Path directory,
      PrintStream out) {
    Comparison database;
    try (PrimaryStore postgres =
        PostgresStore.openEngine(
            PostgresOptions.url(server.jdbcUrl()).withLogin(server.user(), server.password()))) {
      database = Comparison.of("PostgreSQL", postgres, chats);
    }
    Comparison files;
    try (LocalStore local =
        JsonFileStore.openEngine(JsonFileOptions.in(directory.resolve("data")))) {
      files = Comparison.of("local files", local, chats);
    }
    out.println("place          conversations  messages  lost  doubled  out of order  different");
    out.printf(
        Locale.ROOT,
        "%-13s  %13d  %8d  %4s  %7s  %12s  %9s%n",
        "input",
        chats.size(),
        total,
        "",
        "",
        "",
        "");
    for (Comparison comparison : List.of(database, files)) {
      out.printf(
          Locale.ROOT,
          "%-13s  %13d  %8d  %4d  %7d  %12d  %9d%n",
          comparison.place(),
          comparison.conversations(),
          comparison.messages(),
          comparison.lost(),
          comparison.doubled(),
          comparison.reordered(),
          comparison.different());
    }
    out.println();
    boolean perfect = database.isPerfect() && files.isPerfect() && run.rejected() == 0;
    out.printf(
        Locale.ROOT,
        "QUICKSTART messages=%d kills=%d crashes=%d acked-during-outage=%d rejected=%d lost=%d"
            + " doubled=%d reordered=%d different=%d %s%n",
        total,
        run.kills(),
        run.crashes(),
        run.duringOutage(),
        run.rejected(),
        database.lost() + files.lost(),
        database.doubled() + files.doubled(),
        database.reordered() + files.reordered(),
        database.different() + files.different(),
        perfect ? "OK" : "FAILED");
    return perfect;
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> tree = Files.walk(directory)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
