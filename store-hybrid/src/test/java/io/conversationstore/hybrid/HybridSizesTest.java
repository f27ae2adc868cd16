package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.StoredMessage;
import io.conversationstore.hybrid.internal.support.ContentSize;
import io.conversationstore.spi.Change;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages of megabytes and insufficient memory: the amount held at once is bounded. */
class HybridSizesTest extends OnTestbed {

  /** Rows of the first page of the feed. */
  private static final int FIRST_ROWS = 50;

  private static final int MIB = 1 << 20;
  private static final NewConversation CHAT = NewConversation.ofId("chat");

  private final HybridOptions options = HybridOptions.defaults();
  private final Queue<Integer> pages = new ConcurrentLinkedQueue<>();
  private final Queue<Long> batches = new ConcurrentLinkedQueue<>();
  private final Queue<Long> windows = new ConcurrentLinkedQueue<>();
  private final AtomicInteger finds = new AtomicInteger();
  private final AtomicInteger errors = new AtomicInteger();

  /** Feed pages and batches longer than this do not fit into memory. */
  private volatile int memory = Integer.MAX_VALUE;

  private Testbed.Interposition node;
  private ConversationStore store;

  @BeforeEach
  void openNode() {
    node =
        bed.interposed(
            "a",
            options,
            primary ->
                primary.before(
                    (method, arguments) -> {
                      if (method.getName().equals("feed")) {
                        pages.add((int) arguments[1]);
                        requireMemory((int) arguments[1]);
                      } else if (method.getName().equals("applyAll")) {
                        List<?> changes = (List<?>) arguments[0];
                        batches.add(
                            changes.stream().mapToLong(c -> ContentSize.of((Change) c)).sum());
                        requireMemory(changes.size());
                      }
                    }),
            local ->
                local.before(
                    (method, arguments) -> {
                      if (method.getName().equals("find")) {
                        finds.incrementAndGet();
                      } else if (method.getName().equals("pending")
                          && arguments[0] instanceof Integer) {
                        windows.add((long) arguments[1]);
                      }
                    }));
    store = node.store();
    Testbed.awaitDrained(store);
  }

  private void requireMemory(int size) {
    if (size > memory) {
      errors.incrementAndGet();
      throw new OutOfMemoryError("of the test: " + size + " at once");
    }
  }

  private static Message large(int place, int length) {
    return Message.user(place + " " + "x".repeat(length));
  }

  /** The first words, read a few messages at a time. */
  private List<String> words(ConversationStore of, String id, int count) {
    List<String> words = new ArrayList<>();
    for (StoredMessage message : of.last(alice, id, count)) {
      words.add(message.text().substring(0, message.text().indexOf(' ')));
    }
    return words;
  }

  private static List<String> numbers(int count) {
    return IntStream.range(0, count).mapToObj(String::valueOf).toList();
  }

  private void awaitCopied(int messages) {
    Testbed.await(
        "the copy has all", () -> node.local().engine().count(alice).messages() == messages);
  }

  @Test
  void row_1_4_aPageOfTheFeedThatWasTooLargeIsFollowedByAShorterOne() {
    bed.direct()
        .save(
            alice,
            ConversationDocument.of(
                CHAT, IntStream.range(0, 5).mapToObj(i -> large(i, 2 * MIB)).toList()));
    awaitCopied(5);
    Testbed.await("a shorter page", () -> pages.contains(FIRST_ROWS / 2));
    // Small messages are read in longer pages again.
    pages.clear();
    Testbed.await("a longer page", () -> pages.contains(FIRST_ROWS));
    bed.goDown(store);
    assertThat(words(store, "chat", 5)).isEqualTo(numbers(5));
  }

  @Test
  void row_1_4_aPageForWhichThereIsNoMemoryIsReadInParts() {
    bed.goDown(store);
    memory = 4;
    ConversationStore direct = bed.direct();
    direct.createIfAbsent(alice, CHAT);
    for (int i = 0; i < 20; i++) {
      direct.append(alice, "chat", large(i, 1));
    }
    bed.comeBack();
    awaitCopied(20);
    assertThat(errors).hasPositiveValue();
    assertThat(words(store, "chat", 20)).isEqualTo(numbers(20));
  }

  @Test
  void row_1_4_whatIsSentTogetherIsBoundedInBytes() {
    store.createIfAbsent(alice, CHAT);
    bed.goDown(store);
    for (int i = 0; i < 9; i++) {
      store.append(alice, "chat", large(i, MIB / 3));
    }
    windows.clear();
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(batches).isNotEmpty().allMatch(content -> content <= MIB);
    assertThat(windows).isNotEmpty().allMatch(bytes -> bytes <= 8L * MIB);
    assertThat(words(bed.direct(), "chat", 9)).isEqualTo(numbers(9));
  }

  /** An Error is logged and the drain restarts, as after any other failure. */
  @Test
  void row_1_4_aDrainGoesOnAfterAnError() {
    store.createIfAbsent(alice, CHAT);
    bed.goDown(store);
    for (int i = 0; i < 20; i++) {
      store.append(alice, "chat", large(i, 1));
    }
    memory = 1;
    try (Warnings warnings = Warnings.counted()) {
      bed.comeBack();
      Testbed.await("the drain has met an Error", () -> errors.get() > 0 && warnings.count() > 0);
    }
    assertThat(words(store, "chat", 20)).isEqualTo(numbers(20));
    memory = Integer.MAX_VALUE;
    Testbed.awaitDrained(store);
    assertThat(words(bed.direct(), "chat", 20)).isEqualTo(numbers(20));
    assertThat(store.state().rejected()).isEmpty();
  }

  /** Views of conversations with pending changes are evicted and rebuilt. */
  @Test
  void row_1_4_viewsOfPendingChangesAreBoundedInBytes() {
    int most = 60;
    for (int i = 0; i < most; i++) {
      store.createIfAbsent(alice, NewConversation.ofId("c" + i));
    }
    bed.goDown(store);
    Message[] many = new Message[1_000];
    Arrays.setAll(many, i -> Message.user(String.valueOf(i)));
    for (int i = 0; i < most; i++) {
      store.append(alice, "c" + i, many);
    }
    int before = finds.get();
    store.append(alice, "c59", Message.user("1000"));
    assertThat(finds.get() - before).as("still known").isZero();
    store.append(alice, "c0", Message.user("1000"));
    assertThat(finds.get() - before).as("has made room").isPositive();
    for (String id : List.of("c0", "c59")) {
      assertThat(store.find(alice, id).orElseThrow().messageCount()).isEqualTo(1_001);
      assertThat(store.last(alice, id, 1).get(0).text()).isEqualTo("1000");
    }
  }

  /** Contents are only in the files. */
  @Test
  void row_1_4_viewsOfPendingChangesHoldNoContents() {
    for (int i = 0; i < 20; i++) {
      store.createIfAbsent(alice, NewConversation.ofId("c" + i));
    }
    bed.goDown(store);
    for (int i = 0; i < 20; i++) {
      store.append(alice, "c" + i, large(0, MIB));
    }
    int before = finds.get();
    for (String id : List.of("c0", "c19")) {
      store.append(alice, id, large(1, 1));
    }
    assertThat(finds.get() - before).as("all are still known").isZero();
    for (String id : List.of("c0", "c19")) {
      assertThat(words(store, id, 2)).isEqualTo(numbers(2));
    }
  }
}
