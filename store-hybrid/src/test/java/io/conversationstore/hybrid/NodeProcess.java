package io.conversationstore.hybrid;

import io.conversationstore.testkit.TestPostgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A node in its own process ({@link NodeMain}), controlled through pipes. Single-threaded. */
final class NodeProcess implements AutoCloseable {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Duration CATCH_UP = Duration.ofMinutes(3);
  private static final String END = "";
  private static final int MOST_ERROR_TEXT = 10_000;

  private final List<String> command;
  private final Path errors;
  private Process process;
  private PrintWriter questions;
  private BlockingQueue<String> answers;
  private long asked;

  /** The last answer, for the error text. */
  private String last = "no answer";

  private boolean running;
  private boolean stopped;

  /**
   * @param errors the file for the process's standard error
   * @param ahead seconds that its clock is ahead
   */
  NodeProcess(TestPostgres server, String database, Path directory, Path errors, long ahead)
      throws IOException {
    this.errors = errors;
    this.command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx160m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            NodeMain.class.getName(),
            server.jdbcUrl(database),
            server.user(),
            server.password(),
            directory.toString(),
            String.valueOf(ahead));
    launch();
  }

  private void launch() throws IOException {
    Process started =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
            .start();
    BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    Thread reader = new Thread(() -> read(started, lines), "node-answers");
    reader.setDaemon(true);
    reader.start();
    process = started;
    answers = lines;
    questions =
        new PrintWriter(
            new OutputStreamWriter(started.getOutputStream(), StandardCharsets.UTF_8), true);
    running = true;
  }

  /** Reads until the process ends; skips its log output. */
  private static void read(Process process, BlockingQueue<String> lines) {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      in.lines().filter(line -> line.matches("[0-9]+ (yes|no)")).forEach(lines::add);
    } catch (IOException | UncheckedIOException killed) {
      // Its last answers are unknown, as for the caller of a killed process.
    }
    lines.add(END);
  }

  /** Restarts it on the same directory. */
  void start() throws IOException {
    if (!running) {
      launch();
    }
  }

  /** Whether it can be asked now. */
  boolean answers() {
    return running && !stopped;
  }

  void ask(String question) {
    asked++;
    questions.println(asked + " " + question);
  }

  /**
   * Whether the last question was answered with yes; false also if unknown. An unexpected end of
   * the process is an error.
   */
  boolean answer() {
    return answer(LIMIT);
  }

  private boolean answer(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    try {
      while (true) {
        String line = answers.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (line == null) {
          return false;
        }
        if (line.equals(END)) {
          throw new AssertionError("a node ended by itself: " + errorText());
        }
        // Earlier lines answer abandoned questions.
        if (line.startsWith(asked + " ")) {
          last = line;
          return line.endsWith(" yes");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private String errorText() {
    try {
      String text = Files.readString(errors);
      return text.substring(Math.max(0, text.length() - MOST_ERROR_TEXT));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void awaitCaughtUp() {
    ask("await");
    if (!answer(CATCH_UP)) {
      throw new AssertionError("a node has not caught up: " + last);
    }
  }

  /** Asks something and kills the process: the outcome is unknown. */
  void killDuring(String question) {
    ask(question);
    kill();
  }

  void kill() {
    running = false;
    stopped = false;
    try {
      if (!process.destroyForcibly().waitFor(30, TimeUnit.SECONDS)) {
        throw new AssertionError("a killed process is still there");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  /** SIGSTOP, or SIGCONT. */
  void pause(boolean pause) throws IOException {
    String signal = pause ? "STOP" : "CONT";
    Process kill =
        new ProcessBuilder(
                "/bin/sh", "-c", "kill -s \"$@\"", "sh", signal, String.valueOf(process.pid()))
            .start();
    try {
      if (kill.waitFor() != 0) {
        throw new AssertionError("the process could not be sent " + signal);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    stopped = pause;
  }

  /** Ends it cleanly. */
  @Override
  public void close() {
    questions.close();
    try {
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        throw new AssertionError("a node does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
    running = false;
  }
}
