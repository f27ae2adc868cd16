package io.conversationstore.spring.boot;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.postgres.PostgresStore;
import java.io.File;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.core.io.support.SpringFactoriesLoader;

/** A native image gets every file that the store reads from its jars. */
class RuntimeHintsTest {

  private static final String PLACE = "io/conversationstore/postgres/";

  private static RuntimeHints hints() {
    RuntimeHints hints = new RuntimeHints();
    ClassLoader classes = RuntimeHintsTest.class.getClassLoader();
    SpringFactoriesLoader.forResourceLocation("META-INF/spring/aot.factories", classes)
        .load(RuntimeHintsRegistrar.class)
        .forEach(registrar -> registrar.registerHints(hints, classes));
    return hints;
  }

  /** The files beside the classes of the PostgreSQL store, in its jar or its folder of classes. */
  private static List<String> files() throws Exception {
    File place =
        new File(PostgresStore.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    if (place.isDirectory()) {
      try (Stream<java.nio.file.Path> all = java.nio.file.Files.walk(place.toPath())) {
        return all.map(file -> place.toPath().relativize(file).toString().replace('\\', '/'))
            .filter(RuntimeHintsTest::isRead)
            .toList();
      }
    }
    try (ZipFile jar = new ZipFile(place)) {
      return jar.stream().map(ZipEntry::getName).filter(RuntimeHintsTest::isRead).toList();
    }
  }

  private static boolean isRead(String file) {
    return file.startsWith(PLACE) && (file.endsWith(".sql") || file.endsWith(".txt"));
  }

  @Test
  void theFilesOfTheStoreAreInTheImage() throws Exception {
    RuntimeHints hints = hints();
    assertThat(files())
        .hasSizeGreaterThanOrEqualTo(3)
        .allSatisfy(
            file -> assertThat(RuntimeHintsPredicates.resource().forResource(file)).accepts(hints));
  }

  @Test
  void theProxyOfTheObservedStoreIsInTheImage() {
    assertThat(RuntimeHintsPredicates.proxies().forInterfaces(ConversationStore.class))
        .accepts(hints());
  }
}
