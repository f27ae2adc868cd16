package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.testkit.SmallDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A store on real disks that are full or become read-only. */
@Timeout(120)
class DiskFaultsIT {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");
  private static final String SECRET = "BOBS-SECRET";
  private static final int TEXT = 9_000;

  @TempDir Path temporary;

  private SmallDisk disk(String kind) throws IOException, InterruptedException {
    return kind.equals("ext4")
        ? SmallDisk.ext4(temporary)
        : SmallDisk.tmpfs(temporary, "size=4m,mode=700");
  }

  private static void append(ConversationStore store, String text) {
    store.append(ALICE, "chat", Message.user(text));
  }

  private static List<String> texts(ConversationStore store) {
    return store.last(ALICE, "chat", 1_000).stream().map(StoredMessage::text).toList();
  }

  private static String text(int number) {
    return number + " " + "x".repeat(TEXT);
  }

  /** Appends until a write is refused, then once more; returns the acknowledged texts. */
  private static List<String> fill(ConversationStore store) {
    List<String> acknowledged = new ArrayList<>();
    int refused = 0;
    while (refused < 2) {
      String text = text(acknowledged.size() + refused);
      try {
        append(store, text);
        acknowledged.add(text);
      } catch (StoreUnavailableException full) {
        assertThat(full).hasRootCauseInstanceOf(IOException.class);
        refused++;
      }
      assertThat(acknowledged).as("the disk was to be full").hasSizeLessThan(5_000);
    }
    return acknowledged;
  }

