package io.conversationstore.jsonfile;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Page;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreLockedException;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonFileStoreTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");

  @TempDir Path temporary;

  private JsonFileOptions options() {
    return JsonFileOptions.in(temporary.resolve("store"))
        .withSegmentBytes(4 << 10)
        .withLockWait(Duration.ofMillis(50));
  }

  private Path file(String name) {
    return temporary.resolve("store").resolve(name);
  }

  private static List<Object> everything(ConversationStore store, Owner owner) {
    List<Object> all = new ArrayList<>();
    for (Conversation conversation : store.list(owner, ConversationQuery.all())) {
      all.add(conversation);
      all.addAll(store.last(owner, conversation.id(), 1_000));
    }
    all.addAll(store.history(owner, MessageQuery.first(1_000)).items());
    all.add(store.count(owner));
    all.add(store.preferences(owner));
    return all;
  }

  private static void fill(ConversationStore store, Owner owner, String text) {
    Conversation chat = store.create(owner, NewConversation.ofId("chat").withTitle("T " + text));
    for (int i = 0; i < 60; i++) {
      store.append(
          owner,
          chat.id(),
          Message.user(text + " question " + i),
          Message.assistant(text + " answer " + i).withModel("m").withUsage(TokenUsage.of(2, 3)));
    }
    List<StoredMessage> all = store.last(owner, chat.id(), 1_000);
    store.edit(owner, chat.id(), all.get(3).id(), MessageEdit.text(text + " edited"));
    store.deleteMessage(owner, chat.id(), all.get(5).id());
    store.save(
        owner,
        ConversationDocument.of(
            NewConversation.ofId("saved"), List.of(Message.user(text), Message.user("b"))));
    store.update(owner, "saved", ConversationUpdate.touch().withTitle(text).withPinned(true));
    store.create(owner, NewConversation.ofId("gone"));
    store.append(owner, "gone", Message.user(text));
    store.delete(owner, "gone");
    store.updatePreferences(owner, PreferencesUpdate.none().withActiveConversation("chat"));
  }

  @Test
  void reopeningGivesTheSame() {
    List<Object> before;
    try (ConversationStore store = JsonFileStore.open(options())) {
      fill(store, ALICE, "hello");
      before = everything(store, ALICE);
      assertThat(store.operator().health().healthy()).isTrue();
      assertThat(store.find(ALICE, "chat").orElseThrow().messageCount()).isEqualTo(119);
    }
    try (ConversationStore store = JsonFileStore.open(options())) {
      assertThat(everything(store, ALICE)).isEqualTo(before);
      assertThat(store.create(ALICE, NewConversation.ofId("gone")).generation()).isEqualTo(2);
      assertThat(store.append(ALICE, "chat", Message.user("next")).get(0).seq()).isEqualTo(121);
    }
  }

  @Test
  void pagesGoForwardAndBackward() {
    try (ConversationStore store = JsonFileStore.open(options())) {
      fill(store, ALICE, "x");
      List<StoredMessage> all = store.last(ALICE, "chat", 1_000);
      List<StoredMessage> forward = new ArrayList<>();
      Page<StoredMessage> page = store.messages(ALICE, "chat", MessageQuery.first(7));
      forward.addAll(page.items());
      while (page.hasMore()) {
        page = store.messages(ALICE, "chat", MessageQuery.first(7).withCursor(page.cursor()));
        forward.addAll(page.items());
      }
      assertThat(forward).isEqualTo(all);
      List<StoredMessage> backward = new ArrayList<>();
      page = store.history(ALICE, MessageQuery.last(7));
      backward.addAll(0, page.items());
      while (page.hasMore()) {
        page = store.history(ALICE, MessageQuery.last(7).withCursor(page.cursor()));
        backward.addAll(0, page.items());
      }
      assertThat(backward).isEqualTo(store.history(ALICE, MessageQuery.first(1_000)).items());
      assertThat(backward).hasSize(121);

      Page<StoredMessage> old = store.messages(ALICE, "chat", MessageQuery.first(1));
      store.delete(ALICE, "chat");
      store.create(ALICE, NewConversation.ofId("chat"));
      assertThatThrownBy(
              () -> store.messages(ALICE, "chat", MessageQuery.first(1).withCursor(old.cursor())))
          .isInstanceOf(CursorExpiredException.class);
    }
  }

  @Test
  void repeatedAppendsChangeNothing() {
    try (ConversationStore store = JsonFileStore.open(options())) {
      store.create(ALICE, NewConversation.ofId("chat"));
      Message message = Message.user("once").withId(UUID.randomUUID());
      List<StoredMessage> first = store.append(ALICE, "chat", message);
      store.edit(ALICE, "chat", first.get(0).id(), MessageEdit.text("edited"));
      List<StoredMessage> again = store.append(ALICE, "chat", message);
      assertThat(again.get(0).text()).isEqualTo("edited");
      assertThat(store.count(ALICE)).isEqualTo(new OwnerCounts(1, 1));
    }
  }

  @Test
  void tornTailIsCutOff() throws IOException {
    try (ConversationStore store = JsonFileStore.open(options())) {
      store.create(ALICE, NewConversation.ofId("chat"));
      store.append(ALICE, "chat", Message.user("kept"));
    }
    Path log = file("log-0000000001.jsonl");
    Files.writeString(log, "{\"crc\":\"00000000\",\"n\":3,", StandardOpenOption.APPEND);
    for (int i = 0; i < 2; i++) {
      try (ConversationStore store = JsonFileStore.open(options())) {
        assertThat(store.last(ALICE, "chat", 10)).hasSize(1 + i);
        store.append(ALICE, "chat", Message.user("more"));
      }
    }
  }

  @Test
  void damageInTheMiddleIsRefusedAndNothingChanges() throws IOException {
    try (ConversationStore store = JsonFileStore.open(options())) {
      store.create(ALICE, NewConversation.ofId("chat"));
      for (int i = 0; i < 5; i++) {
        store.append(ALICE, "chat", Message.user("secret text " + i));
      }
    }
    Path log = file("log-0000000001.jsonl");
    byte[] bytes = Files.readAllBytes(log);
    bytes[new String(bytes, StandardCharsets.UTF_8).indexOf("secret text 2")] = 'S';
    Files.write(log, bytes);
    assertThatThrownBy(() -> JsonFileStore.open(options()))
        .isInstanceOf(StoreDamagedException.class)
        .hasMessageContaining("log-0000000001.jsonl")
        .hasMessageContaining("byte ")
        .hasMessageNotContaining("ecret text");
    assertThat(Files.readAllBytes(log)).isEqualTo(bytes);
  }

  @Test
  void newerFormatIsRefused() throws IOException {
    JsonFileStore.open(options()).close();
    Path manifest = file("store.json");
    String fields = Files.readString(manifest).replace("\"format\":1", "\"format\":2").strip();
    byte[] newer =
        LineFormat.join(
            LineFormat.open(fields.substring(LineFormat.PREFIX, fields.length() - 1)), new byte[0]);
    Files.write(manifest, newer);
    assertThatThrownBy(() -> JsonFileStore.open(options()))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("version 2");
    assertThat(Files.readAllBytes(manifest)).isEqualTo(newer);
  }

  @Test
  void secondStoreOfThisProcessIsRefused() {
    try (ConversationStore store = JsonFileStore.open(options())) {
      assertThat(store.count(ALICE).conversations()).isZero();
      assertThatThrownBy(() -> JsonFileStore.open(options()))
          .isInstanceOf(StoreLockedException.class)
          .hasMessageContaining("of this process");
    }
    JsonFileStore.open(options()).close();
  }

  @Test
  void anotherProcessIsNamedAndItsDeathFreesTheDirectory() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LockHolder.class.getName(),
                options().directory().toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(process.inputReader().readLine()).isEqualTo("open");
      assertThatThrownBy(() -> JsonFileStore.open(options()))
          .isInstanceOf(StoreLockedException.class)
          .hasMessageContaining("another process")
          .hasMessageContaining("pid " + process.pid());
    } finally {
      process.destroyForcibly().waitFor();
    }
    try (ConversationStore store = JsonFileStore.open(options())) {
      assertThat(store.find(ALICE, "from-the-other")).isPresent();
    }
  }

  @Test
  void erasureLeavesNoText() throws IOException {
    try (ConversationStore store = JsonFileStore.open(options())) {
      fill(store, ALICE, "MARKER");
      fill(store, BOB, "other");
      List<Object> bobs = everything(store, BOB);
      assertThat(grep("MARKER")).isTrue();
      ErasureReceipt receipt = store.erase(ALICE);
      assertThat(receipt.removed().get(0).messages()).isEqualTo(121);
      assertThat(receipt.notCovered()).isNotEmpty();
      assertThat(grep("MARKER")).isFalse();
      assertThat(store.count(ALICE)).isEqualTo(new OwnerCounts(0, 0));
      assertThat(everything(store, BOB)).isEqualTo(bobs);
      store.create(ALICE, NewConversation.ofId("chat"));
      store.append(ALICE, "chat", Message.user("anew"));
    }
    try (ConversationStore store = JsonFileStore.open(options())) {
      assertThat(store.count(ALICE)).isEqualTo(new OwnerCounts(1, 1));
      assertThat(store.last(BOB, "chat", 1_000)).hasSize(119);
    }
  }

  private boolean grep(String text) throws IOException {
    try (Stream<Path> files = Files.list(temporary.resolve("store"))) {
      for (Path path : files.toList()) {
        if (new String(Files.readAllBytes(path), StandardCharsets.UTF_8).contains(text)) {
          return true;
        }
      }
    }
    return false;
  }

  @Test
  @Timeout(60)
  void garbageIsCollected() throws IOException {
    JsonFileOptions small = options().withCompactionBytes(8 << 10);
    int edits = 0;
    try (ConversationStore store = JsonFileStore.open(small)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      UUID id = store.append(ALICE, "chat", Message.user("v")).get(0).id();
      while (edits < 300 || names().contains("log-0000000001.jsonl")) {
        store.edit(ALICE, "chat", id, MessageEdit.text("version " + ++edits));
      }
      assertThat(store.last(ALICE, "chat", 1).get(0).text()).isEqualTo("version " + edits);
    }
    try (ConversationStore store = JsonFileStore.open(small)) {
      assertThat(store.last(ALICE, "chat", 1).get(0).text()).isEqualTo("version " + edits);
    }
    assertThat(names()).anyMatch(name -> name.startsWith("snapshot-"));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(temporary.resolve("store"))) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }

  @Test
  void sixteenThreadsLoseNothingAndInterruptsHarmNobody() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(16);
    try (ConversationStore store = JsonFileStore.open(options())) {
      store.create(ALICE, NewConversation.ofId("chat"));
      List<Future<?>> futures = new ArrayList<>();
      for (int t = 0; t < 16; t++) {
        int thread = t;
        futures.add(
            threads.submit(
                () -> {
                  for (int i = 0; i < 50; i++) {
                    if (i % 10 == thread % 10) {
                      Thread.currentThread().interrupt();
                    }
                    store.append(ALICE, "chat", Message.user(thread + ":" + i));
                    assertThat(store.last(ALICE, "chat", 20)).isNotEmpty();
                    Thread.interrupted();
                  }
                }));
      }
      for (Future<?> future : futures) {
        future.get();
      }
    } finally {
      threads.shutdown();
    }
    try (ConversationStore store = JsonFileStore.open(options())) {
      List<StoredMessage> all = store.last(ALICE, "chat", 1_000);
      Set<String> texts = new HashSet<>();
      all.forEach(message -> texts.add(message.text()));
      assertThat(texts).hasSize(800);
      assertThat(all).extracting(StoredMessage::seq).isSorted().doesNotHaveDuplicates();
    }
  }

  @Test
  void retentionSparesPinnedConversations() {
    try (ConversationStore store = JsonFileStore.open(options())) {
      fill(store, ALICE, "x");
      assertThat(store.operator().deleteMessagesOlderThan(Duration.ZERO)).isEqualTo(119);
      assertThat(store.count(ALICE).messages()).isEqualTo(2);
      assertThat(store.operator().archiveIdle(Duration.ZERO)).isEqualTo(2);
      assertThatThrownBy(() -> store.append(ALICE, "absent", Message.user("x")))
          .isInstanceOf(ConversationNotFoundException.class);
    }
  }

  @Test
  void filesAreTheOwnersAlone() throws IOException {
    JsonFileStore.open(options()).close();
    try (Stream<Path> files = Files.list(file("."))) {
      for (Path each : files.toList()) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
            .as(each.toString())
            .isEqualTo("rw-------");
      }
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file("."))))
        .isEqualTo("rwx------");
  }

  /**
   * A lost store.json must have named these files: it is not recreated, which would remove them.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "log-0000000001.jsonl",
        "snapshot-0000000001.jsonl",
        "damaged-log-0000000001.jsonl-0.bin"
      })
  void filesWithoutStoreJsonAreRefusedAndStay(String name) throws IOException {
    Files.createDirectories(file("."));
    Files.writeString(file(name), "all that is left");
    assertThatThrownBy(() -> JsonFileStore.open(options()))
        .isInstanceOf(StoreDamagedException.class)
        .hasMessageContaining("store.json")
        .hasMessageContaining(name);
    assertThat(file(name)).hasContent("all that is left");
    assertThat(file("store.json")).doesNotExist();
  }

  private String rights() throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file(".")));
  }

  @Test
  void whatElseIsInTheDirectoryIsLeftAsItIs() throws IOException {
    Files.createDirectories(file("."));
    Files.writeString(file("theirs.tmp"), "theirs");
    Files.setPosixFilePermissions(file("."), PosixFilePermissions.fromString("rwxr-xr-x"));
    for (int i = 0; i < 2; i++) {
      JsonFileStore.open(options()).close();
      assertThat(file("theirs.tmp")).hasContent("theirs");
      assertThat(rights()).isEqualTo("rwxr-xr-x");
    }
  }

  @Test
  void whatACrashLeftIsRemovedAndTheRightsOfAnOwnDirectoryPutRight() throws IOException {
    JsonFileStore.open(options()).close();
    List<String> own = List.of("store.json.tmp", "checkpoint.tmp", "erasure.tmp", "repair.tmp");
    for (String name : own) {
      Files.writeString(file(name), "cut off");
    }
    Files.setPosixFilePermissions(file("."), PosixFilePermissions.fromString("rwxr-xr-x"));
    JsonFileStore.open(options()).close();
    for (String name : own) {
      assertThat(file(name)).doesNotExist();
    }
    assertThat(rights()).isEqualTo("rwx------");
  }

  @Test
  void anEmptyDirectoryBecomesTheStores() throws IOException {
    Files.createDirectories(file("."));
    Files.setPosixFilePermissions(file("."), PosixFilePermissions.fromString("rwxr-xr-x"));
    JsonFileStore.open(options()).close();
    assertThat(rights()).isEqualTo("rwx------");
  }

  private Map<String, String> contents() throws IOException {
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> files = Files.list(file("."))) {
      for (Path each : files.toList()) {
        contents.put(String.valueOf(each.getFileName()), Files.readString(each, ISO_8859_1));
      }
    }
    contents.remove("LOCK.owner");
    return contents;
  }

  /** The library is older than the files; a segment shows it, not only store.json. */
  @Test
  void aSegmentOfANewerVersionIsRefusedAndNothingIsChanged() throws IOException {
    try (ConversationStore store = JsonFileStore.open(options())) {
      store.create(ALICE, NewConversation.ofId("chat"));
    }
    Path log = file("log-0000000001.jsonl");
    String lines = Files.readString(log, ISO_8859_1);
    byte[] header = LineFormat.logHeader(1, 1);
    assertThat(lines).startsWith(new String(header, ISO_8859_1));
    byte[] newer =
        LineFormat.join(
            LineFormat.open("\"format\":2,\"kind\":\"log\",\"segment\":1,\"from\":1"), new byte[0]);
    Files.writeString(
        log, new String(newer, ISO_8859_1) + lines.substring(header.length), ISO_8859_1);
    Files.writeString(file("erasure.tmp"), "left by a crash");
    Map<String, String> before = contents();
    assertThatThrownBy(() -> JsonFileStore.open(options()))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("log-0000000001.jsonl")
        .hasMessageContaining("format version 2");
    assertThat(contents()).isEqualTo(before);
  }

  @Test
  void optionsThatAreNullAreNamed() {
    JsonFileOptions options = JsonFileOptions.in(Path.of("x"));
    assertThatThrownBy(() -> options.withClock(null, UUID::randomUUID))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessage("clock must not be null");
    assertThatThrownBy(() -> options.withClock(Clock.systemUTC(), null))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessage("ids must not be null");
    List<Function<JsonFileOptions, JsonFileOptions>> changes =
        List.of(
            each -> each.withDurability(null),
            each -> each.withSyncInterval(null),
            each -> each.withLockWait(null),
            each -> each.withLimits(null),
            each -> JsonFileOptions.in(null));
    for (Function<JsonFileOptions, JsonFileOptions> change : changes) {
      assertThatThrownBy(() -> change.apply(options))
          .isInstanceOf(StoreConfigurationException.class)
          .hasMessageEndingWith("must not be null");
    }
  }

  @Test
  void aWrongOptionIsNamed() {
    assertThatThrownBy(() -> JsonFileOptions.in(Path.of("x")).withCacheBytes(-1))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("cacheBytes");
  }

  @Test
  void aPathBelowAFileIsRefusedWithTheFile() throws IOException {
    Path file = Files.writeString(temporary.resolve("a file"), "text");
    for (Path path : List.of(file, file.resolve("store"), file.resolve("in").resolve("store"))) {
      assertThatThrownBy(() -> JsonFileStore.open(path))
          .isInstanceOf(StoreConfigurationException.class)
          .hasMessage("path " + file + " is not a directory; the store needs " + path);
    }
    assertThat(file).hasContent("text");
  }
}
