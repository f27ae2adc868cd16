package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.postgres.PostgresStore;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The Java in the documents compiles as it is printed, in an application without a module and in
 * one with a module, both without Micrometer.
 */
class SnippetsTest {

  private static final Path TOP = Path.of("..");
  private static final Pattern SNIPPET = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

  /** What the text around a snippet brings along. */
  private static final String GIVEN =
      """
        static javax.sql.DataSource dataSource;
        static String password;
        static io.conversationstore.ConversationStore store;
        static io.conversationstore.Owner alice;
      """;

  /** The libraries that docs/dependencies.md lists for users, without the optional one. */
  private static final Pattern LIBRARY =
      Pattern.compile(
          "jackson-|jspecify-|HikariCP-|flyway-|postgresql-[0-9]|caffeine-|error_prone_annotations-"
              + "|resilience4j-|slf4j-api-");

  private static final String MODULE =
      "module application { requires io.conversationstore.hybrid; }\n";

  @TempDir Path directory;

  /** A snippet and where it stands. */
  record Snippet(String document, int number, String text) {

    /** The program: the imports, and the statements in a main method. */
    String program() {
      String imports =
          text.lines().filter(line -> line.startsWith("import ")).collect(Collectors.joining("\n"));
      String statements =
          text.lines()
              .filter(line -> !line.startsWith("import "))
              .collect(Collectors.joining("\n"));
      return "package application;\n"
          + imports
          + "\npublic class Application {\n"
          + GIVEN
          + "  public static void main(String[] args) throws Exception {\n"
          + statements
          + "\n}}\n";
    }

    @Override
    public String toString() {
      return document + " " + number;
    }
  }

  static List<Snippet> snippets() throws IOException {
    List<Path> documents = new ArrayList<>();
    try (Stream<Path> files = Files.list(TOP);
        Stream<Path> docs = Files.list(TOP.resolve("docs"))) {
      Stream.concat(files, docs)
          .filter(file -> file.toString().endsWith(".md"))
          .forEach(documents::add);
    }
    List<Snippet> found = new ArrayList<>();
    for (Path document : documents) {
      Matcher matcher = SNIPPET.matcher(Files.readString(document));
      for (int number = 1; matcher.find(); number++) {
        found.add(new Snippet(TOP.relativize(document).toString(), number, matcher.group(1)));
      }
    }
    return found;
  }

  @Test
  void theDocumentsHaveSnippets() throws IOException {
    assertThat(snippets())
        .extracting(Snippet::toString)
        .contains("README.md 1", "README.md 2", "docs/operations.md 1");
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void aSnippetCompilesOnTheClassPath(Snippet snippet) throws Exception {
    compile(snippet, false);
  }

  @ParameterizedTest
  @MethodSource("snippets")
  void aSnippetCompilesOnTheModulePath(Snippet snippet) throws Exception {
    compile(snippet, true);
  }

  @Test
  void theFirstSnippetRunsOnTheClassPath() throws Exception {
    Path compiled = compile(firstOfReadme(), false);
    assertThat(run("-cp", compiled + File.pathSeparator + path(), "application.Application"))
        .isEqualTo("USER: One chai latte, please\n");
  }

  @Test
  void theFirstSnippetRunsOnTheModulePath() throws Exception {
    Path compiled = compile(firstOfReadme(), true);
    assertThat(
            run(
                "-p",
                compiled + File.pathSeparator + path(),
                "-m",
                "application/application.Application"))
        .isEqualTo("USER: One chai latte, please\n");
  }

  private static Snippet firstOfReadme() throws IOException {
    return snippets().stream()
        .filter(each -> each.toString().equals("README.md 1"))
        .findFirst()
        .orElseThrow();
  }

  private Path compile(Snippet snippet, boolean asModule) throws Exception {
    Path sources = Files.createDirectories(directory.resolve("sources"));
    Path classes = Files.createDirectories(directory.resolve("classes"));
    List<Path> units = new ArrayList<>();
    units.add(Files.writeString(sources.resolve("Application.java"), snippet.program()));
    if (asModule) {
      units.add(Files.writeString(sources.resolve("module-info.java"), MODULE));
    }
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
                  List.of("-proc:none", "-d", classes.toString(), asModule ? "-p" : "-cp", path()),
                  null,
                  files.getJavaFileObjectsFromPaths(units))
              .call();
      assertThat(compiled).as("%s:%n%s%n%s", snippet, messages, snippet.program()).isTrue();
    }
    return classes;
  }

  /** The modules of this library and what Maven gives to their users, without Micrometer. */
  private static String path() throws URISyntaxException {
    List<String> entries = new ArrayList<>();
    for (Class<?> type :
        List.of(
            ConversationStore.class,
            JsonFileStore.class,
            PostgresStore.class,
            HybridOptions.class)) {
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

  /** What a Java process of these arguments prints, in a new directory and without settings. */
  private String run(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx128m", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of(arguments));
    Path errors = directory.resolve("errors");
    Path output = directory.resolve("output");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectError(errors.toFile())
            .redirectOutput(output.toFile());
    builder.environment().clear();
    assertThat(builder.start().waitFor()).as(() -> read(errors)).isZero();
    return Files.readString(output).replace(System.lineSeparator(), "\n");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
