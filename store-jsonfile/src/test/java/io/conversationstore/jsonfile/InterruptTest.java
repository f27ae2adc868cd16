package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.Segments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The application's thread is interrupted before a call; the files are not affected. */
// What follows a test looks at its thread.
@Timeout(value = 4, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SAME_THREAD)
class InterruptTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");

  @TempDir Path directory;

  @AfterEach
  void stayNoted() {
    assertThat(Thread.interrupted()).as("the interrupt is still noted").isTrue();
  }

  private void closeInterrupted(ConversationStore store) {
    Thread.currentThread().interrupt();
    store.close();
    assertThat(Thread.interrupted()).isTrue();
  }

  private Path log() throws IOException {
    try (var files = Files.list(directory)) {
      return files
          .filter(file -> Segments.number(file.getFileName().toString()) > 0)
          .max(Path::compareTo)
          .orElseThrow();
    }
  }

  @Test
  void aBitThatTurnsAfterAnInterruptedCloseIsDamage() throws IOException {
    ConversationStore store = JsonFileStore.open(directory);
    store.create(ALICE, NewConversation.ofId("chat"));
    store.append(ALICE, "chat", Message.user("acknowledged"));
    closeInterrupted(store);
    byte[] bytes = Files.readAllBytes(log());
    bytes[bytes.length - 20] ^= 1;
    Files.write(log(), bytes);
    Files.deleteIfExists(directory.resolve(FileNames.CHECKPOINT));
    assertThatThrownBy(() -> JsonFileStore.open(directory))
        .isInstanceOf(StoreDamagedException.class)
        .hasMessageContaining("is damaged");
    Thread.currentThread().interrupt();
  }

  @Test
  void openingWorksAndSoDoAllCalls() {
    try (ConversationStore store = JsonFileStore.open(directory)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      store.append(ALICE, "chat", Message.user("before"));
      store.create(BOB, NewConversation.ofId("chat"));
    }
    Thread.currentThread().interrupt();
    try (ConversationStore store = JsonFileStore.open(directory)) {
      store.append(ALICE, "chat", Message.user("after"));
      assertThat(store.erase(BOB).removed()).isNotEmpty();
      assertThat(store.last(ALICE, "chat", 10)).hasSize(2);
      assertThat(store.operator().health().healthy()).isTrue();
    }
    assertThat(JsonFileTool.verify(directory).isSound()).isTrue();
    assertThat(JsonFileTool.repair(directory).isSound()).isTrue();
  }

  @Test
  void aDirectoryIsMadeByAnInterruptedOpener() {
    Thread.currentThread().interrupt();
    JsonFileStore.open(directory.resolve("made").resolve("here")).close();
    assertThat(directory.resolve("made").resolve("here").resolve(FileNames.MANIFEST)).exists();
  }
}
