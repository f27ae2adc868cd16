package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.FaultProxy.CutPoint;
import io.conversationstore.testkit.HistoryChecker;
import io.conversationstore.testkit.HistoryRecorder;
import io.conversationstore.testkit.TestPostgres;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Eight writers on two nodes share a few conversations, over a network that fails. {@code
 * -Dstore.seed} repeats one seed, {@code -Dstore.sequences} runs more of them.
 */
@ExtendWith(SharedServer.class)
class HybridConcurrencyTest {

  private static final int WRITERS = 8;
  private static final int MESSAGES = 40;
  private static final int ACKNOWLEDGED_PER_FAULT = 12;
  private static final List<String> CONVERSATIONS = List.of("one", "two", "three");

  private final TestPostgres server = SharedServer.get();

  private final Owner alice = Owner.of("acme", "alice");

  static Stream<Long> seeds() {
    Long only = Long.getLong("store.seed");
    return only != null
        ? Stream.of(only)
        : Stream.iterate(1L, seed -> seed + 1)
            .limit(Math.max(3, Long.getLong("store.sequences", 3)));
  }

  /** Breaks and restores the network as the writers progress. Thread-safe. */
  private static final class Faults {
    private final Testbed bed;
    private final Random random;
    private final AtomicInteger acknowledged = new AtomicInteger();

    Faults(Testbed bed, long seed) {
      this.bed = bed;
      this.random = new Random(seed);
    }

    void acknowledged() {
      if (acknowledged.incrementAndGet() % ACKNOWLEDGED_PER_FAULT == 0) {
        next();
      }
    }

    private synchronized void next() {
      switch (random.nextInt(7)) {
        case 0, 1 -> bed.comeBack();
        case 2 -> bed.goDown();
        case 3 -> bed.proxy().setMode(FaultProxy.Mode.RESET);
        case 4 -> bed.cutWrite(CutPoint.BEFORE_FORWARD);
        case 5 -> bed.cutWrite(CutPoint.AFTER_REPLY);
        default -> bed.proxy().dropConnections();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void row_5_4_eightWritersLoseDoubleAndReorderNothing(long seed) throws Exception {
    try (Testbed bed = Testbed.withSchema(server)) {
      List<ConversationStore> nodes = List.of(bed.node("a"), bed.node("b"));
      for (ConversationStore node : nodes) {
        for (String id : CONVERSATIONS) {
          // Each node must know them before the network fails.
          node.createIfAbsent(alice, NewConversation.ofId(id));
        }
      }
      Faults faults = new Faults(bed, seed);
      HistoryRecorder recorder = new HistoryRecorder();
      ExecutorService writers = Executors.newFixedThreadPool(WRITERS);
      try {
        List<Future<?>> running = new ArrayList<>();
        for (int i = 0; i < WRITERS; i++) {
          ConversationStore node = nodes.get(i % nodes.size());
          String name = "writer " + i;
          Random random = new Random(seed * WRITERS + i);
          running.add(writers.submit(() -> write(node, name, random, recorder, faults)));
        }
        for (Future<?> writer : running) {
          writer.get(2, TimeUnit.MINUTES);
        }
      } finally {
        writers.shutdownNow();
      }
      bed.comeBack();
      nodes.forEach(Testbed::awaitDrained);
      ConversationStore direct = bed.direct();
      assertClean("the database", recorder, direct);
      for (ConversationStore node : nodes) {
        assertThat(node.state().rejected()).isEmpty();
        assertClean("a node", recorder, node);
        Testbed.await(
            "the copy has what the other node wrote",
            () -> node.state().mirror() != null && !node.state().mirror().dirty() && follows(node));
      }
      bed.goDown();
      for (ConversationStore node : nodes) {
        for (String id : CONVERSATIONS) {
          assertThat(ids(node, id)).as("the copy of %s", id).isEqualTo(ids(direct, id));
        }
      }
    }
  }

  /** Whether the copy has followed the feed past the start of this call. */
  private static boolean follows(ConversationStore node) {
    Instant asked = Instant.now();
    Testbed.await(
        "the copy follows",
        () ->
            node.state().mirror() != null
                && node.state().mirror().asOf() != null
                && node.state().mirror().asOf().isAfter(asked));
    return true;
  }

  private void write(
      ConversationStore node, String name, Random random, HistoryRecorder recorder, Faults faults) {
    for (int i = 0; i < MESSAGES; i++) {
      String id = CONVERSATIONS.get(random.nextInt(CONVERSATIONS.size()));
      Message message = Message.user(name + ", " + i).withId(UUID.randomUUID());
      StoredMessage stored = append(node, name, id, message, recorder);
      recorder.acknowledged(name, id, stored);
      faults.acknowledged();
      assertThat(ids(node, id)).as("what %s has written", name).contains(message.id());
    }
  }

  /** Retries with the same id until acknowledged. */
  private StoredMessage append(
      ConversationStore node, String name, String id, Message message, HistoryRecorder recorder) {
    for (int tries = 1; ; tries++) {
      try {
        return node.append(alice, id, message).get(0);
      } catch (StoreUnavailableException e) {
        recorder.unknown(name, id, message.id());
        if (tries == 100) {
          throw e;
        }
      }
    }
  }

  private List<UUID> ids(ConversationStore store, String id) {
    return store.last(alice, id, WRITERS * MESSAGES).stream().map(StoredMessage::id).toList();
  }

  private void assertClean(String what, HistoryRecorder recorder, ConversationStore store) {
    HistoryChecker.Verdict verdict =
        recorder.checker().check(id -> store.last(alice, id, WRITERS * MESSAGES));
    assertThat(verdict.isClean()).as("%s: %s", what, verdict).isTrue();
  }
}
