package io.conversationstore.jsonfile;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** Commands of the system that a test needs. */
final class Commands {
  private static final long MOST_SECONDS = 60;

  private Commands() {}

  /** Runs a command; false too where there is no such command. */
  static boolean succeeds(String... command) throws InterruptedException {
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
    } finally {
      process.destroyForcibly();
    }
  }
}
