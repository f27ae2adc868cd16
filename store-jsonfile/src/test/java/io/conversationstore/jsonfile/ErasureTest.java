package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.jsonfile.FaultPlan.Call;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.jsonfile.internal.format.Manifest;
import io.conversationstore.jsonfile.internal.maintenance.Overwrites;
import io.conversationstore.spi.EngineFailureException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** No file holds erased text, whatever failed before. */
class ErasureTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");
  private static final String SECRET = "text-of-bob";

  private final MemoryFiles files = new MemoryFiles();

  private void requireGone() {
    assertThat(files.holds(SECRET)).isFalse();
    for (int seed = 0; seed < 200; seed++) {
      assertThat(files.survivor(new SplittableRandom(seed)).holds(SECRET)).isFalse();
    }
  }

  private static void fillSegment(ConversationStore store) {
    store.append(ALICE, "chat", Message.user("x".repeat(5_000)));
  }

  @Test
  void aRefusedWriteDoesNotComeBackWithALossOfPower() throws IOException {
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      store.create(ALICE, NewConversation.ofId("chat"));
      store.create(BOB, NewConversation.ofId("chat"));
      fillSegment(store);
      store.append(ALICE, "chat", Message.user("the first of a segment"));
      files.fail(Call.APPEND);
      for (int i = 0; i < 10; i++) {
        assertThatThrownBy(() -> store.append(BOB, "chat", Message.user(SECRET.repeat(9))))
            .isInstanceOf(StoreUnavailableException.class);
      }
      files.heal();
      // The segment ends as it is, and no snapshot replaces it.
      files.failNextCreateOf("snapshot-");
      assertThatThrownBy(engine::compact).isInstanceOf(EngineFailureException.class);
      store.erase(BOB);
      requireGone();
    }
  }

  @Test
  void anAbandonedTailDoesNotComeBackWithALossOfPower() throws IOException {
    try (ConversationStore store = Memory.store(files)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      store.create(BOB, NewConversation.ofId("chat"));
      fillSegment(store);
      store.append(ALICE, "chat", Message.user("the first of a segment"));
      files.failNext(Call.FORCE);
      store.append(BOB, "chat", Message.user(SECRET));
      store.erase(BOB);
      requireGone();
    }
  }

  @Test
  void aTornEndThatAnEarlierStartCutOffDoesNotComeBackWithALossOfPower() throws IOException {
    try (ConversationStore store = Memory.store(files)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      store.create(BOB, NewConversation.ofId("chat"));
      fillSegment(store);
      store.append(ALICE, "chat", Message.user("the first of a segment"));
    }
    String last = "log-0000000002.jsonl";
    ByteArrayOutputStream torn = new ByteArrayOutputStream();
    torn.writeBytes(files.bytes(last));
    torn.writeBytes(SECRET.repeat(200).getBytes(StandardCharsets.UTF_8));
    files.setBytes(last, torn.toByteArray());
    files.fail(Call.FORCE);
    assertThatThrownBy(() -> Memory.engine(files)).isInstanceOf(IOException.class);
    files.heal();
    try (ConversationStore store = Memory.store(files)) {
      store.erase(BOB);
      requireGone();
      assertThat(store.count(ALICE).messages()).isEqualTo(2);
    }
  }

  @Test
  void aCleaningThatFailedLeavesNoTextOfOthers() throws IOException {
    try (FileEngine engine = Memory.engine(files, Memory.options().withCacheBytes(0))) {
      ConversationStore store = Memory.front(engine);
      store.create(ALICE, NewConversation.ofId("chat"));
      store.create(BOB, NewConversation.ofId("chat"));
      UUID message = store.append(BOB, "chat", Message.user(SECRET)).get(0).id();
      files.fail(Call.RENAME);
      assertThatThrownBy(() -> store.erase(ALICE)).isInstanceOf(StoreUnavailableException.class);
      files.heal();
      store.edit(BOB, "chat", message, MessageEdit.text("nothing"));
      engine.compact();
      store.erase(BOB);
      requireGone();
    }
  }

  @Test
  void aFileThatACompactionCouldNotRemoveIsRemovedByTheNextErasure() throws IOException {
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      store.create(ALICE, NewConversation.ofId("chat"));
      store.create(BOB, NewConversation.ofId("chat"));
      store.append(BOB, "chat", Message.user(SECRET));
      for (int i = 0; i < 4; i++) {
        fillSegment(store);
      }
      files.failNextDeleteOf("log-0000000001");
      engine.compact();
      assertThat(files.list())
          .contains("log-0000000001.jsonl")
          .doesNotContain("log-0000000002.jsonl");
      store.erase(BOB);
      requireGone();
      store.append(ALICE, "chat", Message.user("after"));
      engine.compact();
      assertThat(engine.health().healthy()).isTrue();
    }
    Memory.engine(files).close();
  }

  @Test
  void filesOfAFailedCompactionAreClosedThoughOneCannotBeDeleted() throws IOException {
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      store.create(ALICE, NewConversation.ofId("chat"));
      store.create(BOB, NewConversation.ofId("chat"));
      store.append(BOB, "chat", Message.user(SECRET));
      for (int i = 0; i < 5; i++) {
        fillSegment(store);
      }
      files.failNextCreateOf("snapshot-0000000004");
      files.failNextDeleteOf("snapshot-0000000001");
      int open = files.openFiles();
      assertThatThrownBy(engine::compact).isInstanceOf(EngineFailureException.class);
      assertThat(files.openFiles()).as("one more segment of the log").isEqualTo(open + 1);
      store.erase(BOB);
      requireGone();
      engine.compact();
      assertThat(store.count(ALICE).messages()).isEqualTo(5);
    }
    assertThat(files.openFiles()).isZero();
  }

  /**
   * For every force of the directory that fails, and every later call at which the power is lost.
   */
  @Test
  void anErasureThatIsTriedAgainLeavesNoLineHalfWritten() throws IOException {
    for (int failing = 1; failing <= 6; failing++) {
      for (int calls = 1; calls <= 24; calls++) {
        MemoryFiles disk = new MemoryFiles();
        FileEngine engine = Memory.engine(disk);
        ConversationStore store = Memory.front(engine);
        store.create(ALICE, NewConversation.ofId("chat"));
        store.create(BOB, NewConversation.ofId("chat"));
        store.append(BOB, "chat", Message.user(SECRET.repeat(20)));
        fillSegment(store);
        disk.plan().failNth(Call.FORCE_DIRECTORY, failing);
        attempt(() -> store.erase(BOB));
        disk.heal();
        disk.crashAfter(calls, new SplittableRandom(calls));
        attempt(() -> store.erase(BOB));
        disk.plan().powerOff();
        for (int seed = 0; seed < 12; seed++) {
          MemoryFiles left = disk.survivor(new SplittableRandom(seed));
          try (FileEngine opened = Memory.engine(left)) {
            assertThat(opened.health().healthy()).isTrue();
          }
        }
        attempt(engine::close);
      }
    }
  }

  private static void attempt(Runnable erasure) {
    try {
      erasure.run();
    } catch (StoreUnavailableException e) {
      // It may fail: only the remaining files matter.
      assertThat(e.getMessage()).doesNotContain(SECRET);
    }
  }

  /** However many erasures follow each other, each costs only what its own lines take. */
  @Test
  void anErasureReadsNoFileThatHasNoLineOfItsOwner() throws IOException {
    AtomicLong calls = new AtomicLong();
    HookedFiles counted = new HookedFiles(files, calls::incrementAndGet);
    int owners = 40;
    try (FileEngine engine = Memory.engine(counted)) {
      ConversationStore store = Memory.front(engine);
      for (int i = 0; i < owners; i++) {
        Owner owner = Owner.of("acme", "owner \"" + i + "\" \\");
        store.create(owner, NewConversation.ofId("chat"));
        store.append(owner, "chat", Message.user(SECRET + "-" + i + "-" + "x".repeat(9_000)));
      }
      for (int i = 0; i < owners; i++) {
        long before = calls.get();
        store.erase(Owner.of("acme", "owner \"" + i + "\" \\"));
        long took = calls.get() - before;
        if (i > 0) {
          assertThat(took).as("calls for erasure %d", i).isLessThan(80);
        }
        assertThat(files.holds(SECRET + "-" + i + "-")).isFalse();
        assertThat(i == owners - 1 || files.holds(SECRET + "-" + (i + 1) + "-")).isTrue();
      }
    }
    requireGone();
    Memory.engine(files).close();
  }

  /** Lines of all owners are mixed in all files. */
  @Test
  void anErasureReadsAndWritesWhatItsOwnLinesTakeHoweverManyComeBefore() throws IOException {
    HookedFiles counted = new HookedFiles(files, () -> {});
    int owners = 60;
    int messages = 20;
    int size = 1_000;
    try (FileEngine engine = Memory.engine(counted)) {
      ConversationStore store = Memory.front(engine);
      for (int m = 0; m < messages; m++) {
        for (int i = 0; i < owners; i++) {
          Owner owner = Owner.of("acme", "owner " + i);
          if (m == 0) {
            store.create(owner, NewConversation.ofId("chat"));
          }
          store.append(owner, "chat", Message.user(SECRET + "-" + i + "-" + "x".repeat(size)));
        }
      }
      int segments = files.list().size();
      long written = 0;
      long read = 0;
      for (int i = 0; i < owners; i++) {
        store.erase(Owner.of("acme", "owner " + i));
        if (i == 0) {
          // The first one records where all lines are.
          written = counted.written();
          read = counted.read();
        }
        assertThat(files.holds(SECRET + "-" + i + "-")).isFalse();
        assertThat(i == owners - 1 || files.holds(SECRET + "-" + (i + 1) + "-")).isTrue();
      }
      // Measured in total, because a due checkpoint may be written during one of them.
      long own = messages * (size + 600L) * (owners - 1);
      assertThat(counted.written() - written).as("written").isLessThan(3 * own);
      assertThat(counted.read() - read).as("read").isLessThan(messages * 10_240L * (owners - 1));
      // Erasures alone begin no new segments.
      assertThat(files.list().size()).isLessThan(segments + 10);
    }
    requireGone();
    assertThat(verified()).isTrue();
    Memory.engine(files).close();
  }

  private boolean verified() throws IOException {
    Manifest manifest = Manifest.read(files);
    assertThat(manifest).isNotNull();
    return JsonFileTool.verify(Path.of("memory"), files, manifest).isSound();
  }

  /** No reader reports partly written lines of a crash as damage. */
  @Test
  void aCrashWhileLinesAreOverwrittenIsNoDamage() throws IOException {
    int half = 0;
    boolean ended = false;
    for (int calls = 0; !ended; calls++) {
      MemoryFiles cut = new MemoryFiles();
      FileEngine engine = Memory.engine(cut);
      ConversationStore store = Memory.front(engine);
      store.create(ALICE, NewConversation.ofId("chat"));
      store.create(BOB, NewConversation.ofId("chat"));
      for (int i = 0; i < 6; i++) {
        store.append(BOB, "chat", Message.user(SECRET + " " + "y".repeat(900)));
        store.append(ALICE, "chat", Message.user("stays " + i));
      }
      SplittableRandom random = new SplittableRandom(calls);
      cut.crashAfter(calls, random);
      try {
        store.erase(BOB);
      } catch (StoreUnavailableException e) {
        assertThat(cut.plan().isDead()).isTrue();
      }
      ended = !cut.plan().isDead();
      cut.heal();
      MemoryFiles after = cut.survivor(random);
      half += Overwrites.areNoted(after) ? 1 : 0;
      Manifest manifest = Manifest.read(after);
      assertThat(manifest).isNotNull();
      Map<String, Integer> before = after.fingerprints();
      assertThat(JsonFileTool.verify(Path.of("memory"), after, manifest).isSound())
          .as("cut off at call %d", calls)
          .isTrue();
      assertThat(after.fingerprints()).isEqualTo(before);
      try (FileEngine again = Memory.engine(after)) {
        assertThat(again.health().healthy()).isTrue();
        ConversationStore reopened = Memory.front(again);
        assertThat(reopened.last(ALICE, "chat", 10)).hasSize(6);
        boolean erased = reopened.count(BOB).messages() == 0;
        assertThat(after.holds(SECRET)).isEqualTo(!erased);
        reopened.erase(BOB);
        assertThat(after.holds(SECRET)).isFalse();
      }
    }
    assertThat(half).isGreaterThan(3);
  }

  /** A file that could neither be completed nor removed. */
  @Test
  void aTemporaryFileThatStayedGoesWithTheNextErasure() throws IOException {
    try (ConversationStore store = Memory.store(files)) {
      store.create(BOB, NewConversation.ofId("chat"));
      for (String name :
          List.of(FileNames.ERASURE_TEMPORARY, FileNames.SEGMENT_TEMPORARY, "checkpoint.tmp")) {
        files.setBytes(name, SECRET.getBytes(StandardCharsets.UTF_8));
      }
      store.erase(BOB);
      requireGone();
    }
  }

  /** It may hold text of an owner whom the log no longer knows, so no erasure would look there. */
  @Test
  void aCheckpointThatIsNotUsedDoesNotStay() throws IOException {
    Memory.store(files).close();
    files.setBytes(FileNames.CHECKPOINT, SECRET.getBytes(StandardCharsets.UTF_8));
    try (ConversationStore store = Memory.store(files)) {
      assertThat(store.count(BOB).conversations()).isZero();
      requireGone();
    }
  }
}
