package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.TestPostgres;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The way back after an outage. */
@EnabledOnOs(OS.LINUX)
class RecoveryTest {

  private static final Owner OWNER = Owner.of("acme", "alice");
  private static final Duration OUTAGE = Duration.ofSeconds(3);

  /** Between calls in an outage, which leaves the processor to others. */
  private static final Duration PAUSE = Duration.ofMillis(10);

  private TestPostgres server;
  private Databases databases;

  @BeforeEach
  void start() {
    server = TestPostgres.builder().start();
    databases = Databases.on(server);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  /** Long enough for a pool of its own to wait for seconds before its next try. */
  private void outage(Callable<?> call) {
    server.kill();
    Instant end = Instant.now().plus(OUTAGE);
    while (Instant.now().isBefore(end)) {
      assertThatThrownBy(call::call)
          .isInstanceOfAny(StoreUnavailableException.class, EngineFailureException.class);
      LockSupport.parkNanos(PAUSE.toNanos());
    }
    server.restart();
  }

  @Test
  void theFirstCallsAfterARestartWork() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (ConversationStore store = PostgresStore.open(databases.options())) {
      store.create(OWNER, NewConversation.ofId("c"));
      List<Callable<Object>> calls = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        calls.add(() -> store.append(OWNER, "c", Message.user("x")));
      }
      threads.invokeAll(calls);
      outage(() -> store.append(OWNER, "c", Message.user("x")));
      for (Future<Object> call : threads.invokeAll(calls)) {
        assertThat(call.get()).isNotNull();
      }
      assertThat(store.last(OWNER, "c", 100)).hasSize(16);
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void afterAContactTheNextCallWorks() {
    try (PrimaryStore engine = PostgresStore.openEngine(databases.options())) {
      UUID node = UUID.randomUUID();
      engine.handshake(node);
      outage(() -> engine.handshake(node));
      assertThat(engine.handshake(node).counter()).isEqualTo(2);
      assertThat(engine.find(OWNER, "c").live()).isNull();
    }
  }
}
