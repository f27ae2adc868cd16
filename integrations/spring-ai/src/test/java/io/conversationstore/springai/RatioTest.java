package io.conversationstore.springai;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.TestPostgres;
import java.util.Arrays;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.memory.ChatMemory;
import org.springframework.ai.chat.memory.MessageWindowChatMemory;
import org.springframework.ai.chat.messages.UserMessage;

/**
 * The cost of the 1,000th message against the 10th, in round trips, which are asserted, and in
 * time, which is printed as {@code RATIO}: it says little on a busy machine.
 */
class RatioTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final int AROUND = 7;

  @Test
  void theThousandthMessageCostsWhatTheTenthDoes() {
    try (TestPostgres server = TestPostgres.start();
        FaultProxy proxy = FaultProxy.to(server);
        ConversationStore store =
            PostgresStore.open(
                PostgresOptions.url(proxy.jdbcUrl(server.createDatabase()))
                    .withLogin(server.user(), server.password()))) {
      ChatMemory memory = ConversationStoreChatMemory.builder(store).owner(ALICE).build();
      ChatMemory window =
          MessageWindowChatMemory.builder()
              .chatMemoryRepository(
                  ConversationStoreChatMemoryRepository.builder(store).owner(ALICE).build())
              .build();
      for (int i = 0; i < 200; i++) {
        memory.add("warm-up", new UserMessage("message"));
        window.add("warm-up window", new UserMessage("message"));
      }
      assertThat(grow("ChatMemory", memory, proxy)).isEqualTo(1);
      assertThat(grow("ChatMemoryRepository", window, proxy)).isEqualTo(2);
      assertThat(store.last(ALICE, "ChatMemory", 1_000)).hasSize(1_000);
      assertThat(store.last(ALICE, "ChatMemoryRepository", 1_000)).hasSize(1_000);
    }
  }

  /** The round trips of a message around the 1,000th: the pool may connect beside one of them. */
  static long grow(String id, ChatMemory memory, FaultProxy proxy) {
    long[] nanos = new long[1_001];
    long[] trips = new long[1_001];
    for (int i = 1; i <= 1_000; i++) {
      UserMessage message = new UserMessage("message " + i);
      long before = proxy.roundTrips();
      long start = System.nanoTime();
      memory.add(id, message);
      nanos[i] = System.nanoTime() - start;
      trips[i] = proxy.roundTrips() - before;
    }
    double tenth = (double) median(nanos, 10);
    double thousandth = (double) median(nanos, 1_000 - AROUND);
    long tripsOfOne = median(trips, 1_000 - AROUND);
    System.out.printf(
        Locale.ROOT,
        "RATIO spring-ai %s 1000th/10th=%.2f (%.0f us / %.0f us) roundTrips=%d%n",
        id,
        thousandth / tenth,
        thousandth / 1_000,
        tenth / 1_000,
        tripsOfOne);
    return tripsOfOne;
  }

  /** Of the messages around this one. */
  private static long median(long[] values, int middle) {
    long[] around = Arrays.copyOfRange(values, middle - AROUND, middle + AROUND + 1);
    Arrays.sort(around);
    return around[AROUND];
  }
}
