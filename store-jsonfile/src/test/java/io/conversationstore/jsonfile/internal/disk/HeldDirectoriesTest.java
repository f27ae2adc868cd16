package io.conversationstore.jsonfile.internal.disk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The registry of held directories under concurrent calls. */
class HeldDirectoriesTest {

  private static final int THREADS = 3;
  private static final int ROUNDS = 5_000;

  private final String directory = "directory " + UUID.randomUUID();

  @Test
  void oneOfSeveralCallersHoldsAndAllOthersSeeIt() throws Exception {
    List<@Nullable String> answers = new ArrayList<>(List.of("", "", ""));
    CyclicBarrier together = new CyclicBarrier(THREADS);
    onAllThreads(
        thread -> {
          String me = "holder " + thread;
          for (int round = 0; round < ROUNDS; round++) {
            together.await(1, TimeUnit.MINUTES);
            answers.set(thread, HeldDirectories.hold(directory, me));
            together.await(1, TimeUnit.MINUTES);
            int winner = answers.indexOf(null);
            assertThat(winner).as("a holder in round %s", round).isNotNegative();
            assertThat(answers.get(thread))
                .as("the answer to %s in round %s", me, round)
                .isEqualTo(thread == winner ? null : "holder " + winner);
            together.await(1, TimeUnit.MINUTES);
            HeldDirectories.release(directory, me);
          }
        });
    assertThat(HeldDirectories.hold(directory, "nobody")).isNull();
    HeldDirectories.release(directory, "nobody");
  }

  @Test
  void noOtherHolderIsReleased() throws Exception {
    AtomicInteger holders = new AtomicInteger();
    onAllThreads(
        thread -> {
          String me = "holder " + thread;
          for (int round = 0; round < ROUNDS; round++) {
            if (HeldDirectories.hold(directory, me) == null) {
              assertThat(holders.incrementAndGet()).as("holders in round %s", round).isEqualTo(1);
              holders.decrementAndGet();
            }
            // Of a caller that does not hold it, this must not release the holder.
            HeldDirectories.release(directory, me);
          }
        });
  }

  /** An action of one thread; it may fail. */
  @FunctionalInterface
  private interface Action {
    void run(int thread) throws Exception;
  }

  private static void onAllThreads(Action action) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Callable<@Nullable Object>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int thread = i;
        all.add(
            () -> {
              action.run(thread);
              return null;
            });
      }
      for (Future<@Nullable Object> one : threads.invokeAll(all, 2, TimeUnit.MINUTES)) {
        one.get(0, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
