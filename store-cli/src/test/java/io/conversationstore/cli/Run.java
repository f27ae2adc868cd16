package io.conversationstore.cli;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * One run of the program within the test.
 *
 * @param exitCode its exit code
 * @param out its standard output
 * @param err its standard error
 */
record Run(int exitCode, String out, String err) {

  /** Runs without terminals, variables and input. */
  static Run of(String... arguments) {
    return with(Map.of(), Screen.Terminals.NONE, "", arguments);
  }

  static Run with(
      Map<String, String> environment,
      Screen.Terminals terminals,
      String input,
      String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    InputStream in = new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8));
    Screen screen =
        new Screen(
            in, new Output(out), new PrintStream(err, true, StandardCharsets.UTF_8), terminals);
    int exitCode = Program.run(screen, environment, new Interruption(), arguments);
    return new Run(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** The same, which must succeed. */
  static Run ok(String... arguments) {
    Run run = of(arguments);
    if (run.exitCode() != ExitCode.OK) {
      throw new AssertionError(Arrays.toString(arguments) + " failed: " + run);
    }
    return run;
  }

  List<String> lines() {
    return out.lines().toList();
  }
}
