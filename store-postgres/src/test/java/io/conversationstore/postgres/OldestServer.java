package io.conversationstore.postgres;

import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A server of PostgreSQL 14, the oldest version that is supported. */
final class OldestServer {

  /** Where the build puts the binaries: the class path can hold one version only. */
  private static final Path BINARIES = Path.of("target", "postgres-14");

  private OldestServer() {}

  /** Starts one; skips the test where there are no binaries for this system. */
  static TestPostgres start() {
    Assumptions.assumeTrue(
        "Linux".equals(System.getProperty("os.name")),
        "the build has binaries of PostgreSQL 14 for Linux only");
    Assumptions.assumeTrue(
        Files.isDirectory(BINARIES),
        "no binaries of PostgreSQL 14 in "
            + BINARIES
            + ": run the tests by Maven, whose build puts them there");
    return TestPostgres.builder().binaries(jar()).start();
  }

  private static Path jar() {
    try (Stream<Path> files = Files.list(BINARIES)) {
      List<Path> jars = files.toList();
      if (jars.size() != 1) {
        throw new IllegalStateException("not one jar in " + BINARIES + ": " + jars);
      }
      return jars.get(0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
