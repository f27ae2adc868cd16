package io.conversationstore.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.benchmarks.Options.UsageException;
import io.conversationstore.benchmarks.Report.Target;
import io.conversationstore.benchmarks.Suites.Suite;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That the benchmarks run and say what they should; not how fast anything is. */
class BenchmarksTest {

  @TempDir Path directory;

  private String run(String... arguments) throws Exception {
    Options options = Options.parse(arguments);
    Suite suite = Suites.of(options.suite());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    Benchmarks.run(
        options,
        suite,
        suite.only(options.only()),
        new Report(new PrintStream(out, true, StandardCharsets.UTF_8)));
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void everyLineRunsAndLeavesNothingBehind() throws Exception {
    String output = run("jsonfile", "--quick", "--dir", directory.toString());
    for (Line line : Suites.of("jsonfile").lines()) {
      assertThat(output).contains("FIGURE " + line.name() + ".took ");
    }
    assertThat(output.lines().filter(line -> line.startsWith("RATIO ")))
        .hasSizeGreaterThan(15)
        .allMatch(line -> line.matches("RATIO \\S+ -?[\\d.]+ [<>]=[\\d.]+ (PASS|MISS)"));
    assertThat(output).contains("\nEND ");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void linesOfPostgresRun() throws Exception {
    // Some: `benchmarks/run postgres --quick`, which the build does as well, runs all.
    String lines = "append-1,memory-10,race";
    String output = run("postgres", "--quick", "--only", lines, "--dir", directory.toString());
    for (String line : lines.split(",", -1)) {
      assertThat(output).contains("FIGURE " + line + ".took ");
    }
    assertThat(output)
        .contains("fsync on, synchronous_commit on")
        .contains("RATIO race-lost-or-doubled 0.000 <=0.000 PASS");
    assertThat(output.lines().filter(line -> line.startsWith("RATIO "))).hasSizeGreaterThan(5);
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void linesOfTheHybridRun() throws Exception {
    String output = run("hybrid", "--quick", "--only", "down", "--dir", directory.toString());
    assertThat(output).contains("FIGURE down.took ").contains("RATIO down-append ");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void textsOfAFileAreTaken() throws Exception {
    Path data = directory.resolve("data.jsonl");
    Files.writeString(data, "{\"messages\":[{\"content\":\"one\"},{\"content\":\"two\"}]}\n");
    Texts texts = Texts.of(data);
    assertThat(List.of(texts.text(0), texts.text(1), texts.text(2)))
        .containsExactly("one", "two", "one");
    assertThat(
            run(
                "jsonfile",
                "--quick",
                "--only",
                "append-1",
                "--data",
                data.toString(),
                "--dir",
                directory.resolve("work").toString()))
        .contains("RATIO append-1-vs-bare ")
        .doesNotContain("append-16");
  }

  @Test
  void generatedTextsAreTheSameAgainAndOfRealLength() {
    Texts texts = Texts.generated();
    assertThat(texts.text(12_345)).isEqualTo(Texts.generated().text(12_345));
    double mean = 0;
    for (int i = 0; i < 20_000; i++) {
      mean += texts.text(i).length() / 20_000.0;
    }
    assertThat(mean).isBetween(120.0, 165.0);
  }

  @Test
  void whatIsNotUnderstoodIsSaid() {
    assertThatThrownBy(() -> run()).isInstanceOf(UsageException.class);
    assertThatThrownBy(() -> run("jsonfile", "--only", "nonsense"))
        .isInstanceOf(UsageException.class)
        .hasMessageContaining("nonsense");
    assertThatThrownBy(() -> run("jsonfile", "--fast")).isInstanceOf(UsageException.class);
    assertThatThrownBy(() -> run("nothing")).isInstanceOf(UsageException.class);
    assertThatThrownBy(() -> run("jsonfile", "--dir")).isInstanceOf(UsageException.class);
  }

  @Test
  void aRatioIsTheMedianOfTheRounds() throws Exception {
    double[] left = {99, 10, 20, 90};
    double[] right = {1, 10, 10, 30};
    int[] at = new int[2];
    Interleaved sides =
        new Interleaved()
            .side("left", () -> left[at[0]++])
            .side("right", () -> right[at[1]++])
            .run(1, 3);
    assertThat(sides.ratio("left", "right")).isEqualTo(2);
    assertThat(sides.median("left")).isEqualTo(20);
    assertThat(Target.atLeast(2).isMetBy(2)).isTrue();
    assertThat(Target.atMost(2).isMetBy(2.1)).isFalse();
  }
}
