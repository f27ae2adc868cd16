package io.conversationstore.adk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The Java in the README compiles as it is printed, with what an application has. */
class SnippetsTest {

  private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  /** What the text around a snippet brings along. */
  private static final String GIVEN =
      """
        static com.google.adk.agents.BaseAgent agent;
        static io.conversationstore.ConversationStore store;
      """;

  /** The framework, and what this module's dependency brings. */
  private static final Pattern LIBRARY =
      Pattern.compile(
          "google-|rxjava-|reactive-|guava-|opentelemetry-|jackson-|jspecify-|slf4j-api-");

  @TempDir Path directory;

  static List<String> snippets() throws IOException {
    Matcher matcher = SNIPPET.matcher(Files.readString(Path.of("README.md")));
    List<String> found = new ArrayList<>();
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }

  @Test
  void theReadmeHasSnippets() throws IOException {
    assertThat(snippets()).hasSize(1);
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void aSnippetCompiles(String snippet) throws Exception {
    String imports =
        snippet
            .lines()
            .filter(line -> line.startsWith("import "))
            .collect(Collectors.joining("\n"));
    String statements =
        snippet
            .lines()
            .filter(line -> !line.startsWith("import "))
            .collect(Collectors.joining("\n"));
    Path source =
        Files.writeString(
            directory.resolve("Application.java"),
            imports
                + "\npublic class Application {\n"
                + GIVEN
                + "  public static void main(String[] args) {\n"
                + statements
                + "\n}}\n");
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager files =
        compiler.getStandardFileManager(null, null, StandardCharsets.UTF_8)) {
      boolean compiled =
          compiler
              .getTask(
                  messages,
                  files,
                  null,
                  List.of("-proc:none", "-d", directory.toString(), "-cp", path()),
                  null,
                  files.getJavaFileObjects(source))
              .call();
      assertThat(compiled).as("%s%n%s", messages, snippet).isTrue();
    }
  }

  private static String path() throws Exception {
    List<String> entries = new ArrayList<>();
    for (Class<?> type :
        List.of(ConversationSessionService.class, io.conversationstore.ConversationStore.class)) {
      entries.add(
          Path.of(type.getProtectionDomain().getCodeSource().getLocation().toURI()).toString());
    }
    Arrays.stream(
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"))
                .split(File.pathSeparator))
        .filter(entry -> LIBRARY.matcher(Path.of(entry).getFileName().toString()).lookingAt())
        .forEach(entries::add);
    return String.join(File.pathSeparator, entries);
  }
}
