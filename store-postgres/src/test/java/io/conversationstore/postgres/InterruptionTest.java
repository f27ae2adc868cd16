package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static io.conversationstore.postgres.Databases.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.conversationstore.AppendCondition;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.PrimaryStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An interrupted caller takes nobody else off the database. */
class InterruptionTest {

  private static final String SESSIONS =
      "SELECT string_agg(pid::text, ',' ORDER BY pid) FROM pg_stat_activity"
          + " WHERE datname = current_database() AND application_name = 'conversation-store'";

  private final Databases databases = Databases.create();
  private Connection holder;

  /** How a call ended, and whether its thread was interrupted afterwards. */
  private record Ended(EngineFailureException failure, boolean interrupted) {}

  @BeforeEach
  void hold() throws SQLException {
    try (PrimaryStore engine = PostgresStore.openEngine(databases.options())) {
      engine.apply(
          new Change.ConversationCreated(stamp(ALICE), NewConversation.ofId("held"), true),
          ApplyMode.LIVE);
    }
    holder = databases.connection();
    holder.setAutoCommit(false);
    try (Statement hold = holder.createStatement()) {
      hold.execute("SELECT FROM conversation_store.conversations FOR UPDATE");
    }
  }

  @AfterEach
  void release() throws SQLException {
    holder.close();
  }

  private PrimaryStore open(int connections) {
    return PostgresStore.openEngine(
        databases
            .options()
            .withPoolSize(connections, connections)
            .withPoolTimeouts(Duration.ofMinutes(2), Duration.ofSeconds(60))
            .withNetworkTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(90))
            .withStatementTimeouts(Duration.ofSeconds(80), Duration.ofSeconds(60)));
  }

  private static void append(PrimaryStore engine) {
    engine.apply(
        new Change.MessagesAppended(
            stamp(ALICE),
            ConversationRef.live("held"),
            List.of(NewMessage.of(UUID.randomUUID(), Message.user("a"))),
            AppendCondition.always(),
            false),
        ApplyMode.LIVE);
  }

  private static Runnable ending(CompletableFuture<Ended> end, Runnable call) {
    return () -> {
      EngineFailureException failure =
          catchThrowableOfType(EngineFailureException.class, call::run);
      end.complete(new Ended(failure, Thread.currentThread().isInterrupted()));
    };
  }

  private void awaitAppendThatWaits() throws SQLException {
    String waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            + " AND wait_event_type = 'Lock'";
    while (!databases.text(waiting).equals("1")) {
      Thread.onSpinWait();
    }
  }

  private List<String> sessions() throws SQLException {
    return Arrays.asList(databases.text(SESSIONS).split(","));
  }

  @Test
  void whoWaitsForThePoolLeavesItAsItIs() throws Exception {
    try (PrimaryStore engine = open(1)) {
      engine.find(ALICE, "held");
      final List<String> before = sessions();
      Thread appending = new Thread(() -> append(engine));
      appending.start();
      awaitAppendThatWaits();
      CompletableFuture<Ended> end = new CompletableFuture<>();
      Thread caller = new Thread(ending(end, () -> engine.find(ALICE, "held")));
      caller.start();
      while (engine.figures().pool().waiting() != 1) {
        assertThat(end).isNotDone();
      }
      caller.interrupt();
      assertEnded(end.join(), false);
      holder.rollback();
      appending.join();
      assertThat(engine.find(ALICE, "held").live()).isNotNull();
      assertThat(sessions()).isEqualTo(before);
    }
  }

  @Test
  void aVirtualThreadThatWaitsForTheServerLosesItsOwnConnectionAlone() throws Exception {
    assumeThat(Runtime.version().feature()).as("virtual threads").isGreaterThanOrEqualTo(21);
    try (PrimaryStore engine = open(2)) {
      engine.find(ALICE, "held");
      while (engine.figures().pool().idle() != 2) {
        Thread.onSpinWait();
      }
      List<String> before = sessions();
      CompletableFuture<Ended> end = new CompletableFuture<>();
      Thread caller =
          (Thread)
              Thread.class
                  .getMethod("startVirtualThread", Runnable.class)
                  .invoke(null, ending(end, () -> append(engine)));
      awaitAppendThatWaits();
      caller.interrupt();
      assertEnded(end.join(), true);
      assertThat(engine.find(ALICE, "held").live()).isNotNull();
      assertThat(sessions()).as("the other connection of the pool").containsAnyElementsOf(before);
      holder.rollback();
    }
  }

  private static void assertEnded(Ended ended, boolean outcomeUnknown) {
    assertThat(ended.failure().kind()).isEqualTo(FailureKind.CONTENTION);
    assertThat(ended.failure().isOutcomeUnknown()).isEqualTo(outcomeUnknown);
    assertThat(ended.failure()).hasMessage("the caller was interrupted");
    assertThat(ended.interrupted()).isTrue();
  }
}
