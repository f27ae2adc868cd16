package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** An erasure between selecting and reading is not damage. */
@Timeout(60)
class ErasureReadsTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");

  private final MemoryFiles memory = new MemoryFiles();
  private final HookedFiles files = new HookedFiles(memory);

  private FileEngine engine() throws IOException {
    return Memory.engine(files, Memory.options().withCacheBytes(0));
  }

  /** Runs it once, after the first of several reads that belong to one answer. */
  private void betweenTheNextReads(Runnable between) {
    Thread reader = Thread.currentThread();
    AtomicBoolean done = new AtomicBoolean();
    files.afterRead(
        () -> {
          if (Thread.currentThread() == reader && !done.getAndSet(true)) {
            between.run();
          }
        });
  }

  private static void fill(ConversationStore store) {
    store.create(ALICE, NewConversation.ofId("chat"));
    store.create(BOB, NewConversation.ofId("chat"));
    store.append(BOB, "chat", Message.user("one"));
    // Far enough apart not to be read at once.
    store.append(ALICE, "chat", Message.user("x".repeat(5_000)));
    store.append(BOB, "chat", Message.assistant("two"));
  }

  @Test
  void thePageOfAConversationThatIsErasedMeanwhileIsNotFound() throws IOException {
    try (FileEngine engine = engine()) {
      ConversationStore store = Memory.front(engine);
      fill(store);
      betweenTheNextReads(() -> store.erase(BOB));
      assertThatThrownBy(() -> store.last(BOB, "chat", 10))
          .isInstanceOf(ConversationNotFoundException.class);
    }
  }

  @Test
  void aMessageThatIsErasedMeanwhileIsNotThere() throws IOException {
    try (FileEngine engine = engine()) {
      ConversationStore store = Memory.front(engine);
      fill(store);
      UUID id = store.last(BOB, "chat", 2).get(0).id();
      store.edit(BOB, "chat", id, MessageEdit.text("another one"));
      betweenTheNextReads(() -> store.erase(BOB));
      assertThat(engine.message(BOB, "chat", id)).isEmpty();
    }
  }

  @Test
  void theHistoryOfAnOwnerWhoIsErasedMeanwhileIsEmpty() throws IOException {
    try (FileEngine engine = engine()) {
      ConversationStore store = Memory.front(engine);
      fill(store);
      betweenTheNextReads(() -> store.erase(BOB));
      assertThat(store.history(BOB, MessageQuery.last(10))).isEmpty();
    }
  }

  /** Real damage stays damage, however often it is read. */
  @Test
  void damageIsReportedAtOnce() throws IOException {
    try (FileEngine engine = engine()) {
      ConversationStore store = Memory.front(engine);
      fill(store);
      String name = Segments.name(2);
      AtomicInteger reads = new AtomicInteger();
      byte[] bytes = memory.bytes(name);
      int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("two");
      memory.turnBit(name, at);
      files.afterRead(reads::incrementAndGet);
      assertThatThrownBy(() -> store.last(BOB, "chat", 10))
          .isInstanceOf(StoreDamagedException.class)
          .hasMessageContaining(name);
      assertThat(reads).hasValueLessThan(10);
    }
  }

  /** In the queue of a mirror, as a drain reads it. */
  @Test
  void aPendingChangeErasedMeanwhileIsNotReported() throws IOException {
    try (FileEngine engine = engine()) {
      engine.enqueue(created(ALICE));
      engine.enqueue(created(BOB));
      betweenTheNextReads(() -> engine.enqueue(new Change.OwnerErased(stamp(BOB))));
      assertThat(engine.pending(10, Long.MAX_VALUE))
          .filteredOn(Change.ConversationCreated.class::isInstance)
          .extracting(Change::owner)
          .containsExactly(ALICE);
    }
  }

  private static ChangeStamp stamp(Owner owner) {
    Instant now = Instant.parse("2026-01-02T03:04:05Z");
    return new ChangeStamp(UUID.randomUUID(), owner, 0, now, new UUID(1, 1));
  }

  private static Change created(Owner owner) {
    return new Change.ConversationCreated(stamp(owner), NewConversation.ofId("chat"), false);
  }
}
