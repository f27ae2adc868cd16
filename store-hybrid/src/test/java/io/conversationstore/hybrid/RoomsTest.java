package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The rooms of the hybrid store: their order, and that nobody else enters them. */
class RoomsTest {

  private static final String ROOT = "io.conversationstore.hybrid";
  private static final String INTERNAL = ROOT + ".internal.";

  /** From the lowest: a room knows only those before it. */
  private static final List<String> ROOMS =
      List.of("support", "connection", "mirror", "overlay", "outbox", "restore", "adoption");

  private static final Path CLASSES = Path.of("target", "classes");
  private static final Pattern ARROW = Pattern.compile("^\\s+(\\S+)\\s+->\\s+(\\S+)");

  @Test
  void aRoomKnowsOnlyRoomsBelowIt() throws IOException {
    Map<String, Set<String>> arrows = arrows();
    assertThat(arrows.keySet()).containsExactlyInAnyOrderElementsOf(packages());
    List<String> wrong = new ArrayList<>();
    arrows.forEach(
        (from, targets) ->
            targets.stream()
                .filter(to -> !from.equals(ROOT) && rank(to) >= rank(from))
                .forEach(to -> wrong.add(from + " -> " + to)));
    assertThat(wrong).isEmpty();
  }

  @Test
  void onlyTheRootPackageIsExported() throws IOException {
    try (var in = Files.newInputStream(CLASSES.resolve("module-info.class"))) {
      assertThat(ModuleDescriptor.read(in).exports())
          .allMatch(exported -> !exported.isQualified())
          .extracting(ModuleDescriptor.Exports::source)
          .containsExactly(ROOT);
    }
  }

  @Test
  void noOtherModuleNamesARoom() throws IOException {
    List<String> entering = new ArrayList<>();
    List<Path> others = sourcesOfOthers();
    for (Path file : others) {
      if (Files.readString(file).contains(ROOT + ".internal")) {
        entering.add(file.toString());
      }
    }
    assertThat(others).hasSizeGreaterThan(100);
    assertThat(entering).isEmpty();
  }

  private static List<Path> sourcesOfOthers() throws IOException {
    List<Path> sources = new ArrayList<>();
    Set<String> skipped = Set.of("store-hybrid", "target", ".git");
    Files.walkFileTree(
        Path.of(".."),
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            return skipped.contains(directory.getFileName().toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".java")) {
              sources.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return sources;
  }

  private static List<String> packages() {
    return Stream.concat(Stream.of(ROOT), ROOMS.stream().map(INTERNAL::concat)).toList();
  }

  private static int rank(String name) {
    int rank = ROOMS.indexOf(name.replace(INTERNAL, ""));
    return rank < 0 ? ROOMS.size() : rank;
  }

  /** The packages of this module that each of its packages uses, from the compiled classes. */
  private static Map<String, Set<String>> arrows() throws IOException {
    List<String> command = new ArrayList<>(List.of("-verbose:class", "-filter:none"));
    try (Stream<Path> files = Files.walk(CLASSES)) {
      files
          .map(Path::toString)
          .filter(file -> file.endsWith(".class") && !file.endsWith("-info.class"))
          .forEach(command::add);
    }
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
    assertThat(jdeps.run(out, out, command.toArray(String[]::new))).as(text.toString()).isZero();
    Map<String, Set<String>> arrows = new TreeMap<>();
    for (String line : text.toString().lines().toList()) {
      Matcher arrow = ARROW.matcher(line);
      if (arrow.find() && arrow.group(1).startsWith(ROOT)) {
        Set<String> targets =
            arrows.computeIfAbsent(packageOf(arrow.group(1)), any -> new TreeSet<>());
        String to = packageOf(arrow.group(2));
        if (to.startsWith(ROOT) && !to.equals(packageOf(arrow.group(1)))) {
          targets.add(to);
        }
      }
    }
    return arrows;
  }

  private static String packageOf(String name) {
    return name.substring(0, name.lastIndexOf('.'));
  }
}
