package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A directory is copied by hard links ({@code cp -al}), as some backups do: both share their files,
 * and both are used afterwards.
 */
@Timeout(60)
class HardLinksTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");

  @TempDir Path temporary;

  @BeforeEach
  void requireLinks() {
    assumeTrue(
        temporary.getFileSystem().supportedFileAttributeViews().contains("unix"),
        "the system does not tell how many names a file has");
  }

  private Path original() {
    return temporary.resolve("original");
  }

  private Path copy() {
    return temporary.resolve("copy");
  }

  private void link() throws IOException {
    Files.createDirectory(copy());
    try (Stream<Path> files = Files.list(original())) {
      for (Path file : files.toList()) {
        Files.createLink(copy().resolve(file.getFileName()), file);
      }
    }
  }

  private static void append(ConversationStore store, Owner owner, String text) {
    store.createIfAbsent(owner, NewConversation.ofId("chat"));
    store.append(owner, "chat", Message.user(text));
  }

  private static List<String> texts(ConversationStore store, Owner owner) {
    return store.last(owner, "chat", 100).stream().map(StoredMessage::text).toList();
  }

  /** Opens it, appends and checks, then repeats this without a checkpoint. */
  private static void requireAndAppend(Path directory, String text, String... before)
      throws IOException {
    try (ConversationStore store = JsonFileStore.open(directory)) {
      assertThat(texts(store, ALICE)).containsExactly(before);
      append(store, ALICE, text);
    }
    assertThat(JsonFileTool.verify(directory).isSound()).isTrue();
    Files.deleteIfExists(directory.resolve(FileNames.CHECKPOINT));
  }

  @Test
  void whatOneWritesIsNotInTheOther() throws IOException {
    try (ConversationStore store = JsonFileStore.open(original())) {
      append(store, ALICE, "both");
    }
    link();
    requireAndAppend(copy(), "copy 1", "both");
    requireAndAppend(original(), "original 1", "both");
    requireAndAppend(copy(), "copy 2", "both", "copy 1");
    requireAndAppend(original(), "original 2", "both", "original 1");
    requireAndAppend(copy(), "copy 3", "both", "copy 1", "copy 2");
  }

  @Test
  void whatOneErasesStaysReadableInTheOther() throws IOException {
    try (ConversationStore store = JsonFileStore.open(original())) {
      append(store, ALICE, "both");
      append(store, BOB, "secret-of-bob");
    }
    link();
    try (ConversationStore store = JsonFileStore.open(original())) {
      store.erase(BOB);
    }
    try (Stream<Path> files = Files.list(original())) {
      for (Path file : files.toList()) {
        assertThat(Files.readString(file)).doesNotContain("secret-of-bob");
      }
    }
    try (ConversationStore store = JsonFileStore.open(copy())) {
      assertThat(texts(store, BOB)).containsExactly("secret-of-bob");
      assertThat(store.operator().health().healthy()).isTrue();
    }
  }
}
