package io.conversationstore.jsonfile;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.conversationstore.testkit.ClassDependencies;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * The rooms of this module; the package map of {@code io.conversationstore.jsonfile} lists them.
 */
class RoomsTest {
  private static final String FACE = "io.conversationstore.jsonfile";

  private static final List<String> LOWEST_FIRST =
      Stream.of("disk", "format", "index", "apply", "log", "recovery", "maintenance", "engine")
          .map(room -> FACE + ".internal." + room)
          .toList();

  /** The values of the public face that the rooms use. */
  private static final Set<String> VALUES =
      Set.of(
          JsonFileOptions.class.getName(),
          Durability.class.getName(),
          DamageReport.class.getName());

  private static Path compiled() throws Exception {
    return Path.of(JsonFileStore.class.getProtectionDomain().getCodeSource().getLocation().toURI());
  }

  @Test
  void eachRoomUsesOnlyLowerRooms() throws Exception {
    ClassDependencies classes = ClassDependencies.in(compiled());
    Set<String> rooms = new TreeSet<>(classes.packages().keySet());
    rooms.remove(FACE);
    assertEquals(new TreeSet<>(LOWEST_FIRST), rooms, "the rooms of this module");
    assertEquals(List.of(), classes.upward(LOWEST_FIRST), "uses of a higher room");
  }

  @Test
  void roomsUseNothingOfTheFaceExceptItsValues() throws Exception {
    Set<String> used =
        ClassDependencies.in(compiled()).uses().entrySet().stream()
            .filter(
                entry ->
                    VALUES.contains(entry.getKey())
                        || !ClassDependencies.packageOf(entry.getKey()).equals(FACE))
            .flatMap(entry -> entry.getValue().stream())
            .filter(name -> ClassDependencies.packageOf(name).equals(FACE))
            .collect(Collectors.toCollection(TreeSet::new));
    assertEquals(new TreeSet<>(VALUES), used);
  }

  @Test
  void theValuesOfTheFaceUseNoRoom() throws Exception {
    ClassDependencies classes = ClassDependencies.in(compiled());
    for (String value : VALUES) {
      Set<String> uses = classes.uses().get(value);
      assertTrue(uses != null && VALUES.containsAll(uses), value + " uses " + uses);
    }
  }

  @Test
  void onlyTheFaceIsExported() throws Exception {
    ModuleDescriptor module = ModuleFinder.of(compiled()).find(FACE).orElseThrow().descriptor();
    assertEquals(
        Set.of(FACE),
        module.exports().stream()
            .map(ModuleDescriptor.Exports::source)
            .collect(Collectors.toSet()));
  }
}
