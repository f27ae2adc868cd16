package io.conversationstore.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Where a command reads and writes, and what it is connected to. For one thread.
 *
 * @param in standard input
 * @param out standard output
 * @param err standard error: messages, questions and progress
 * @param terminals which of the three are terminals
 */
record Screen(InputStream in, Output out, PrintStream err, Terminals terminals) {

  private static final int DEFAULT_WIDTH = 80;
  private static final int LEAST_WIDTH = 40;
  private static final int MOST_WIDTH = 160;

  /** Which streams are terminals, and how many columns these have. */
  record Terminals(boolean in, boolean out, boolean err, int width) {

    /** None is a terminal. */
    static final Terminals NONE = new Terminals(false, false, false, DEFAULT_WIDTH);

    /** What the start script found out; without it, nothing counts as a terminal. */
    static Terminals ofProcess() {
      return new Terminals(
          Boolean.getBoolean("conversations.terminal.in"),
          Boolean.getBoolean("conversations.terminal.out"),
          Boolean.getBoolean("conversations.terminal.err"),
          width(System.getProperty("conversations.columns"), System.getenv("COLUMNS")));
    }

    private static int width(@Nullable String... candidates) {
      for (String candidate : candidates) {
        if (candidate != null && candidate.matches("[0-9]{1,4}") && !candidate.matches("0+")) {
          return Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, Integer.parseInt(candidate)));
        }
      }
      return DEFAULT_WIDTH;
    }
  }

  static Screen ofProcess() {
    return new Screen(System.in, new Output(stdout()), utf8(System.err), Terminals.ofProcess());
  }

  /** Not {@link System#out}, which swallows errors. */
  private static OutputStream stdout() {
    return new java.io.FileOutputStream(java.io.FileDescriptor.out);
  }

  private static PrintStream utf8(OutputStream stream) {
    return new PrintStream(stream, true, StandardCharsets.UTF_8);
  }

  int width() {
    return terminals.width();
  }

  /** A line for people, apart from the output. */
  void note(String text) {
    out.flush();
    err.println(text);
  }

  /** Asks a question and returns the answer; empty at the end of the input. */
  String ask(String question) {
    out.flush();
    err.print(question);
    err.flush();
    try {
      String answer =
          new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)).readLine();
      return answer == null ? "" : answer.strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
