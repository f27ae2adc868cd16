package io.conversationstore.testkit;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
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

/**
 * The compiled classes of a module and the classes of the same module that each of them uses, as
 * {@code jdeps} reports them. Nested classes count as their outermost class. Constants that the
 * compiler copies leave no trace. Immutable.
 *
 * @param uses the used classes by class, both with their packages
 */
public record ClassDependencies(Map<String, Set<String>> uses) {
  private static final Pattern EDGE =
      Pattern.compile("^\\s+(?<from>[\\w.$]+)\\s+-> (?<to>[\\w.$]+)\\s.*$");

  public ClassDependencies {
    Map<String, Set<String>> copy = new TreeMap<>();
    uses.forEach((from, to) -> copy.put(from, Set.copyOf(to)));
    uses = Map.copyOf(copy);
  }

  /**
   * Reads compiled classes.
   *
   * @param classes the directory of the compiled module
   * @throws IllegalStateException if {@code jdeps} fails or finds no dependency
   */
  public static ClassDependencies in(Path classes) throws IOException {
    ToolProvider jdeps = ToolProvider.findFirst("jdeps").orElseThrow();
    StringWriter out = new StringWriter();
    PrintWriter writer = new PrintWriter(out);
    List<String> arguments =
        new ArrayList<>(List.of("--ignore-missing-deps", "-verbose:class", "-filter:none"));
    // Single files: for a module, jdeps would need the modules that it requires.
    try (Stream<Path> files = Files.walk(classes)) {
      files
          .map(Path::toString)
          .filter(file -> file.endsWith(".class") && !file.endsWith("-info.class"))
          .forEach(arguments::add);
    }
    int code = jdeps.run(writer, writer, arguments.toArray(String[]::new));
    Map<String, Set<String>> all = new TreeMap<>();
    out.toString()
        .lines()
        .map(EDGE::matcher)
        .filter(Matcher::matches)
        .forEach(edge -> add(edge, all));
    Map<String, Set<String>> own = new TreeMap<>();
    all.forEach(
        (from, to) -> {
          Set<String> inside = new TreeSet<>(to);
          inside.retainAll(all.keySet());
          inside.remove(from);
          own.put(from, inside);
        });
    if (code != 0 || own.values().stream().allMatch(Set::isEmpty)) {
      throw new IllegalStateException("jdeps " + classes + " ended with " + code + ": " + out);
    }
    return new ClassDependencies(own);
  }

  private static void add(Matcher edge, Map<String, Set<String>> uses) {
    uses.computeIfAbsent(outermost(edge.group("from")), key -> new TreeSet<>())
        .add(outermost(edge.group("to")));
  }

  private static String outermost(String name) {
    int nested = name.indexOf('$');
    return nested < 0 ? name : name.substring(0, nested);
  }

  /** The package of a class. */
  public static String packageOf(String name) {
    return name.substring(0, name.lastIndexOf('.'));
  }

  /** The used packages by package. */
  public Map<String, Set<String>> packages() {
    Map<String, Set<String>> packages = new TreeMap<>();
    uses.forEach(
        (from, to) -> {
          Set<String> used = packages.computeIfAbsent(packageOf(from), key -> new TreeSet<>());
          to.stream().map(ClassDependencies::packageOf).forEach(used::add);
          used.remove(packageOf(from));
        });
    return packages;
  }

  /** Uses that go from a package to a later one of this list, as "from uses to". */
  public List<String> upward(List<String> lowestFirst) {
    List<String> upward = new ArrayList<>();
    uses.forEach(
        (from, to) -> {
          int floor = lowestFirst.indexOf(packageOf(from));
          to.stream()
              .filter(used -> floor >= 0 && lowestFirst.indexOf(packageOf(used)) > floor)
              .forEach(used -> upward.add(from + " uses " + used));
        });
    return upward.stream().sorted().toList();
  }
}
