package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.StoreLimits;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.UuidV7;
import io.conversationstore.testkit.TestPostgres;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Random sequences of calls over a network that fails at random. Acknowledged calls are repeated on
 * the model, and every answer, in every state, must equal the model's. {@code -Dstore.seed} repeats
 * one seed.
 */
class HybridRandomIT {

  private static final int SEEDS = 20;
  private static final int STEPS = 150;
  private static final int WORKERS = 4;

  private static TestPostgres server;

  @BeforeAll
  static void startServer() {
    server = TestPostgres.builder().start();
  }

  @AfterAll
  static void stopServer() {
    server.close();
  }

  @Test
  void row_1_4_answersAreTheModelsWhateverTheNetworkDoes() throws Exception {
    Long only = Long.getLong("store.seed");
    Queue<Long> seeds = new ConcurrentLinkedQueue<>();
    if (only == null) {
      LongStream.rangeClosed(1, Long.getLong("store.sequences", SEEDS)).forEach(seeds::add);
    } else {
      seeds.add(only);
    }
    Queue<AssertionError> failures = new ConcurrentLinkedQueue<>();
    List<Thread> workers = new ArrayList<>();
    for (int i = 0; i < WORKERS; i++) {
      Thread worker = new Thread(() -> work(seeds, failures), "random-" + i);
      worker.start();
      workers.add(worker);
    }
    for (Thread worker : workers) {
      worker.join(TimeUnit.MINUTES.toMillis(30));
      assertThat(worker.isAlive()).isFalse();
    }
    if (!failures.isEmpty()) {
      AssertionError first = failures.poll();
      failures.forEach(first::addSuppressed);
      throw first;
    }
  }

  private static void work(Queue<Long> seeds, Queue<AssertionError> failures) {
    String database = server.createDatabase();
    for (Long seed = seeds.poll(); seed != null; seed = seeds.poll()) {
      try (Testbed bed = new Testbed(server, database)) {
        run(seed, bed);
      } catch (AssertionError | RuntimeException e) {
        failures.add(new AssertionError("seed " + seed + " (-Dstore.seed=" + seed + "): " + e, e));
      }
    }
  }

  private static void run(long seed, Testbed bed) {
    RandomRun run = new RandomRun(seed, bed);
    run.steps(STEPS);
    bed.comeBack();
    Testbed.awaitDrained(run.node());
    assertThat(run.node().state().rejected()).as("rejected").isEmpty();
    Map<String, List<String>> expected = run.expected();
    assertThat(run.picture(run.node())).as("the node").isEqualTo(expected);
    assertThat(run.picture(bed.direct())).as("the database").isEqualTo(expected);
    run.node().close();
    Clock clock = Clock.systemUTC();
    LocalStore local = JsonFileStore.openEngine(bed.files("node"));
    try (DefaultConversationStore files =
        new DefaultConversationStore(
            local,
            StoreLimits.DEFAULT,
            clock,
            new UuidV7(clock, new SecureRandom()),
            local.identity().node())) {
      assertThat(run.picture(files)).as("the local files").isEqualTo(expected);
    }
  }
}
