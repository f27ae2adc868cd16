package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreFigures;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The gauges of a store's state, through an outage. */
@ExtendWith(SharedServer.class)
class StoreMetricsTest {

  private final Owner alice = Owner.of("acme", "alice");
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  private double value(String name, String... tags) {
    return registry.get("conversation.store." + name).tags(tags).gauge().value();
  }

  @Test
  void row_5_6_theGaugesFollowTheState() {
    try (Testbed bed = Testbed.withSchema(SharedServer.get())) {
      ConversationStore store = bed.node("a");
      Clock later = Clock.offset(Clock.systemUTC(), Duration.ofHours(1));
      StoreMetrics.of(store, later).bindTo(registry);
      store.createIfAbsent(alice, NewConversation.ofId("chat"));
      Testbed.awaitDrained(store);
      assertThat(value("mode", "mode", "online")).isEqualTo(1);
      assertThat(value("mode", "mode", "offline")).isZero();
      assertThat(value("pending.changes")).isZero();
      assertThat(value("pending.age")).isZero();
      assertThat(value("mode.since")).isGreaterThanOrEqualTo(3_500);
      assertThat(value("pool.connections", "state", "active")).isNotNegative();
      assertThat(value("pool.connections", "state", "idle")).isNotNegative();
      assertThat(value("pool.waiting")).isZero();
      assertThat(store.operator().figures().calls())
          .extracting(StoreFigures.Calls::kind)
          .contains("handshake", "ConversationCreated");
      assertThat(store.operator().tableSizes()).isNotEmpty();

      bed.goDown(store);
      store.append(alice, "chat", Message.user("pending"));
      assertThat(value("mode", "mode", "online")).isZero();
      assertThat(value("mode", "mode", "offline")).isEqualTo(1);
      assertThat(value("pending.changes")).isEqualTo(1);
      assertThat(value("pending.bytes")).isPositive();
      assertThat(value("pending.age")).isGreaterThanOrEqualTo(3_500);
      assertThat(value("mirror.dirty")).isZero();

      bed.comeBack();
      Testbed.awaitDrained(store);
      Testbed.await("the drain has ended", () -> value("mode", "mode", "online") == 1);
      assertThat(value("pending.changes")).isZero();
      assertThat(value("resync.changes", "outcome", "drained")).isPositive();
      assertThat(value("resync.changes", "outcome", "parked")).isZero();
      assertThat(value("rejected")).isZero();
      Testbed.await("the copy was complete once", () -> value("mirror.lag") >= 0);
    }
  }

  @Test
  void row_5_6_theCircuitBreakerStandsInTheRegistryWhileTheStoreIsOpen() {
    CircuitBreakerRegistry breakers = CircuitBreakerRegistry.ofDefaults();
    HybridOptions options = HybridOptions.defaults().withCircuitBreakers(breakers);
    try (Testbed bed = Testbed.withSchema(SharedServer.get())) {
      ConversationStore store = bed.node("a", options);
      CircuitBreaker breaker = breakers.find(HybridOptions.CIRCUIT_BREAKER).orElseThrow();
      Testbed.awaitDrained(store);
      assertThat(breaker.getState()).isEqualTo(CircuitBreaker.State.CLOSED);
      assertThatThrownBy(() -> bed.node("b", options))
          .isInstanceOf(StoreConfigurationException.class)
          .hasMessageContaining(HybridOptions.CIRCUIT_BREAKER);
      bed.goDown(store);
      assertThat(breaker.getState()).isEqualTo(CircuitBreaker.State.OPEN);
      store.close();
      assertThat(breakers.getAllCircuitBreakers()).isEmpty();
      bed.node("b", options).close();
    }
  }
}
