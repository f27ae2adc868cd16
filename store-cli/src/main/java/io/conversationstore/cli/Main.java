package io.conversationstore.cli;

import java.util.List;

/** Starts the program. */
public final class Main {

  private Main() {}

  /** Runs a command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    // Read when the first logger is made.
    System.setProperty(
        "org.slf4j.simpleLogger.defaultLogLevel",
        List.of(arguments).contains("--debug") ? "info" : "off");
    Interruption interruption = new Interruption();
    interruption.watchSignals();
    int exitCode;
    try {
      exitCode = Program.run(Screen.ofProcess(), System.getenv(), interruption, arguments);
    } finally {
      interruption.ended();
    }
    System.exit(exitCode);
  }
}
