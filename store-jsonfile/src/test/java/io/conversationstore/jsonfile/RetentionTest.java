package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Retention and archiving run in pieces, and other writes run between them. */
class RetentionTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");
  private static final Instant LATER = Instant.parse("2100-01-01T00:00:00Z");

  private final HookedFiles files = new HookedFiles(new MemoryFiles());

  /** One segment, so that only the end of a piece forces. */
  private FileEngine engine() throws IOException {
    return Memory.engine(files, Memory.options().withSegmentBytes(16 << 20));
  }

  private static void fill(ConversationStore store, Owner owner, String id, int messages) {
    store.create(owner, NewConversation.ofId(id));
    List<Message> all = new ArrayList<>();
    for (int i = 0; i < messages; i++) {
      all.add(Message.user("text " + i));
    }
    store.append(owner, id, all.toArray(Message[]::new));
  }

  @Test
  void deletingGoesInPieces() throws IOException {
    try (FileEngine engine = engine()) {
      ConversationStore store = Memory.front(engine);
      fill(store, ALICE, "first", 900);
      fill(store, ALICE, "second", 900);
      fill(store, BOB, "third", 900);
      fill(store, BOB, "pinned", 10);
      store.update(BOB, "pinned", ConversationUpdate.touch().withPinned(true));
      int before = files.forces();
      assertThat(engine.deleteMessagesBefore(LATER)).isEqualTo(2_700);
      assertThat(files.forces() - before).isGreaterThanOrEqualTo(3);
      assertThat(store.count(ALICE).messages()).isZero();
      assertThat(store.count(BOB).messages()).isEqualTo(10);
      assertThat(engine.deleteMessagesBefore(LATER)).isZero();
    }
  }

  @Test
  void archivingGoesInPieces() throws IOException {
    try (FileEngine engine = engine()) {
      ConversationStore store = Memory.front(engine);
      for (int i = 0; i < 1_100; i++) {
        store.create(i % 2 == 0 ? ALICE : BOB, NewConversation.ofId("chat " + i));
      }
      int before = files.forces();
      assertThat(engine.archiveIdleBefore(LATER)).isEqualTo(1_100);
      assertThat(files.forces() - before).isGreaterThanOrEqualTo(2);
      assertThat(store.find(BOB, "chat 1099").orElseThrow().status())
          .isEqualTo(ConversationStatus.ARCHIVED);
      assertThat(engine.archiveIdleBefore(LATER)).isZero();
    }
  }
}
