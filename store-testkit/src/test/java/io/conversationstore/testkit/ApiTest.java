package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The API of this module and of the one below it, and how it is listed. */
class ApiTest {

  private static final Path CLASSES = Path.of("target", "classes");
  private static final Path ABOVE = Path.of("..");

  @Test
  void thePublicApiOfTheModelIsTheListedOne() throws IOException {
    PublicApi.requireListed(
        "store-testkit",
        ABOVE.resolve("store-api").resolve("api.txt"),
        PublicApi.of(ABOVE.resolve("store-api").resolve(CLASSES)));
  }

  @Test
  void thePublicApiIsTheListedOne() throws IOException {
    PublicApi.requireListed(
        "store-testkit",
        Path.of("api.txt"),
        PublicApi.of(CLASSES, List.of("io.conversationstore.testkit")));
  }

  @Test
  void listsEachVisibleMemberOnce() throws IOException {
    String prefix = ApiSample.class.getName();
    List<String> lines =
        PublicApi.of(Path.of("target", "test-classes"), Set.of("io.conversationstore.testkit"))
            .stream()
            .dropWhile(line -> !line.contains(prefix))
            .toList();
    assertThat(lines)
        .startsWith(
            "abstract class " + prefix + "<T extends Comparable<T>> implements Function<T, String>",
            "  abstract <E> Map<String, @Nullable E> map(List<? extends Number>, byte[]) throws"
                + " IOException",
            "  protected @Nullable String name",
            "  protected ApiSample(@Nullable T, String...)",
            "  protected byte @Nullable [] data",
            "  static final int COUNT = 3",
            "sealed interface " + prefix + "$Either",
            "  default void go()",
            "enum " + prefix + "$Kind",
            "  A",
            "  B",
            "final class " + prefix + "$Left implements ApiSample.Either",
            "  Left()",
            "record " + prefix + "$Result",
            "  int count()");
  }

  @Test
  void aChangeFailsWithTheDifferenceAndTheCommand(@TempDir Path directory) throws IOException {
    Path file = Files.write(directory.resolve("api.txt"), List.of("class a.A", "  void one()"));
    PublicApi.compare("store-x", file, List.of("class a.A", "  void one()"));
    assertThatThrownBy(
            () -> PublicApi.compare("store-x", file, List.of("class a.A", "  void two()")))
        .isInstanceOf(AssertionError.class)
        .hasMessageContainingAll(
            "Gone:\n  class a.A  void one()\nNew:\n  class a.A  void two()\n",
            "-pl store-x -am -Dtest=ApiTest",
            "-Dapi.update");
  }
}
