package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.json.Json;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The metadata for native images names every file that the store reads from its jar. */
class NativeImageTest {

  private static final Path RESOURCES = Path.of("src", "main", "resources");
  private static final Path METADATA =
      RESOURCES.resolve(
          "META-INF/native-image/io.conversationstore/store-postgres/reachability-metadata.json");

  @Test
  void theMetadataNamesEveryFileOfTheStore() throws Exception {
    List<PathMatcher> named = new ArrayList<>();
    for (JsonNode resource : Json.parse(Files.readString(METADATA)).get("resources")) {
      named.add(FileSystems.getDefault().getPathMatcher("glob:" + resource.get("glob").asText()));
    }
    try (Stream<Path> files = Files.walk(RESOURCES.resolve("io"))) {
      List<Path> read = files.filter(Files::isRegularFile).map(RESOURCES::relativize).toList();
      assertThat(read)
          .hasSizeGreaterThanOrEqualTo(3)
          .allMatch(file -> named.stream().anyMatch(glob -> glob.matches(file)));
    }
  }
}
