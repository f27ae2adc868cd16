package io.conversationstore.examples.quickstart;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A run of {@link Application} in a JVM of its own. */
final class ApplicationProcess {

  /** Ends every line of the application's. */
  static final String END = " .";

  private final Process process;
  private final Writer in;

  private ApplicationProcess(Process process, Writer in) {
    this.process = process;
    this.in = in;
  }

  /**
   * Starts it.
   *
   * @param acknowledged for each conversation by its number, how many turns are acknowledged
   */
  static ApplicationProcess start(
      String[] args, Map<String, String> environment, int[] acknowledged, Path log)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx512m");
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(Application.class.getName());
    command.addAll(List.of(args));
    ProcessBuilder builder = new ProcessBuilder(command);
    // Nothing of this process's own environment decides which store is used.
    builder
        .environment()
        .keySet()
        .removeIf(name -> name.matches("(DB|POSTGRES|STORAGE|DATABASE|DATA)_.*"));
    builder.environment().putAll(environment);
    builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    Process process = builder.start();
    Writer in = new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8);
    for (int i = 0; i < acknowledged.length; i++) {
      if (acknowledged[i] > 0) {
        in.write(i + " " + acknowledged[i] + "\n");
      }
    }
    in.write("go\n");
    in.flush();
    return new ApplicationProcess(process, in);
  }

  /** Lets it write so many messages more; does nothing once it was killed. */
  void allow(int messages) {
    try {
      in.write(messages + "\n");
      in.flush();
    } catch (IOException e) {
      if (process.isAlive()) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Gives every line that it writes, without the full stop at its end, until it ends; returns its
   * exit status. A line that a kill has cut off is left out.
   */
  int follow(Consumer<String> lines) throws IOException, InterruptedException {
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.endsWith(END)) {
          lines.accept(line.substring(0, line.length() - END.length()));
        }
      }
    }
    return process.waitFor();
  }

  /** Ends it with kill -9. */
  void kill() {
    // By its handle: the process itself would close the pipe, and what is in it was acknowledged.
    process.toHandle().destroyForcibly();
  }
}
