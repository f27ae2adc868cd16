package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.PrimaryStore;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/** Calls that come while the first contact with a silent database goes on. */
class FirstContactTest {

  private static final int CALLERS = 8;

  /** A database that is away: at first at once, then only after a long time. */
  private static final class Silent extends PGSimpleDataSource {
    private static final long serialVersionUID = 1;

    final transient CountDownLatch answer = new CountDownLatch(1);
    final AtomicInteger tries = new AtomicInteger();

    @Override
    public Connection getConnection() throws SQLException {
      if (tries.getAndIncrement() > 0) {
        try {
          answer.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      throw new SQLException("away", "08001");
    }
  }

  private static List<Thread> call(PrimaryStore engine, Queue<EngineFailureException> errors) {
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      Thread caller =
          new Thread(
              () ->
                  errors.add(
                      catchThrowableOfType(
                          EngineFailureException.class, () -> engine.find(ALICE, "c"))));
      caller.setDaemon(true);
      caller.start();
      callers.add(caller);
    }
    return callers;
  }

  private static boolean waits(Thread thread) {
    Thread.State state = thread.getState();
    return (state == Thread.State.WAITING || state == Thread.State.TIMED_WAITING)
        && Arrays.stream(thread.getStackTrace())
            .anyMatch(frame -> frame.getMethodName().equals("ensureSchema"));
  }

  @Test
  void thoseWhoWaitedShareTheFailureOfTheOneWhoTried() throws Exception {
    Silent database = new Silent();
    Queue<EngineFailureException> errors = new ConcurrentLinkedQueue<>();
    try (PrimaryStore engine = PostgresStore.openEngine(PostgresOptions.dataSource(database))) {
      List<Thread> callers = call(engine, errors);
      while (!callers.stream().allMatch(FirstContactTest::waits)) {
        Thread.onSpinWait();
      }
      database.answer.countDown();
      for (Thread caller : callers) {
        caller.join();
      }
    }
    assertThat(errors)
        .hasSize(CALLERS)
        .allSatisfy(error -> assertThat(error.kind()).isEqualTo(FailureKind.UNAVAILABLE))
        .allSatisfy(error -> assertThat(error.isOutcomeUnknown()).isFalse())
        .allSatisfy(error -> assertThat(error).hasMessageContaining("08001"));
    assertThat(database.tries).hasValue(2);
  }

  @Test
  void nobodyWaitsForTheOneWhoTriesForLongerThanForTheServer() throws Exception {
    Silent database = new Silent();
    Queue<EngineFailureException> errors = new ConcurrentLinkedQueue<>();
    Duration brief = Duration.ofMillis(200);
    try (PrimaryStore engine =
        PostgresStore.openEngine(
            PostgresOptions.dataSource(database).withNetworkTimeouts(brief, brief))) {
      List<Thread> callers = call(engine, errors);
      while (errors.size() < CALLERS - 1) {
        Thread.onSpinWait();
      }
      assertThat(callers).filteredOn(Thread::isAlive).isNotEmpty();
      assertThat(errors)
          .allSatisfy(error -> assertThat(error.kind()).isEqualTo(FailureKind.UNAVAILABLE))
          .allSatisfy(error -> assertThat(error).hasMessageContaining("another call"));
      database.answer.countDown();
      for (Thread caller : callers) {
        caller.join();
      }
    }
    assertThat(errors).hasSize(CALLERS);
    assertThat(database.tries).hasValue(2);
  }
}
