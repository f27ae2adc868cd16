package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.testkit.SystemCommands;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Failing system calls of a real process: too few file handles, a failed fsync, a partial write.
 */
@Timeout(240)
class CallFaultsIT {
  private static final int LARGE = 1 << 20;
  private static final int SMALL = 4 << 10;

  @TempDir Path temporary;

  private Path directory() {
    return temporary.resolve("store");
  }

  /** A process with a store, and the writes it acknowledged and refused. */
  private final class Child implements AutoCloseable {
    final Process process;
    private final Path errors = temporary.resolve("errors");
    private final PrintStream commands;
    private final BufferedReader answers;
    final List<String> acknowledged = new ArrayList<>();
    final List<String> attempted = new ArrayList<>();

    Child(int segmentBytes, String... before) throws IOException {
      List<String> command = new ArrayList<>(List.of(before));
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of("-XX:-UsePerfData", "-XX:TieredStopAtLevel=1", "-Xmx128m"));
      command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      command.addAll(List.of(FaultChild.class.getName(), directory().toString()));
      command.add(String.valueOf(segmentBytes));
      process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
      // Bounds the wait for an answer.
      CompletableFuture.delayedExecutor(200, TimeUnit.SECONDS).execute(process::destroyForcibly);
      commands = new PrintStream(process.getOutputStream(), true, StandardCharsets.US_ASCII);
      answers = process.inputReader(StandardCharsets.US_ASCII);
    }

    String ask(String command) throws IOException {
      commands.println(command);
      String answer = answers.readLine();
      if (answer == null) {
        throw new IOException("the process ended: " + Files.readString(errors));
      }
      return answer;
    }

    void require(String command, String answer) throws IOException {
      assertThat(ask(command)).as(command).isEqualTo(answer);
    }

    /** Returns whether it was acknowledged. */
    boolean append() throws IOException {
      String number = String.valueOf(attempted.size());
      attempted.add(number);
      String answer = ask("append " + number);
      assertThat(answer).as("append").isIn("ok", "refused");
      if (answer.equals("ok")) {
        acknowledged.add(number);
      }
      return answer.equals("ok");
    }

    void appendAll(int count) throws IOException {
      for (int i = 0; i < count; i++) {
        assertThat(append()).as("the append is acknowledged").isTrue();
      }
    }

    /** Requires exactly the acknowledged writes, now and after a kill. */
    void requireExact() throws Exception {
      require("numbers", String.join(" ", acknowledged));
      require("healthy", "true");
      close();
      assertThat(numbers()).isEqualTo(acknowledged);
    }

