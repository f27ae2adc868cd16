package io.conversationstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sample in a process of its own, with the libraries that the starter brings and no others. */
class MinimalApplicationTest {

  private static final Pattern OPTIONAL =
      Pattern.compile(
          ".*(spring-ai|store-testkit|testcontainers|micrometer-core|spring-jdbc|spring-tx|spring-test"
              + "|spring-boot-(health|jdbc|sql|transaction|persistence|flyway|micrometer|test)).*");

  @TempDir Path directory;

  @Test
  void theApplicationStartsWithNothingButAProperty() throws Exception {
    String property = "--conversation-store.directory=" + directory.resolve("chats");
    assertThat(run(property)).contains("STORED 1 LOCAL_ONLY pending=0");
    assertThat(run(property)).contains("STORED 2 LOCAL_ONLY pending=0");
  }

  @Test
  void theApplicationStartsWithTheDatabaseAway() throws Exception {
    assertThat(run("--conversation-store.url=jdbc:postgresql://localhost:1/chat"))
        .contains("STORED 1 OFFLINE pending=1");
    assertThat(directory.resolve("data")).isDirectory();
  }

  private String run(String property) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx128m", "-XX:TieredStopAtLevel=1", "-cp", classPath()));
    command.addAll(List.of(SampleMain.class.getName(), property));
    Path output = directory.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().clear();
    int exit = builder.start().waitFor();
    String printed = Files.readString(output);
    assertThat(exit).as(printed).isZero();
    return printed;
  }

  private static String classPath() throws Exception {
    Path top = Path.of("..", "..").toRealPath();
    return Arrays.stream(
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                .split(File.pathSeparator))
        .map(entry -> Path.of(entry).toAbsolutePath())
        .filter(
            entry -> {
              boolean ours = entry.startsWith(top) && Files.isDirectory(entry);
              Path name = ours ? top.relativize(entry) : entry.getFileName();
              return !OPTIONAL.matcher(name.toString()).matches();
            })
        .map(Path::toString)
        .collect(Collectors.joining(File.pathSeparator));
  }
}
