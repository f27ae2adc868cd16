package io.conversationstore.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClassDependenciesTest {

  @Test
  void namesEachUseOfALaterPackage() {
    ClassDependencies classes =
        new ClassDependencies(
            Map.of(
                "a.Low", Set.of("b.High", "a.Other"),
                "a.Other", Set.of(),
                "b.High", Set.of("a.Low", "c.Elsewhere"),
                "c.Elsewhere", Set.of("a.Low")));
    assertEquals(List.of("a.Low uses b.High"), classes.upward(List.of("a", "b")));
    assertEquals(List.of("b.High uses a.Low"), classes.upward(List.of("b", "a")));
    assertEquals(
        Map.of("a", Set.of("b"), "b", Set.of("a", "c"), "c", Set.of("a")), classes.packages());
  }

  @Test
  void findsTheUsesInCompiledClasses() throws Exception {
    Path compiled =
        Path.of(
            ClassDependencies.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    ClassDependencies classes = ClassDependencies.in(compiled);
    Set<String> uses = classes.uses().get(TestPostgres.class.getName());
    assertTrue(
        uses != null && uses.contains(ServerChoice.class.getName()), "TestPostgres uses " + uses);
  }
}
