package io.conversationstore.testkit;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** System commands for tests. */
public final class SystemCommands {
  private static final long MOST_SECONDS = 60;

  private SystemCommands() {}

  /**
   * Runs a command; returns false also if the command does not exist or takes longer than a minute.
   */
  public static boolean succeeds(String... command) {
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException notThere) {
      return false;
    }
    try {
      return process.waitFor(MOST_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    } finally {
      process.destroyForcibly();
    }
  }
}
