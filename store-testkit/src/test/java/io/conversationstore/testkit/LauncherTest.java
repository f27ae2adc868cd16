package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class LauncherTest {

  @Test
  void everyWayThatWorksForRootRunsAsSomebodyElseAndKeepsArguments() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"));
    PostgresBinaries binaries = PostgresBinaries.fromClasspath(null);

    int working = 0;
    for (Launcher launcher : Launcher.candidates()) {
      if (launcher.failure(binaries) == null) {
        working++;
        List<String> print = List.of("/bin/sh", "-c", "id -u; printf '%s' \"$1\"", "-D", "it's $1");
        Commands.Result result =
            Commands.run(Path.of("/"), Duration.ofSeconds(10), launcher.command(print));
        assertThat(result.output()).as(launcher.toString()).endsWith("it's $1");
        assertThat(result.output()).as(launcher.toString()).doesNotStartWith("0\n");
      }
    }
    assertThat(working).isPositive();
  }
}
