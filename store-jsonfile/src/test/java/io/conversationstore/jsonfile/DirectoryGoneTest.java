package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.Segments;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The directory of an open store is deleted or replaced by another one. An open file that was
 * deleted still accepts writes and fsyncs, but the store must not acknowledge them.
 */
@Timeout(60)
class DirectoryGoneTest {
  private static final Owner ALICE = Owner.of("acme", "alice");

  @TempDir Path temporary;

  private Path directory() {
    return temporary.resolve("store");
  }

  private JsonFileOptions options(Durability durability) {
    return durability == Durability.INTERVAL
        // Nothing is forced meanwhile: an acknowledgement must not depend on a force.
        ? JsonFileOptions.in(directory()).withSyncInterval(Duration.ofHours(1))
        : JsonFileOptions.in(directory()).withDurability(durability);
  }

  private ConversationStore opened(JsonFileOptions options) {
    ConversationStore store = JsonFileStore.open(options);
    store.create(ALICE, NewConversation.ofId("chat"));
    store.append(ALICE, "chat", Message.user("before"));
    return store;
  }

  private static void append(ConversationStore store, String text) {
    store.append(ALICE, "chat", Message.user(text));
  }

  private static List<String> texts(ConversationStore store) {
    return store.last(ALICE, "chat", 100).stream().map(StoredMessage::text).toList();
  }

  private void deleteFiles() throws IOException {
    try (Stream<Path> files = Files.list(directory())) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
  }

  private Map<String, String> contents() throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory())) {
      for (Path file : files.toList()) {
        contents.put(
            String.valueOf(file.getFileName()),
            Files.readString(file, StandardCharsets.ISO_8859_1));
      }
    }
    return contents;
  }

  private static boolean passes(ConversationStore store, String check) {
    return store.operator().health().checks().stream()
        .filter(each -> each.name().equals(check))
        .allMatch(StoreHealth.Check::passed);
  }

  /**
   * Writes are refused from the first one on, with every setting; earlier content can still be
   * read.
   */
  private static void requireRefused(ConversationStore store) {
    assertThatThrownBy(() -> append(store, "after"))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("deleted or moved away");
    assertThatThrownBy(() -> append(store, "later"))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("reopened");
    assertThatThrownBy(() -> store.erase(ALICE)).isInstanceOf(StoreUnavailableException.class);
    assertThat(passes(store, "writable")).isFalse();
    assertThat(store.state().reason()).contains("refused");
    assertThat(texts(store)).startsWith("before").doesNotContain("later");
  }

  @ParameterizedTest
  @EnumSource
  void nothingIsAcknowledgedIntoADeletedDirectory(Durability durability) throws IOException {
    JsonFileOptions options = options(durability);
    try (ConversationStore store = opened(options)) {
      deleteFiles();
      Files.delete(directory());
      assertThat(passes(store, "directory")).isFalse();
      requireRefused(store);
      assertThat(directory()).doesNotExist();
    }
    try (ConversationStore again = JsonFileStore.open(options)) {
      assertThat(again.find(ALICE, "chat")).isEmpty();
      again.create(ALICE, NewConversation.ofId("chat"));
      assertThat(again.operator().health().healthy()).isTrue();
    }
  }

  /** The store adds nothing to the new directory and removes nothing from it. */
  @ParameterizedTest
  @EnumSource
  void anotherDirectoryInItsPlaceIsLeftAlone(Durability durability) throws IOException {
    try (ConversationStore store = opened(options(durability))) {
      deleteFiles();
      Files.writeString(directory().resolve("LOCK"), "");
      Files.writeString(directory().resolve("store.json"), "somebody else's");
      Files.writeString(directory().resolve("log-0000000007.jsonl"), "somebody else's");
      Map<String, String> theirs = contents();
      assertThat(passes(store, "directory")).isFalse();
      requireRefused(store);
      assertThat(contents()).isEqualTo(theirs);
    }
  }

  /** The log was just forced and is full: the next write begins a segment. */
  @Test
  void noSegmentIsBegunInAnotherDirectory() throws IOException {
    JsonFileOptions options = options(Durability.EACH_WRITE).withSegmentBytes(4 << 10);
    try (ConversationStore store = opened(options)) {
      append(store, "x".repeat(4 << 10));
      deleteFiles();
      assertThatThrownBy(() -> append(store, "after"))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("deleted or moved away");
      assertThat(contents()).isEmpty();
    }
    assertThat(contents()).isEmpty();
  }

  @Test
  void aDirectoryThatIsMovedBackIsWhole() throws IOException {
    JsonFileOptions options = options(Durability.EACH_WRITE);
    Path elsewhere = temporary.resolve("elsewhere");
    try (ConversationStore store = opened(options)) {
      Files.move(directory(), elsewhere);
      requireRefused(store);
    }
    Files.move(elsewhere, directory());
    try (ConversationStore store = JsonFileStore.open(options)) {
      // The refused write was already in the file, which the store could not know.
      assertThat(texts(store)).startsWith("before").doesNotContain("later");
      append(store, "again");
    }
  }

  /** Writes continue, because they are kept; health reports what the next start will find. */
  @Test
  void healthAndTheNextStartReportAMissingEarlierFile() throws IOException {
    JsonFileOptions options = options(Durability.EACH_WRITE).withSegmentBytes(4 << 10);
    try (ConversationStore store = opened(options)) {
      append(store, "x".repeat(4 << 10));
      append(store, "in the second segment");
      assertThat(passes(store, "directory")).isTrue();
      Files.delete(directory().resolve(Segments.name(1)));
      append(store, "after");
      assertThat(passes(store, "directory")).isFalse();
    }
    Map<String, String> left = contents();
    assertThatThrownBy(() -> JsonFileStore.open(options))
        .isInstanceOf(StoreDamagedException.class)
        .hasMessageContaining(Segments.name(1));
    assertThat(contents().keySet()).containsAll(left.keySet());
  }
}
