package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreLockedException;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.DirectoryLock;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code LOCK} is deleted under an open store, and another process opens the directory. */
@Timeout(120)
class LockDeletedTest {
  private static final Owner ALICE = FaultChild.OWNER;

  @TempDir Path temporary;

  private Path directory() {
    return temporary.resolve("store");
  }

  private JsonFileOptions options() {
    return JsonFileOptions.in(directory()).withLockWait(Duration.ZERO);
  }

  private static List<String> numbers(ConversationStore store) {
    List<String> numbers = new ArrayList<>();
    for (StoredMessage message : store.last(ALICE, "chat", 100)) {
      numbers.add(message.text().split(" ", 2)[0]);
    }
    return numbers;
  }

  @ParameterizedTest
  @EnumSource
  void theHolderRefusesWritesForGood(Durability durability) throws IOException {
    JsonFileOptions options = options().withDurability(durability);
    try (ConversationStore store = JsonFileStore.open(options)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      store.append(ALICE, "chat", Message.user("1 before"));
      Files.delete(directory().resolve(FileNames.LOCK));
      assertThat(store.operator().health().healthy()).isFalse();
      assertThatThrownBy(() -> store.append(ALICE, "chat", Message.user("2 after")))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining(FileNames.LOCK + " was deleted");
      Files.createFile(directory().resolve(FileNames.LOCK));
      assertThatThrownBy(() -> store.append(ALICE, "chat", Message.user("3 later")))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("reopened");
      assertThat(numbers(store)).startsWith("1").doesNotContain("3");
    }
    try (ConversationStore store = JsonFileStore.open(options())) {
      assertThat(numbers(store)).startsWith("1").doesNotContain("3");
    }
  }

  /** A process with a store of this directory, controlled by commands. */
  private final class Child implements AutoCloseable {
    private final Process process;
    private final PrintStream commands;
    private final BufferedReader answers;

    Child() throws IOException {
      process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  FaultChild.class.getName(),
                  directory().toString(),
                  "1000000")
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      commands = new PrintStream(process.getOutputStream(), true, StandardCharsets.US_ASCII);
      answers = process.inputReader(StandardCharsets.US_ASCII);
    }

    String ask(String command) throws IOException {
      commands.println(command);
      return String.valueOf(answers.readLine());
    }

    @Override
    public void close() throws InterruptedException {
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void anOpenerNoticesThatTheHolderLives() throws Exception {
    try (Child child = new Child()) {
      assertThat(child.ask("open")).isEqualTo("ok");
      assertThat(child.ask("append 1")).isEqualTo("ok");
      Files.delete(directory().resolve(FileNames.LOCK));
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> JsonFileStore.open(options()))
            .isInstanceOf(StoreLockedException.class)
            .hasMessageContaining("pid " + child.process.pid())
            .hasMessageContaining("LOCK was deleted");
      }
    }
    try (ConversationStore store = JsonFileStore.open(options())) {
      assertThat(numbers(store)).containsExactly("1");
    }
  }

  /** Everything acknowledged by either process stays, even if nothing names the earlier holder. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatBothAcknowledgedStays(boolean closes) throws Exception {
    try (Child child = new Child()) {
      assertThat(child.ask("open")).isEqualTo("ok");
      assertThat(child.ask("append 1")).isEqualTo("ok");
      Files.delete(directory().resolve(FileNames.LOCK));
      Files.delete(directory().resolve("LOCK.owner"));
      try (ConversationStore store = JsonFileStore.open(options())) {
        store.append(ALICE, "chat", Message.user("2 of the second"));
        assertThat(child.ask("append 3")).isEqualTo("refused");
        store.append(ALICE, "chat", Message.user("4 of the second"));
        assertThat(child.ask("healthy")).isEqualTo("false");
        if (closes) {
          assertThat(child.ask("close")).isEqualTo("ok");
        }
        store.append(ALICE, "chat", Message.user("5 of the second"));
      }
    }
    try (ConversationStore store = JsonFileStore.open(options())) {
      assertThat(numbers(store)).containsExactly("1", "2", "4", "5");
    }
    assertThat(JsonFileTool.verify(directory()).isSound()).isTrue();
  }

  /** A copy made while the store was open names a process that does not have the copy open. */
  @Test
  void aCopyOfAnOpenDirectoryOpens() throws Exception {
    try (Child child = new Child()) {
      assertThat(child.ask("open")).isEqualTo("ok");
      assertThat(child.ask("append 1")).isEqualTo("ok");
      Path copy = Files.createDirectory(temporary.resolve("copy"));
      try (var files = Files.list(directory())) {
        for (Path file : files.toList()) {
          Files.copy(file, copy.resolve(file.getFileName()));
        }
      }
      try (ConversationStore store =
          JsonFileStore.open(JsonFileOptions.in(copy).withLockWait(Duration.ZERO))) {
        assertThat(numbers(store)).containsExactly("1");
      }
      assertThat(child.ask("append 2")).isEqualTo("ok");
    }
  }

  /** A lock on a file that is no longer {@code LOCK} does not count. */
  @Test
  void whoWaitedForADeletedFileTakesThePresentOne() throws Exception {
    try (Child child = new Child()) {
      assertThat(child.ask("open")).isEqualTo("ok");
      FutureTask<DirectoryLock> waiting =
          new FutureTask<>(() -> DirectoryLock.take(directory(), Duration.ofMinutes(1)));
      Thread thread = new Thread(waiting);
      thread.start();
      while (thread.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      Files.move(directory().resolve(FileNames.LOCK), temporary.resolve("moved"));
      assertThat(child.ask("close")).isEqualTo("ok");
      try (DirectoryLock taken = waiting.get()) {
        assertThat(taken.mayBeShared()).isTrue();
        assertThat(directory().resolve(FileNames.LOCK)).exists();
      }
    }
  }
}