    @Override
    public void close() throws InterruptedException {
      process.destroyForcibly().waitFor();
    }
  }

  /** The numbers found after a start; the texts are complete. */
  private List<String> numbers() {
    try (ConversationStore store = JsonFileStore.open(directory())) {
      assertThat(store.operator().health().healthy()).isTrue();
      List<String> numbers = new ArrayList<>();
      for (StoredMessage message : store.last(FaultChild.OWNER, "chat", 1_000)) {
        String number = message.text().substring(0, message.text().indexOf(' '));
        assertThat(message.text()).isEqualTo(number + " " + "x".repeat(1_000));
        numbers.add(number);
      }
      return numbers;
    }
  }

  private long segments() throws IOException {
    try (Stream<Path> files = Files.list(directory())) {
      return files.filter(file -> Segments.number(file.getFileName().toString()) > 0).count();
    }
  }

  // File handles

  @Test
  void tooManyOpenFilesRefusesAndGoesOnWhenThereAreFewer() throws Exception {
    assumeTrue(
        SystemCommands.succeeds("prlimit", "--nofile=200:200", "true"), "prlimit is not there");
    try (Child child = new Child(SMALL, "prlimit", "--nofile=200:200")) {
      child.require("open", "ok");
      child.appendAll(2);
      // A segment takes two handles, and forcing its name a third: each of them is missing once.
      for (int left = 0; left < 5; left++) {
        child.require("hog " + left, "ok");
        int refused = 0;
        for (int i = 0; i < 12; i++) {
          refused += child.append() ? 0 : 1;
        }
        if (left < 2) {
          assertThat(refused).as("refused with %d handles left", left).isPositive();
          child.require("healthy", "false");
        }
        child.require("free", "ok");
        child.appendAll(8);
        child.require("numbers", String.join(" ", child.acknowledged));
      }
      child.requireExact();
    }
  }

  @Test
  void tooManyOpenFilesAtOpeningIsATypedErrorAndChangesNothing() throws Exception {
    assumeTrue(
        SystemCommands.succeeds("prlimit", "--nofile=200:200", "true"), "prlimit is not there");
    try (Child child = new Child(SMALL, "prlimit", "--nofile=200:200")) {
      child.require("open", "ok");
      child.appendAll(20);
      child.require("close", "ok");
      int refused = 0;
      for (int left = 0; left < 40; left++) {
        child.require("hog " + left, "ok");
        String answer = child.ask("open");
        assertThat(answer).as("opening with %d handles left", left).isIn("ok", "refused");
        refused += answer.equals("refused") ? 1 : 0;
        if (answer.equals("ok")) {
          child.require("close", "ok");
        }
        child.require("free", "ok");
      }
      assertThat(refused).isBetween(5, 39);
      child.require("open", "ok");
      child.appendAll(3);
      child.requireExact();
    }
  }

  // fsync

  /** The first, the second or the third fsync fails. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void oneFailedFsyncIsOvercome(int nth) throws Exception {
    assumeTrue(Strace.isUsable(), "strace is not there or may not trace");
    try (Child child = new Child(LARGE)) {
      child.require("open", "ok");
      child.appendAll(3);
      long before = segments();
      try (Strace strace =
          Strace.failing("fdatasync", "EIO", String.valueOf(nth), child.process.pid())) {
        assertThat(strace).isNotNull();
        child.appendAll(6);
      }
      assertThat(segments()).as("the lines moved once").isEqualTo(before + 1);
      child.appendAll(3);
      child.requireExact();
    }
  }

  /** The new segment cannot be forced either, so the state on the disk is unknown. */
  @Test
  void twoFailedFsyncsRefuseWritesUntilItIsOpenedAnew() throws Exception {
    assumeTrue(Strace.isUsable(), "strace is not there or may not trace");
    try (Child child = new Child(LARGE)) {
      child.require("open", "ok");
      child.appendAll(3);
      try (Strace strace = Strace.failing("fdatasync", "EIO", "1..2", child.process.pid())) {
        assertThat(strace).isNotNull();
        assertThat(child.append()).isFalse();
      }
      // The disk works again, but the state on it is still unknown.
      assertThat(child.append()).isFalse();
      child.require("healthy", "false");
      assertThat(child.ask("reason")).contains("refused");
      assertThat(child.ask("numbers")).startsWith(String.join(" ", child.acknowledged));
      child.close();
    }
    // The first refused write was in a file when its fsync failed: it is there in full or not at
    // all.
    assertThat(numbers())
        .isIn(List.of("0", "1", "2"), List.of("0", "1", "2", "3"))
        .doesNotContain("4");
    try (Child child = new Child(LARGE)) {
      child.require("open", "ok");
      assertThat(child.append()).isTrue();
    }
  }

  /**
   * The name of a new segment cannot be forced: that write is refused, the next one tries again.
   */
  @Test
  void aFailedFsyncOfTheDirectoryRefusesOneWrite() throws Exception {
    assumeTrue(Strace.isUsable(), "strace is not there or may not trace");
    try (Child child = new Child(SMALL)) {
      child.require("open", "ok");
      child.appendAll(4);
      int refused = 0;
      try (Strace strace = Strace.failing("fsync", "EIO", "1", child.process.pid())) {
        assertThat(strace).isNotNull();
        for (int i = 0; i < 8; i++) {
          refused += child.append() ? 0 : 1;
        }
      }
      assertThat(refused).isEqualTo(1);
      child.appendAll(3);
      child.requireExact();
    }
  }

  // Writes

  /** No file may grow beyond 24 KiB: the write that crosses the limit is partial. */
  @Test
  void aWriteThatIsDoneInPartIsOvercome() throws Exception {
    String[] limit = {"prlimit", "--fsize=24576:24576"};
    assumeTrue(SystemCommands.succeeds(limit[0], limit[1], "true"), "prlimit is not there");
    try (Child child = new Child(LARGE, limit)) {
      child.require("open", "ok");
      child.appendAll(60);
      assertThat(segments()).isGreaterThan(2);
      child.requireExact();
    }
  }
}