  private static Map<String, String> contents(Path directory) throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        byte[] bytes = Files.readAllBytes(file);
        contents.put(
            String.valueOf(file.getFileName()), new String(bytes, StandardCharsets.ISO_8859_1));
      }
    }
    return contents;
  }

  // Full disk

  @ParameterizedTest
  @CsvSource({
    "tmpfs, EACH_WRITE, 67108864",
    "tmpfs, EACH_WRITE, 32768",
    "tmpfs, SYSTEM, 32768",
    "ext4, EACH_WRITE, 67108864",
    "ext4, EACH_WRITE, 32768",
    "ext4, INTERVAL, 67108864",
    "ext4, SYSTEM, 32768"
  })
  void fullDiskRefusesAndGoesOnWhenThereIsRoom(
      String kind, Durability durability, long segmentBytes) throws Exception {
    try (SmallDisk disk = disk(kind)) {
      Path ballast = Files.write(disk.resolve("ballast"), new byte[512 << 10]);
      JsonFileOptions options =
          JsonFileOptions.in(disk.resolve("store"))
              .withDurability(durability)
              .withSegmentBytes(segmentBytes);
      List<String> acknowledged;
      try (ConversationStore store = JsonFileStore.open(options)) {
        store.create(ALICE, NewConversation.ofId("chat"));
        acknowledged = fill(store);
        assertThat(acknowledged).isNotEmpty();
        assertThat(texts(store)).isEqualTo(acknowledged);
        assertThat(store.operator().health().healthy()).isFalse();
        Files.delete(ballast);
        append(store, "after");
        acknowledged.add("after");
        assertThat(store.operator().health().healthy()).isTrue();
      }
      try (ConversationStore store = JsonFileStore.open(options)) {
        assertThat(texts(store)).isEqualTo(acknowledged);
        assertThat(store.operator().health().healthy()).isTrue();
      }
      assertThat(JsonFileTool.verify(options.directory()).isSound()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tmpfs", "ext4"})
  void aStoreOpensAndReadsOnAFullDisk(String kind) throws Exception {
    try (SmallDisk disk = disk(kind)) {
      Path ballast = Files.write(disk.resolve("ballast"), new byte[512 << 10]);
      JsonFileOptions options =
          JsonFileOptions.in(disk.resolve("store")).withSegmentBytes(32 << 10);
      List<String> acknowledged;
      try (ConversationStore store = JsonFileStore.open(options)) {
        store.create(ALICE, NewConversation.ofId("chat"));
        acknowledged = fill(store);
        // Like after a kill: nothing was closed, and the copy is elsewhere.
        Path copy = Files.createDirectory(temporary.resolve("copy"));
        try (Stream<Path> files = Files.list(options.directory())) {
          for (Path file : files.toList()) {
            Files.copy(file, copy.resolve(file.getFileName()));
          }
        }
        try (ConversationStore killed = JsonFileStore.open(copy)) {
          assertThat(texts(killed)).isEqualTo(acknowledged);
        }
      }
      try (ConversationStore store = JsonFileStore.open(options)) {
        assertThat(texts(store)).isEqualTo(acknowledged);
        acknowledged.addAll(fill(store));
        assertThat(texts(store)).isEqualTo(acknowledged);
        Files.delete(ballast);
        append(store, "after");
        acknowledged.add("after");
      }
      try (ConversationStore store = JsonFileStore.open(options)) {
        assertThat(texts(store)).isEqualTo(acknowledged);
      }
    }
  }

  /** Removing text rewrites files, which needs space: the erasure is refused, and done later. */
  @ParameterizedTest
  @ValueSource(strings = {"tmpfs", "ext4"})
  void anErasureOnAFullDiskIsDoneWhenThereIsRoom(String kind) throws Exception {
    try (SmallDisk disk = disk(kind)) {
      Path ballast = Files.write(disk.resolve("ballast"), new byte[512 << 10]);
      JsonFileOptions options =
          JsonFileOptions.in(disk.resolve("store")).withSegmentBytes(256 << 10);
      List<String> acknowledged;
      try (ConversationStore store = JsonFileStore.open(options)) {
        store.create(BOB, NewConversation.ofId("chat"));
        store.append(BOB, "chat", Message.user(SECRET));
        store.create(ALICE, NewConversation.ofId("chat"));
        acknowledged = fill(store);
        assertThatThrownBy(() -> store.erase(BOB)).isInstanceOf(StoreUnavailableException.class);
        Files.delete(ballast);
        store.erase(BOB);
        assertThat(contents(options.directory()).values())
            .noneMatch(content -> content.contains(SECRET));
      }
      try (ConversationStore store = JsonFileStore.open(options)) {
        assertThat(texts(store)).isEqualTo(acknowledged);
        assertThat(store.find(BOB, "chat")).isEmpty();
      }
    }
  }

  @Test
  void noMoreFilesRefusesAndGoesOnWhenThereAre() throws Exception {
    try (SmallDisk disk = SmallDisk.tmpfs(temporary, "size=8m,nr_inodes=16,mode=700")) {
      List<Path> ballast = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        ballast.add(Files.createFile(disk.resolve("ballast-" + i)));
      }
      JsonFileOptions options =
          JsonFileOptions.in(disk.resolve("store")).withSegmentBytes(16 << 10);
      List<String> acknowledged;
      try (ConversationStore store = JsonFileStore.open(options)) {
        store.create(ALICE, NewConversation.ofId("chat"));
        acknowledged = fill(store);
        assertThat(texts(store)).isEqualTo(acknowledged);
        for (Path file : ballast) {
          Files.delete(file);
        }
        append(store, "after");
        acknowledged.add("after");
        assertThat(store.operator().health().healthy()).isTrue();
      }
      try (ConversationStore store = JsonFileStore.open(options)) {
        assertThat(texts(store)).isEqualTo(acknowledged);
      }
    }
  }

  /** The directory was empty: the leftovers of a failed opening do not prevent the next one. */
  @ParameterizedTest
  @ValueSource(strings = {"tmpfs", "ext4"})
  void openingOnAFullDiskIsRefusedAndWorksWhenThereIsRoom(String kind) throws Exception {
    try (SmallDisk disk = disk(kind)) {
      Path directory = Files.createDirectory(disk.resolve("store"));
      Path ballast = disk.resolve("ballast");
      try (var out = Files.newOutputStream(ballast)) {
        byte[] block = new byte[512];
        assertThatThrownBy(
                () -> {
                  for (int i = 0; i < 100_000; i++) {
                    out.write(block);
                  }
                })
            .isInstanceOf(IOException.class);
      }
      assertThatThrownBy(() -> JsonFileStore.open(directory))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining(directory.toString());
      Files.delete(ballast);
      try (ConversationStore store = JsonFileStore.open(directory)) {
        store.create(ALICE, NewConversation.ofId("chat"));
        append(store, "a");
        assertThat(texts(store)).containsExactly("a");
      }
    }
  }

  // Read-only disk

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void openingAReadOnlyDirectoryIsRefusedAndChangesNothing(boolean used) throws Exception {
    try (SmallDisk disk = disk("tmpfs")) {
      Path directory = Files.createDirectory(disk.resolve("store"));
      if (used) {
        try (ConversationStore store = JsonFileStore.open(directory)) {
          store.create(ALICE, NewConversation.ofId("chat"));
          append(store, "a");
        }
      }
      Map<String, String> before = contents(directory);
      disk.remount("ro");
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> JsonFileStore.open(directory))
            .isExactlyInstanceOf(StoreUnavailableException.class)
            .hasMessageContaining(directory.toString())
            .hasMessageContaining("Read-only");
      }
      disk.remount("rw");
      assertThat(contents(directory)).isEqualTo(before);
      try (ConversationStore store = JsonFileStore.open(directory)) {
        store.createIfAbsent(ALICE, NewConversation.ofId("chat"));
        append(store, "b");
        assertThat(texts(store)).isEqualTo(used ? List.of("a", "b") : List.of("b"));
      }
    }
  }

  /** The system refuses to remount under an open store, but does it itself after an error. */
  @Test
  void aDiskThatBecomesReadOnlyRefusesWritesAndGoesOnReading() throws Exception {
    List<String> acknowledged = new ArrayList<>();
    try (SmallDisk disk = disk("ext4")) {
      JsonFileOptions options =
          JsonFileOptions.in(disk.resolve("store")).withSegmentBytes(32 << 10).withCacheBytes(0);
      ConversationStore store = JsonFileStore.open(options);
      try {
        store.create(ALICE, NewConversation.ofId("chat"));
        for (int i = 0; i < 20; i++) {
          append(store, text(i));
          acknowledged.add(text(i));
        }
        disk.meetError();
        for (int i = 20; i < 25; i++) {
          String refused = text(i);
          assertThatThrownBy(() -> append(store, refused))
              .isInstanceOf(StoreUnavailableException.class);
        }
        assertThat(texts(store)).isEqualTo(acknowledged);
        assertThat(store.operator().health().healthy()).isFalse();
      } finally {
        store.close();
      }
    }
    try (SmallDisk disk = disk("ext4");
        ConversationStore store = JsonFileStore.open(disk.resolve("store"))) {
      assertThat(texts(store)).isEqualTo(acknowledged);
      append(store, "again");
      assertThat(store.operator().health().healthy()).isTrue();
    }
  }
}
