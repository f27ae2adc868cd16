package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.RetentionSchedule;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.ManualTimer;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Several stores on one database share the runs of retention. */
class RetentionScheduleTest {

  private static final Duration HOUR = Duration.ofHours(1);
  private static final Instant LONG_AGO = Instant.parse("2001-02-03T04:05:06Z");

  /** Longer than the first wait of any node. */
  private static final Duration FIRST = Duration.ofSeconds(12);

  private final Databases databases = Databases.create();
  private final PostgresOptions options =
      databases
          .options()
          .withRetention(
              RetentionSchedule.OFF
                  .withMessageAge(Duration.ofDays(7))
                  .withPurgeAfter(RetentionSchedule.SHORTEST_PURGE_AFTER));
  private final Logger logger = (Logger) LoggerFactory.getLogger(PostgresStore.class);
  private final Level level = logger.getLevel();
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    logger.setLevel(Level.INFO);
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void stop() {
    logger.detachAppender(log);
    logger.setLevel(level);
  }

  private List<String> lines() {
    return log.list.stream()
        .map(ILoggingEvent::getFormattedMessage)
        .filter(line -> line.startsWith("Retention"))
        .toList();
  }

  private static void saveOld(ConversationStore store, String id) {
    store.save(
        ALICE,
        ConversationDocument.ofEntries(
            NewConversation.ofId(id),
            List.of(Entry.of(Message.user("old")).withCreatedAt(LONG_AGO))));
  }

  private void age(String table, String column, String by) throws SQLException {
    databases.text(
        "UPDATE conversation_store."
            + table
            + " SET "
            + column
            + " = "
            + column
            + " - interval '"
            + by
            + "'");
  }

  @Test
  void row_0_5_oneNodeDoesARunAndTheNextOneIsDueAnHourLater() throws Exception {
    ManualTimer first = new ManualTimer();
    ManualTimer second = new ManualTimer();
    try (ConversationStore one = PostgresStore.open(options, first);
        ConversationStore two = PostgresStore.open(options, second)) {
      saveOld(one, "a");
      first.advance(FIRST);
      assertThat(lines()).containsExactly("Retention: 1 messages deleted");
      saveOld(one, "b");
      second.advance(FIRST);
      assertThat(lines()).as("the other node did it just now").hasSize(1);
      age("jobs", "claimed_at", "1 hour");
      second.advance(HOUR.plus(FIRST));
      assertThat(lines()).hasSize(2).last().isEqualTo("Retention: 1 messages deleted");
      first.advance(HOUR.plus(FIRST));
      assertThat(lines()).hasSize(2);
      assertThat(two.find(ALICE, "b").orElseThrow().messageCount()).isZero();
    }
  }

  @Test
  void row_0_5_deletedRowsArePurged() throws Exception {
    ManualTimer timer = new ManualTimer();
    try (ConversationStore store = PostgresStore.open(options, timer)) {
      for (String id : List.of("gone", "recent")) {
        store.create(ALICE, NewConversation.ofId(id));
        store.append(ALICE, id, Message.user("x"));
      }
      store.delete(ALICE, "gone");
      age("messages", "deleted_at", "31 days");
      age("conversations", "deleted_at", "31 days");
      store.delete(ALICE, "recent");
      timer.advance(FIRST);
      assertThat(lines()).containsExactly("Retention: 2 deleted rows purged");
      assertThat(databases.text("SELECT count(*) FROM conversation_store.conversations"))
          .isEqualTo("1");
    }
  }

  @Test
  void ofManyClaimsAtOnceOneIsGranted() throws Exception {
    try (PrimaryStore engine = PostgresStore.openEngine(options)) {
      for (int round = 0; round < 10; round++) {
        List<CompletableFuture<Boolean>> claims =
            IntStream.range(0, 8)
                .mapToObj(
                    i ->
                        CompletableFuture.supplyAsync(
                            () -> engine.claim("job", new UUID(0, i), HOUR).isGranted()))
                .toList();
        assertThat(claims.stream().map(CompletableFuture::join).filter(granted -> granted))
            .as("round %d", round)
            .hasSize(1);
        age("jobs", "claimed_at", "1 hour");
      }
    }
  }

  @Test
  void aClaimOfAClockThatWasAheadHoldsNobodyUp() throws Exception {
    UUID node = UUID.randomUUID();
    try (PrimaryStore engine = PostgresStore.openEngine(options)) {
      assertThat(engine.claim("job", node, HOUR).isGranted()).isTrue();
      assertThat(engine.claim("job", node, HOUR).remaining()).isBetween(HOUR.minusMinutes(2), HOUR);
      age("jobs", "claimed_at", "50 minutes");
      assertThat(engine.claim("job", UUID.randomUUID(), HOUR).remaining())
          .isBetween(Duration.ofMinutes(8), Duration.ofMinutes(10));
      engine.renew("job", node);
      assertThat(engine.claim("job", UUID.randomUUID(), HOUR).remaining())
          .isBetween(HOUR.minusMinutes(2), HOUR);
      age("jobs", "claimed_at", "-2 days");
      assertThat(engine.claim("job", node, HOUR).isGranted()).isTrue();
    }
  }

  /** Real threads: the run waits for a lock when the store is closed. */
  @Test
  void closingDuringARunEndsIt() throws Exception {
    ConversationStore store =
        PostgresStore.open(
            options.withStatementTimeouts(Duration.ofMinutes(5), Duration.ofMinutes(5)));
    saveOld(store, "held");
    try (Connection holder = databases.connection();
        Statement hold = holder.createStatement()) {
      holder.setAutoCommit(false);
      hold.execute("SELECT FROM conversation_store.conversations FOR UPDATE");
      while (databases
          .text(
              "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                  + " AND wait_event_type = 'Lock'")
          .equals("0")) {
        Thread.onSpinWait();
      }
      List<Thread> jobs =
          Thread.getAllStackTraces().keySet().stream()
              .filter(thread -> thread.getName().startsWith("conversation-store-job"))
              .toList();
      assertThat(jobs).isNotEmpty();
      store.close();
      for (Thread job : jobs) {
        // Its work has ended; the thread itself ends a moment later.
        job.join(TimeUnit.SECONDS.toMillis(20));
        assertThat(job.isAlive()).isFalse();
      }
    }
    assertThat(lines()).isEmpty();
    ManualTimer timer = new ManualTimer();
    try (ConversationStore next = PostgresStore.open(options, timer)) {
      age("jobs", "claimed_at", "1 hour");
      timer.advance(FIRST);
      assertThat(next.find(ALICE, "held").orElseThrow().messageCount()).isZero();
    }
  }
}
