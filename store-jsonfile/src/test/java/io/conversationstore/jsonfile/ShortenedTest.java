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
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.Segments;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Another process cuts off the end of a file, like a log rotation that copies and truncates: the
 * file keeps its name and takes writes behind a hole.
 */
@Timeout(60)
class ShortenedTest {
  private static final Owner ALICE = Owner.of("acme", "alice");

  @TempDir Path temporary;

  private Path directory() {
    return temporary.resolve("store");
  }

  private JsonFileOptions options(Durability durability) {
    JsonFileOptions options = JsonFileOptions.in(directory()).withSegmentBytes(4_096);
    return durability == Durability.INTERVAL
        ? options.withSyncInterval(Duration.ofHours(1))
        : options.withDurability(durability);
  }

  private static List<String> fill(ConversationStore store, int messages) {
    store.createIfAbsent(ALICE, NewConversation.ofId("chat"));
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < messages; i++) {
      String text = i + " " + "x".repeat(500);
      store.append(ALICE, "chat", Message.user(text));
      texts.add(text);
    }
    return texts;
  }

  private List<Path> segments() throws IOException {
    try (Stream<Path> files = Files.list(directory())) {
      return files
          .filter(file -> Segments.number(file.getFileName().toString()) > 0)
          .sorted()
          .toList();
    }
  }

  private static void truncate(Path file, long size) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(size);
    }
  }

  private static StoreHealth.Check directoryCheck(ConversationStore store) {
    return store.operator().health().checks().stream()
        .filter(check -> check.name().equals("directory"))
        .findFirst()
        .orElseThrow();
  }

  @ParameterizedTest
  @EnumSource
  void nothingIsAcknowledgedBehindAnEndThatSomebodyCutOff(Durability durability)
      throws IOException {
    try (ConversationStore store = JsonFileStore.open(options(durability))) {
      fill(store, 2);
      assertThat(directoryCheck(store).passed()).isTrue();
      Path last = segments().get(segments().size() - 1);
      truncate(last, 0);
      assertThat(directoryCheck(store).detail())
          .isEqualTo(last.getFileName() + " was truncated by another process");
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> store.append(ALICE, "chat", Message.user("after")))
            .isInstanceOf(StoreUnavailableException.class)
            .hasMessageContaining("truncated by another process")
            .hasMessageContaining("reopened");
      }
      assertThat(store.operator().health().healthy()).isFalse();
      assertThat(store.state().reason()).contains("was truncated").contains("refused");
    }
  }

  @Test
  void anEarlierFileThatWasCutOffIsNamedAndDoesNotOpenUnnoticed() throws IOException {
    List<String> texts;
    Path earlier;
    try (ConversationStore store = JsonFileStore.open(options(Durability.EACH_WRITE))) {
      texts = fill(store, 40);
      assertThat(directoryCheck(store).passed()).isTrue();
      earlier = segments().get(1);
      truncate(earlier, 1_000);
      assertThat(directoryCheck(store).passed()).isFalse();
      assertThat(directoryCheck(store).detail()).startsWith(earlier.getFileName().toString());
    }
    assertThat(directory().resolve(FileNames.CHECKPOINT)).exists();
    assertThatThrownBy(() -> JsonFileStore.open(options(Durability.EACH_WRITE)).close())
        .isInstanceOf(StoreDamagedException.class)
        .hasMessageContaining(earlier.getFileName().toString());
    JsonFileTool.repair(directory());
    try (ConversationStore store = JsonFileStore.open(options(Durability.EACH_WRITE))) {
      List<String> left = store.last(ALICE, "chat", 100).stream().map(StoredMessage::text).toList();
      assertThat(texts).containsSubsequence(left);
      assertThat(left).hasSizeGreaterThan(30).contains(texts.get(0), texts.get(39));
    }
  }

  /**
   * An end that the store itself removes, such as the blanks behind the last line, is not damage.
   */
  @Test
  void whatTheStoreCutsOffItselfIsNoDamage() throws IOException {
    for (int life = 0; life < 3; life++) {
      try (ConversationStore store = JsonFileStore.open(options(Durability.EACH_WRITE))) {
        fill(store, 20);
        store.erase(Owner.of("acme", "nobody"));
        assertThat(store.operator().health().healthy()).isTrue();
      }
    }
  }
}
