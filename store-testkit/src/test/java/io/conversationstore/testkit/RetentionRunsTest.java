package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.RetentionSchedule;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreLimits;
import io.conversationstore.internal.DaemonTimer;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.JobClaims;
import io.conversationstore.spi.JobTimer;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.UuidV7;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Retention by schedule: when it runs, on which node, and what it says. */
class RetentionRunsTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration HOUR = Duration.ofHours(1);

  /** Longer than the first wait of any node. */
  private static final Duration FIRST = Duration.ofSeconds(12);

  private static final RetentionSchedule WEEK =
      RetentionSchedule.OFF
          .withMessageAge(Duration.ofDays(7))
          .withArchiveAfter(DAY.multipliedBy(9));

  private final ManualClock clock = new ManualClock(Instant.parse("2026-03-01T12:00:00Z"));
  private final ReferencePrimary database = new ReferencePrimary(clock);
  private final List<String> log = new ArrayList<>();
  private final Map<String, Runnable> before = new HashMap<>();
  private final ManualTimer timer = new ManualTimer();
  private final ConversationStore store = node(1, timer, WEEK);

  /** A node on the database, which stays open when the node is closed. */
  private ConversationStore node(long number, JobTimer jobs, RetentionSchedule schedule) {
    PrimaryStore engine =
        (PrimaryStore)
            Proxy.newProxyInstance(
                RetentionRunsTest.class.getClassLoader(),
                new Class<?>[] {PrimaryStore.class},
                (proxy, method, arguments) -> {
                  before.getOrDefault(method.getName(), () -> {}).run();
                  if (method.getName().equals("close")) {
                    return null;
                  }
                  try {
                    return method.invoke(database, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                });
    return new DefaultConversationStore(
            engine,
            StoreLimits.DEFAULT,
            clock,
            new UuidV7(clock, new Random(number)),
            new UUID(number, number))
        .withRetention(schedule, engine, jobs, log::add, (text, error) -> log.add("WARN " + text));
  }

  private void saveOld(String id, int messages, int days) {
    List<Entry> old = new ArrayList<>();
    for (int i = 0; i < messages; i++) {
      old.add(
          Entry.of(Message.user("x")).withCreatedAt(clock.instant().minus(Duration.ofDays(days))));
    }
    store.save(ALICE, ConversationDocument.ofEntries(NewConversation.ofId(id), old));
  }

  private void pass(Duration time, ManualTimer... timers) {
    clock.advance(time);
    for (ManualTimer each : timers) {
      each.advance(time);
    }
  }

  @Test
  void row_0_5_itRunsSoonAfterOpeningAndThenEachHour() {
    saveOld("a", 3, 8);
    pass(FIRST, timer);
    assertThat(log).containsExactly("Retention: 3 messages deleted");
    pass(HOUR, timer);
    assertThat(log).as("nothing was due").hasSize(1);
    saveOld("b", 2, 8);
    pass(HOUR.minusSeconds(20), timer);
    assertThat(log).hasSize(1);
    pass(FIRST.multipliedBy(3), timer);
    assertThat(log).hasSize(2).last().isEqualTo("Retention: 2 messages deleted");
  }

  @Test
  void row_2_6_idleConversationsAreArchivedByTheDatabasesClock() {
    store.create(ALICE, NewConversation.ofId("idle"));
    pass(DAY.multipliedBy(8), timer);
    assertThat(log).isEmpty();
    pass(DAY.plus(HOUR), timer);
    assertThat(log).containsExactly("Retention: 1 conversations archived");
    assertThat(store.find(ALICE, "idle").orElseThrow().status())
        .isEqualTo(ConversationStatus.ARCHIVED);
  }

  @Test
  void anotherNodeDoesNotRepeatARunOfTheLastHour() {
    ManualTimer second = new ManualTimer();
    ConversationStore other = node(2, second, WEEK);
    pass(FIRST, timer);
    saveOld("a", 1, 8);
    pass(FIRST, second);
    assertThat(log).isEmpty();
    store.close();
    pass(HOUR.minusSeconds(30), second);
    assertThat(log).as("the run of the closed node is not an hour ago").isEmpty();
    pass(Duration.ofMinutes(1), second);
    assertThat(log).containsExactly("Retention: 1 messages deleted");
    other.close();
  }

  @Test
  void duringALongRunNoOtherNodeBeginsOne() {
    saveOld("a", 1, 8);
    List<Boolean> granted = new ArrayList<>();
    before.put(
        "deleteMessagesBefore",
        () -> {
          for (int quarter = 0; quarter < 12; quarter++) {
            pass(HOUR.dividedBy(4), timer);
            granted.add(database.claim("retention", new UUID(2, 2), HOUR).isGranted());
          }
        });
    timer.advance(FIRST);
    assertThat(granted).hasSize(12).containsOnly(false);
    before.clear();
    clock.advance(HOUR);
    assertThat(database.claim("retention", new UUID(2, 2), HOUR).isGranted())
        .as("an hour after the last renewal")
        .isTrue();
    pass(HOUR, timer);
    database.renew("retention", new UUID(1, 1));
    assertThat(database.claim("retention", new UUID(2, 2), HOUR.plusSeconds(1)).remaining())
        .as("a node without the claim renews nothing")
        .isLessThan(FIRST);
  }

  @Test
  void anErrorIsLoggedOnceWhileItLastsAndTriedAgain() {
    saveOld("a", 1, 8);
    before.put("claim", () -> fail(FailureKind.UNAVAILABLE, "the database is away"));
    pass(FIRST, timer);
    pass(HOUR, timer);
    String warning = "WARN Retention failed; the next run retries it: the database is away";
    assertThat(log).containsExactly(warning);
    before.clear();
    pass(HOUR, timer);
    assertThat(log).containsExactly(warning, "Retention: 1 messages deleted");
    before.put("claim", () -> fail(FailureKind.UNAVAILABLE, "the database is away"));
    pass(HOUR.plus(FIRST), timer);
    assertThat(log).hasSize(3).last().isEqualTo(warning);
  }

  private static void fail(FailureKind kind, String text) {
    throw new EngineFailureException(kind, false, text, null);
  }

  @Test
  void aLockedConversationHoldsUpItsRuleOnly() {
    store.create(ALICE, NewConversation.ofId("idle"));
    before.put("deleteMessagesBefore", () -> fail(FailureKind.CONTENTION, "locked"));
    pass(DAY.multipliedBy(10), timer);
    assertThat(log)
        .containsExactlyInAnyOrder(
            "WARN Retention failed; the next run retries it: locked",
            "Retention: 1 conversations archived");
  }

  @Test
  void aLostDatabaseEndsTheRunWithOneWarning() {
    before.put("deleteMessagesBefore", () -> fail(FailureKind.UNAVAILABLE, "away"));
    before.put("archiveIdleBefore", () -> fail(FailureKind.UNAVAILABLE, "still away"));
    pass(FIRST, timer);
    assertThat(log).containsExactly("WARN Retention failed; the next run retries it: away");
  }

  @Test
  void evenAnErrorOfTheJvmDoesNotEndTheSchedule() {
    saveOld("a", 1, 8);
    before.put(
        "deleteMessagesBefore",
        () -> {
          throw new OutOfMemoryError("none left");
        });
    pass(FIRST, timer);
    before.clear();
    pass(HOUR.plus(FIRST), timer);
    assertThat(log)
        .containsExactly(
            "WARN Retention failed; the next run retries it:"
                + " java.lang.OutOfMemoryError: none left",
            "Retention: 1 messages deleted");
  }

  @Test
  void aClosedStoreRunsNothing() {
    saveOld("a", 1, 8);
    store.close();
    assertThat(timer.isIdle()).isTrue();
    pass(DAY, timer);
    assertThat(log).isEmpty();
  }

  @Test
  void aScheduleWithoutRulesStartsNothing() {
    ManualTimer idle = new ManualTimer();
    node(3, idle, RetentionSchedule.OFF);
    assertThat(idle.isIdle()).isTrue();
  }

  /** Real threads. The engine answers the call in progress with an error once it is closed. */
  @Test
  void closingDuringARunEndsItsThread() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    CompletableFuture<Thread> running = new CompletableFuture<>();
    before.put(
        "deleteMessagesBefore",
        () -> {
          running.complete(Thread.currentThread());
          try {
            assertThat(closed.await(1, TimeUnit.MINUTES)).isTrue();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
          throw new IllegalStateException("the store is closed");
        });
    before.put("close", closed::countDown);
    ConversationStore threaded = node(0, new DaemonTimer(), WEEK);
    Thread thread = running.get(1, TimeUnit.MINUTES);
    assertThat(thread.isDaemon()).isTrue();
    threaded.close();
    thread.join(Duration.ofMinutes(1).toMillis());
    assertThat(thread.isAlive()).isFalse();
    assertThat(log).as("a run that the close cut off is no failure").isEmpty();
  }

  @Test
  void aClaimHoldsForTheIntervalAndForItsJob() {
    JobClaims.Claim first = database.claim("job", new UUID(1, 1), HOUR);
    assertThat(first.isGranted()).isTrue();
    assertThat(database.claim("job", new UUID(1, 1), HOUR).isGranted()).isFalse();
    assertThat(database.claim("other", new UUID(2, 2), HOUR).isGranted()).isTrue();
    clock.advance(HOUR.plusSeconds(1));
    assertThat(database.claim("job", new UUID(2, 2), HOUR).isGranted()).isTrue();
  }

  @Test
  void aScheduleOutOfRangeNamesTheRange() {
    for (Duration purge : List.of(Duration.ZERO, Duration.ofDays(29))) {
      assertThatThrownBy(() -> RetentionSchedule.OFF.withPurgeAfter(purge))
          .isInstanceOf(StoreConfigurationException.class)
          .hasMessageContaining("purge age");
    }
    assertThatThrownBy(() -> RetentionSchedule.OFF.withMessageAge(Duration.ZERO))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("message age");
    assertThatThrownBy(() -> RetentionSchedule.OFF.withArchiveAfter(Duration.ofDays(-1)))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("idle time");
    assertThatThrownBy(() -> RetentionSchedule.OFF.withInterval(Duration.ofSeconds(59)))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("interval");
  }
}
