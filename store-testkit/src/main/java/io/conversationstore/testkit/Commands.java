package io.conversationstore.testkit;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs short programs to completion. */
final class Commands {

  private Commands() {}

  /**
   * @param exitCode the program's exit code
   * @param output standard output and error together
   */
  record Result(int exitCode, String output) {
    boolean ok() {
      return exitCode == 0;
    }
  }

  /**
   * Runs a program.
   *
   * @param directory its working directory
   * @param limit the program is killed after this, and an IOException thrown
   * @throws IOException also if the program does not exist
   */
  static Result run(Path directory, Duration limit, List<String> command) throws IOException {
    Path output = Files.createTempFile("store-test-", ".out");
    try {
      ProcessBuilder builder = builder(directory, command);
      Process process = builder.redirectOutput(output.toFile()).start();
      process.getOutputStream().close();
      try {
        if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new IOException(command.get(0) + " did not end within " + limit);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while running " + command.get(0));
      } finally {
        process.destroyForcibly();
      }
      String text = new String(Files.readAllBytes(output), StandardCharsets.UTF_8).strip();
      return new Result(process.exitValue(), text);
    } finally {
      Files.deleteIfExists(output);
    }
  }

  /** A builder that hides the PostgreSQL settings of the caller's environment from the program. */
  static ProcessBuilder builder(Path directory, List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(directory.toFile()).redirectErrorStream(true);
    Map<String, String> environment = builder.environment();
    environment.keySet().removeIf(name -> name.startsWith("PG"));
    return builder;
  }
}
