package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreLimits;
import io.conversationstore.StoredMessage;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.jsonfile.internal.apply.Contents;
import io.conversationstore.jsonfile.internal.disk.DiskFiles;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.jsonfile.internal.format.Manifest;
import io.conversationstore.jsonfile.internal.log.RecoveredLog;
import io.conversationstore.jsonfile.internal.recovery.Recovery;
import io.conversationstore.spi.UuidV7;
import io.conversationstore.testkit.ManualClock;
import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class MaintenanceTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob \"the\" builder");

  @TempDir Path directory;

  private JsonFileOptions options() {
    return JsonFileOptions.in(directory).withSegmentBytes(8 << 10).withCompactionBytes(16 << 10);
  }

  private FileEngine engine() {
    return (FileEngine) JsonFileStore.openEngine(options());
  }

  private ConversationStore front(FileEngine engine) {
    JsonFileOptions options = options();
    return new DefaultConversationStore(
        engine, StoreLimits.DEFAULT, options.clock(), options.ids(), engine.identity().node());
  }

  private static List<String> texts(ConversationStore store, String conversation) {
    List<String> texts = new ArrayList<>();
    MessageQuery query = MessageQuery.first(200);
    while (true) {
      var page = store.messages(ALICE, conversation, query);
      page.items().stream().map(StoredMessage::text).forEach(texts::add);
      if (!page.hasMore()) {
        return texts;
      }
      query = MessageQuery.first(200).withCursor(page.cursor());
    }
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private boolean isAnywhere(String text) throws IOException {
    for (String name : names()) {
      byte[] bytes = Files.readAllBytes(directory.resolve(name));
      if (new String(bytes, StandardCharsets.ISO_8859_1).contains(text)) {
        return true;
      }
    }
    return false;
  }

  /** Collection begins before the disk is full, because the remaining rows need space too. */
  @Test
  void garbageIsCollectedWhenItTakesWhatTheDiskHasLeft() throws Exception {
    HookedFiles disk = new HookedFiles(new MemoryFiles());
    disk.usable(20_000);
    JsonFileOptions options = Memory.options().withCompactionBytes(1L << 40);
    try (FileEngine engine = Memory.engine(disk, options)) {
      ConversationStore store = Memory.front(engine, options);
      store.create(ALICE, NewConversation.ofId("chat"));
      UUID message = store.append(ALICE, "chat", Message.user("first")).get(0).id();
      long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (disk.list().stream().noneMatch(name -> name.startsWith("snapshot-"))) {
        assertThat(System.nanoTime()).as("collected in time").isLessThan(end);
        store.edit(ALICE, "chat", message, MessageEdit.text("x".repeat(1_000)));
      }
      assertThat(texts(store, "chat")).containsExactly("x".repeat(1_000));
    }
  }

  /** At the configured rate the compaction would take 48 s. */
  @Test
  @Timeout(30)
  void erasureOnAShortDiskWaitsForNoPause() throws Exception {
    HookedFiles disk = new HookedFiles(new MemoryFiles());
    JsonFileOptions options =
        Memory.options().withCompactionBytes(1L << 40).withCompactionBytesPerSecond(64 << 10);
    try (FileEngine engine = Memory.engine(disk, options)) {
      ConversationStore store = Memory.front(engine, options);
      Owner bob = Owner.of("acme", "bob");
      store.create(bob, NewConversation.ofId("chat"));
      store.append(bob, "chat", Message.user("secret"));
      store.create(ALICE, NewConversation.ofId("chat"));
      UUID message = store.append(ALICE, "chat", Message.user("first")).get(0).id();
      for (int i = 0; i < 100; i++) {
        store.append(ALICE, "chat", Message.assistant("y".repeat(30_000)));
      }
      disk.usable(1_000_000);
      while (disk.list().stream().noneMatch(name -> name.startsWith("snapshot-"))) {
        store.edit(ALICE, "chat", message, MessageEdit.text("x".repeat(1_000)));
      }
      store.erase(bob);
      assertThat(store.find(bob, "chat")).isEmpty();
      assertThat(texts(store, "chat")).hasSize(101);
    }
  }

  @Test
  void openingThatFailsLeavesNoThread() throws Exception {
    String name = "fails-" + UUID.randomUUID();
    JsonFileOptions options = JsonFileOptions.in(Path.of(name));
    HookedFiles broken = new HookedFiles(new MemoryFiles(), () -> failOn("conversation-files-"));
    FileEngine engine = Memory.engine(broken, options);
    ConversationStore store = Memory.front(engine, options);
    store.create(ALICE, NewConversation.ofId("chat"));
    store.append(ALICE, "chat", Message.user("secret"));
    assertThatThrownBy(() -> store.erase(ALICE)).isInstanceOf(IllegalStateException.class);
    engine.close();

    assertThatThrownBy(() -> Memory.engine(broken, options))
        .isInstanceOf(IllegalStateException.class);
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(thread -> thread.endsWith(name));
  }

  private static void failOn(String thread) {
    if (Thread.currentThread().getName().startsWith(thread)) {
      throw new IllegalStateException("broken");
    }
  }

  @Test
  void writersGoOnWhileGarbageIsCollected() throws Exception {
    int writers = 4;
    List<List<String>> expected = new ArrayList<>();
    FileEngine engine = engine();
    try (ConversationStore store = front(engine)) {
      ExecutorService threads = Executors.newFixedThreadPool(writers);
      List<Future<List<String>>> running = new ArrayList<>();
      for (int w = 0; w < writers; w++) {
        String conversation = "chat " + w;
        Random random = new Random(w);
        store.create(ALICE, NewConversation.ofId(conversation));
        running.add(threads.submit(() -> write(store, conversation, random)));
      }
      for (int i = 0; i < 10; i++) {
        engine.compact();
      }
      for (Future<List<String>> writer : running) {
        expected.add(writer.get());
      }
      threads.shutdown();
      for (int w = 0; w < writers; w++) {
        assertThat(texts(store, "chat " + w)).isEqualTo(expected.get(w));
      }
      engine.compact();
      assertThat(isAnywhere("edited away")).isFalse();
      assertThat(names()).anyMatch(name -> name.startsWith("snapshot-"));
    }
    for (boolean checkpoint : new boolean[] {true, false}) {
      if (!checkpoint) {
        Files.delete(directory.resolve(FileNames.CHECKPOINT));
      }
      try (ConversationStore store = front(engine())) {
        for (int w = 0; w < writers; w++) {
          assertThat(texts(store, "chat " + w)).isEqualTo(expected.get(w));
        }
        assertThat(store.operator().health().healthy()).isTrue();
      }
    }
  }

  /** Appends, edits and deletes; returns the remaining texts. */
  private static List<String> write(ConversationStore store, String conversation, Random random) {
    List<StoredMessage> messages = new ArrayList<>();
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      int what = messages.isEmpty() ? 0 : random.nextInt(10);
      int at = messages.isEmpty() ? 0 : random.nextInt(messages.size());
      if (what < 7) {
        String text = "edited away " + i + " " + "x".repeat(random.nextInt(200));
        messages.addAll(store.append(ALICE, conversation, Message.user(text)));
        texts.add(text);
      } else if (what < 9) {
        store.edit(ALICE, conversation, messages.get(at).id(), MessageEdit.text("edit " + i));
        texts.set(at, "edit " + i);
      } else {
        store.deleteMessage(ALICE, conversation, messages.get(at).id());
        messages.remove(at);
        texts.remove(at);
      }
    }
    for (int i = 0; i < messages.size(); i++) {
      if (texts.get(i).startsWith("edited away")) {
        store.edit(ALICE, conversation, messages.get(i).id(), MessageEdit.text("last " + i));
        texts.set(i, "last " + i);
      }
    }
    return texts;
  }

  @Test
  void whatIsChangedMeanwhileIsNotInTheSnapshot() throws IOException {
    MemoryFiles files = new MemoryFiles();
    AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
    FileEngine engine = Memory.engine(atSnapshot(files, meanwhile));
    try (ConversationStore store = Memory.front(engine)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      for (int i = 0; i < 10; i++) {
        store.append(ALICE, "chat", Message.user("first " + i));
      }
      List<StoredMessage> messages = store.last(ALICE, "chat", 10);
      // Rows of three edits leave space for one more before them.
      for (int i : new int[] {4, 6, 8}) {
        edit(store, messages.get(i).id(), "edited " + i);
      }
      meanwhile.set(() -> edit(store, messages.get(1).id(), "edited 1"));
      engine.compact();
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        expected.add((i == 1 || (i > 3 && i % 2 == 0) ? "edited " : "first ") + i);
      }
      MemoryFiles copy = files.copy();
      copy.remove(FileNames.CHECKPOINT);
      try (ConversationStore opened = Memory.store(copy)) {
        assertThat(texts(opened, "chat")).isEqualTo(expected);
      }
      assertThat(texts(store, "chat")).isEqualTo(expected);
    }
  }

  /** A compaction leaves out rows deleted long ago, unless a concurrent change depends on them. */
  @Test
  void whatIsMadeAnewMeanwhileIsReadAsItWasWritten() throws IOException {
    MemoryFiles files = new MemoryFiles();
    ManualClock clock = new ManualClock(Instant.parse("2026-03-01T12:00:00Z"));
    JsonFileOptions options = Memory.options().withClock(clock, new UuidV7(clock, new Random(1)));
    AtomicReference<Runnable> meanwhile = new AtomicReference<>(() -> {});
    FileEngine engine = Memory.engine(atSnapshot(files, meanwhile), options);
    try (ConversationStore store = Memory.front(engine, options)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      store.create(ALICE, NewConversation.ofId("other"));
      UUID id = options.ids().get();
      Message deleted = Message.user("deleted").withId(id);
      store.append(ALICE, "other", deleted);
      store.deleteMessage(ALICE, "other", id);
      store.delete(ALICE, "chat");
      clock.advance(Duration.ofDays(31));
      meanwhile.set(
          () -> {
            store.create(ALICE, NewConversation.ofId("chat"));
            store.append(ALICE, "chat", Message.user("anew"));
            store.append(ALICE, "other", deleted, Message.user("beside it"));
          });
      engine.compact();
      store.delete(ALICE, "chat");
      MemoryFiles copy = files.copy();
      copy.remove(FileNames.CHECKPOINT);
      FileEngine opened = Memory.engine(copy, options);
      try (ConversationStore again = Memory.front(opened, options)) {
        assertThat(Fingerprint.of(again, opened)).isEqualTo(Fingerprint.of(store, engine));
        assertThat(texts(again, "other")).containsExactly("beside it");
      }
    }
  }

  private static void edit(ConversationStore store, UUID message, String text) {
    store.edit(ALICE, "chat", message, MessageEdit.text(text));
  }

  /** Runs something once on the housekeeping thread when a snapshot is begun. */
  private static LogFiles atSnapshot(LogFiles files, AtomicReference<Runnable> meanwhile) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          if (method.getName().equals("create") && Segments.number((String) arguments[0]) < 0) {
            meanwhile.getAndSet(() -> {}).run();
          }
          try {
            return method.invoke(files, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        };
    return (LogFiles)
        Proxy.newProxyInstance(
            LogFiles.class.getClassLoader(), new Class<?>[] {LogFiles.class}, handler);
  }

  /** The ids of recent changes stay, some 160 KB: they must not trigger another compaction. */
  @Test
  void whatCannotBeCollectedIsNoGarbage() throws IOException {
    JsonFileOptions options = options().withDurability(Durability.SYSTEM);
    try (ConversationStore store = JsonFileStore.open(options)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      UUID id = store.append(ALICE, "chat", Message.user("v")).get(0).id();
      edit(store, id, 4_100);
      int before = lastSnapshot();
      edit(store, id, 1_000);
      assertThat(lastSnapshot() - before).isLessThan(10);
    }
  }

  @Test
  void garbageIsLookedForAtOpening() throws IOException {
    // No segment begins here.
    JsonFileOptions options = options().withDurability(Durability.SYSTEM).withSegmentBytes(8 << 20);
    try (ConversationStore store = JsonFileStore.open(options)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      UUID id = store.append(ALICE, "chat", Message.user("v")).get(0).id();
      edit(store, id, 500);
      assertThat(lastSnapshot()).isZero();
    }
    try (ConversationStore store = JsonFileStore.open(options)) {
      long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      while (lastSnapshot() == 0 && System.nanoTime() < end) {
        Thread.onSpinWait();
      }
      assertThat(lastSnapshot()).isPositive();
      assertThat(texts(store, "chat")).containsExactly("version 499");
    }
  }

  private static void edit(ConversationStore store, UUID message, int times) {
    for (int i = 0; i < times; i++) {
      store.edit(ALICE, "chat", message, MessageEdit.text("version " + i));
    }
  }

  private int lastSnapshot() throws IOException {
    return names().stream().mapToInt(name -> -Segments.number(name)).max().orElse(0);
  }

  private void fill(int messages) {
    try (ConversationStore store = front(engine())) {
      store.createIfAbsent(ALICE, NewConversation.ofId("chat"));
      for (int i = 0; i < messages; i++) {
        store.append(ALICE, "chat", Message.user("message " + i));
      }
    }
  }

  private RecoveredLog recovered() throws IOException {
    DiskFiles files = DiskFiles.in(directory);
    Manifest manifest = Manifest.read(files);
    Segments segments = new Segments("test");
    try {
      return new Recovery(files, manifest, segments, new Contents(segments, 0)).run();
    } finally {
      segments.close();
    }
  }

  @Test
  void checkpointSavesReadingTheLog() throws IOException {
    fill(200);
    assertThat(names()).contains(FileNames.CHECKPOINT);
    RecoveredLog end = recovered();
    assertThat(end.replayed()).isLessThan(10_000);
    assertThat(end.number()).isEqualTo(201);
    Files.delete(directory.resolve(FileNames.CHECKPOINT));
    assertThat(recovered().replayed()).isGreaterThan(50_000);
  }

  @Test
  void damagedCheckpointIsNotUsed() throws IOException {
    fill(100);
    Path file = directory.resolve(FileNames.CHECKPOINT);
    byte[] good = Files.readAllBytes(file);
    Random random = new Random(1);
    for (int i = 0; i < 60; i++) {
      byte[] bad = good.clone();
      bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
      Files.write(
          file, i % 4 == 0 ? java.util.Arrays.copyOf(good, random.nextInt(good.length)) : bad);
      RecoveredLog end = recovered();
      assertThat(end.number()).isEqualTo(101);
      assertThat(end.index().find(ALICE, "chat").liveMessages()).isEqualTo(100);
    }
  }

  @Test
  void checkpointOfAnotherDirectoryIsNotUsed(@TempDir Path other) throws IOException {
    fill(100);
    Path file = directory.resolve(FileNames.CHECKPOINT);
    byte[] first = Files.readAllBytes(file);
    Path mine = directory;
    directory = other;
    fill(150);
    Files.write(other.resolve(FileNames.CHECKPOINT), first);
    assertThat(recovered().index().find(ALICE, "chat").liveMessages()).isEqualTo(150);
    directory = mine;
  }

  /** A log restored from a copy may be next to the checkpoint of a later log. */
  @Test
  void checkpointOfALogThatIsNoMoreIsNotUsed() throws IOException {
    fill(60);
    Map<String, byte[]> copy = contents();
    fill(60);
    byte[] later = Files.readAllBytes(directory.resolve(FileNames.CHECKPOINT));
    for (String name : names()) {
      Files.delete(directory.resolve(name));
    }
    for (Map.Entry<String, byte[]> file : copy.entrySet()) {
      Files.write(directory.resolve(file.getKey()), file.getValue());
    }
    Files.write(directory.resolve(FileNames.CHECKPOINT), later);
    assertThat(recovered().number()).isEqualTo(61);
    // New writes have other ids, but otherwise the same bytes at the same places.
    fill(60);
    List<StoredMessage> expected = all();
    Files.write(directory.resolve(FileNames.CHECKPOINT), later);
    assertThat(all()).isEqualTo(expected).hasSize(120);
  }

  private Map<String, byte[]> contents() throws IOException {
    Map<String, byte[]> contents = new HashMap<>();
    for (String name : names()) {
      contents.put(name, Files.readAllBytes(directory.resolve(name)));
    }
    return contents;
  }

  private List<StoredMessage> all() {
    try (ConversationStore store = front(engine())) {
      return store.last(ALICE, "chat", 1_000);
    }
  }

  @Test
  void damageThatACheckpointHidesShowsWhenItIsRead() throws IOException {
    fill(100);
    Path log = directory.resolve("log-0000000001.jsonl");
    byte[] bytes = Files.readAllBytes(log);
    bytes[new String(bytes, StandardCharsets.UTF_8).indexOf("message 3\"")] = 'M';
    Files.write(log, bytes);
    try (ConversationStore store = front(engine())) {
      assertThat(store.last(ALICE, "chat", 10)).hasSize(10);
      assertThatThrownBy(() -> store.last(ALICE, "chat", 100))
          .isInstanceOf(StoreDamagedException.class)
          .hasMessageContaining("log-0000000001.jsonl")
          .hasMessageNotContaining("essage 3");
    }
  }

  @Test
  void erasureLeavesNoTextAnywhereAndEverythingElse() throws Exception {
    String marker = "MARKER-of-bob";
    FileEngine engine = engine();
    try (ConversationStore store = front(engine)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      for (int round = 0; round < 4; round++) {
        NewConversation titled = NewConversation.titled(marker + round);
        String id = store.create(BOB, titled).id();
        for (int i = 0; i < 30; i++) {
          store.append(BOB, id, Message.user(marker + i));
          store.append(ALICE, "chat", Message.user(round + " of alice " + i));
        }
        store.edit(BOB, id, store.last(BOB, id, 1).get(0).id(), MessageEdit.text(marker + "!"));
        if (round % 2 == 0) {
          engine.compact();
        }
        assertThat(isAnywhere(marker)).isTrue();
        ExecutorService threads = Executors.newFixedThreadPool(2);
        Callable<Object> compaction =
            () -> {
              engine.compact();
              return true;
            };
        Future<Object> compacting = threads.submit(compaction);
        store.erase(BOB);
        assertThat(isAnywhere(marker)).isFalse();
        compacting.get();
        threads.shutdown();
        assertThat(isAnywhere(marker)).isFalse();
        assertThat(store.count(BOB).conversations()).isZero();
        store.create(BOB, NewConversation.ofId("new " + round));
      }
      assertThat(texts(store, "chat")).hasSize(120);
    }
    Files.deleteIfExists(directory.resolve(FileNames.CHECKPOINT));
    try (ConversationStore store = front(engine())) {
      assertThat(texts(store, "chat")).hasSize(120).last().isEqualTo("3 of alice 29");
      assertThat(store.find(BOB, "new 3")).isPresent();
      assertThat(store.find(BOB, "new 2")).isEmpty();
      assertThat(isAnywhere(marker)).isFalse();
    }
  }
}
