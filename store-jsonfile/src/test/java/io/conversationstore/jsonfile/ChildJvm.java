package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs a class in its own JVM with a given heap size. */
final class ChildJvm {
  private ChildJvm() {}

  /** Runs it until it exits successfully; returns its output. */
  static String run(String heap, Class<?> main, Path log, Object... arguments)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heap,
                "-XX:+ExitOnOutOfMemoryError",
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Process child =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      int exit = child.waitFor();
      String printed = Files.readString(log);
      assertThat(exit).as(printed).isZero();
      return printed;
    } finally {
      child.destroyForcibly();
    }
  }
}
