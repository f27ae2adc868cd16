package io.conversationstore.jsonfile.internal.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.MemoryFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The size limit of the writer's queue. */
@Timeout(60)
class LogThreadTest {
  private static final int KIB = 1 << 10;

  private final LogTail tail =
      new LogTail(new MemoryFiles(), new Segments("memory"), 1 << 20, segment -> {});
  private final LogThread log =
      new LogThread(
          tail, Durability.EACH_WRITE, Duration.ofSeconds(1), 64 * KIB, LogThreadTest::thread);

  private static Thread thread(Runnable work) {
    return new MemoryFiles().newThread(work, "log");
  }

  private final Semaphore disk = new Semaphore(0);
  private final AtomicInteger written = new AtomicInteger();

  /** A caller in its own thread, whose work waits for the disk. */
  private final class Caller {
    final FutureTask<Integer> result;
    final Thread thread;

    Caller(long bytes) {
      result =
          new FutureTask<>(
              () -> {
                int number =
                    log.call(
                        LogThread.Wait.SETTING,
                        bytes,
                        () -> {
                          disk.acquireUninterruptibly();
                          return written.incrementAndGet();
                        });
                return Thread.currentThread().isInterrupted() ? -number : number;
              });
      thread = new Thread(result);
      thread.start();
    }

    /** Waits until the caller waits for space or for its answer. */
    Caller awaitWaiting() {
      while (thread.getState() != Thread.State.WAITING) {
        Thread.onSpinWait();
      }
      return this;
    }
  }

  @Test
  void whoBringsTooManyBytesWaitsForRoomAndNobodyOvertakes() throws Exception {
    log.start();
    List<Caller> callers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      callers.add(new Caller(30 * KIB).awaitWaiting());
      assertThat(log.queuedBytes()).isEqualTo(Math.min(i + 1, 2) * 30L * KIB);
    }
    Caller small = new Caller(KIB).awaitWaiting();
    assertThat(log.queuedBytes()).as("nobody overtakes").isEqualTo(60L * KIB);
    disk.release(6);
    callers.add(small);
    List<Integer> results = new ArrayList<>();
    for (Caller caller : callers) {
      results.add(caller.result.get());
    }
    // Space is granted in order; two callers that get it together may reach the queue in any order.
    assertThat(results).startsWith(1, 2).containsExactlyInAnyOrder(1, 2, 3, 4, 5, 6);
    log.close();
    assertThat(log.queuedBytes()).isZero();
  }

  @Test
  void whatNeedsNoRoomDoesNotWaitBehindThoseWhoDo() throws Exception {
    log.start();
    Caller working = new Caller(60 * KIB).awaitWaiting();
    Caller waitsForRoom = new Caller(60 * KIB).awaitWaiting();
    Caller next = new Caller(60 * KIB).awaitWaiting();
    FutureTask<Integer> small =
        new FutureTask<>(() -> log.call(LogThread.Wait.WRITTEN, written::incrementAndGet));
    Thread thread = new Thread(small);
    thread.start();
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    // Both are released at once, because a caller that gets space may be answered together with one
    // that needed none.
    disk.release(3);
    assertThat(working.result.get()).isEqualTo(1);
    assertThat(small.get()).isEqualTo(2);
    assertThat(waitsForRoom.result.get()).isEqualTo(3);
    assertThat(next.result.get()).isEqualTo(4);
    log.close();
  }

  @Test
  void oneWriteLargerThanTheQueueGoesAlone() throws Exception {
    log.start();
    Caller first = new Caller(KIB).awaitWaiting();
    Caller large = new Caller(1_000 * KIB).awaitWaiting();
    assertThat(log.queuedBytes()).isEqualTo(KIB);
    disk.release(2);
    assertThat(first.result.get()).isEqualTo(1);
    assertThat(large.result.get()).isEqualTo(2);
    log.close();
  }

  @Test
  void anInterruptEndsNoWaitAndHarmsNobody() throws Exception {
    log.start();
    Caller working = new Caller(60 * KIB).awaitWaiting();
    Caller waitsForRoom = new Caller(60 * KIB).awaitWaiting();
    Caller next = new Caller(60 * KIB).awaitWaiting();
    waitsForRoom.thread.interrupt();
    working.thread.interrupt();
    disk.release(3);
    assertThat(working.result.get()).isEqualTo(-1);
    assertThat(waitsForRoom.result.get()).isEqualTo(-2);
    assertThat(next.result.get()).isEqualTo(3);
    log.close();
  }

  @Test
  void closingServesWhatIsQueuedAndRefusesWhatWaitsForRoom() throws Exception {
    log.start();
    Caller working = new Caller(60 * KIB).awaitWaiting();
    Caller waitsForRoom = new Caller(60 * KIB).awaitWaiting();
    Thread closing = new Thread(log::close);
    closing.start();
    while (!log.isClosed()) {
      Thread.onSpinWait();
    }
    disk.release(2);
    assertThat(working.result.get()).isEqualTo(1);
    assertThatThrownBy(waitsForRoom.result::get)
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(IllegalStateException.class);
    closing.join();
    assertThat(log.queuedBytes()).isZero();
    assertThatThrownBy(() -> log.call(LogThread.Wait.WRITTEN, () -> 1))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anErrorOfOneCallersWorkIsThatCallersAlone() {
    log.start();
    assertThatThrownBy(
            () ->
                log.call(
                    LogThread.Wait.SETTING,
                    KIB,
                    () -> {
                      throw new StackOverflowError("on purpose");
                    }))
        .isInstanceOf(StackOverflowError.class);
    assertThat(log.call(LogThread.Wait.SETTING, KIB, () -> 7)).isEqualTo(7);
    log.close();
    assertThat(log.queuedBytes()).isZero();
  }
}
