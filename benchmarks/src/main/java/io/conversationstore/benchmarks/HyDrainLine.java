package io.conversationstore.benchmarks;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.StoreState;
import io.conversationstore.benchmarks.Report.Target;
import java.time.Duration;

/**
 * Sending what was written during an outage: against bare batched inserts of as many rows, and what
 * it does to live calls.
 */
final class HyDrainLine implements Line {

  private static final int MOST_CONVERSATIONS = 1_000;
  private static final int WRITERS = 16;

  /** Rows of one bare batch: what the store sends together by default. */
  private static final int BATCH = 200;

  /** Of the large data set, this part is pending. */
  private static final int PENDING_SHARE = 5;

  /** Of what is pending at first, this part is pending beside live calls. */
  private static final int BESIDE_SHARE = 5;

  @Override
  public String name() {
    return "drain";
  }

  @Override
  public void run(Bench bench) throws Exception {
    PgServer server = PgServer.of(bench);
    String database = server.database();
    int pending = bench.sizes().messages() / PENDING_SHARE;
    try (HyNode node = HyNode.behindProxy(server, database, bench.directory("drain"));
        Load fill = new Load(WRITERS);
        Load live = new Load(1)) {
      ConversationStore store = node.store();
      for (int i = 0; i < conversations(bench); i++) {
        store.create(PgServer.OWNER, NewConversation.ofId("c" + i));
      }
      store.create(PgServer.OWNER, NewConversation.ofId("live"));
      store.create(PgServer.OWNER, NewConversation.ofId("bare"));
      Report report = bench.report();
      report.figure(name() + ".pending", pending, "messages, each a change of its own");
      try (PgBare bare = new PgBare(server, database, "bare", bench.texts())) {
        insert(bare, Math.min(pending, 10_000));
        double before = insert(bare, pending / 2);
        report.figure(name() + ".bare-before", before, "messages/s, " + BATCH + " together");
        double alone = drain(bench, node, fill, pending, () -> {});
        report.figure(name() + ".alone", alone, "messages/s");
        double after = insert(bare, pending / 2);
        report.figure(name() + ".bare-after", after, "messages/s, " + BATCH + " together");
        report.ratio(name() + "-vs-bare", 2 * alone / (before + after), Target.atLeast(0.6));
      }
      Duration quiet = bench.sizes().slice().multipliedBy(50);
      work(bench, live, store, bench.sizes().slice().multipliedBy(10));
      double p99 = work(bench, live, store, quiet);
      report.figure(name() + "-live-p99.without", p99, "ms");
      double[] during = new double[1];
      double beside =
          drain(
              bench,
              node,
              fill,
              pending / BESIDE_SHARE,
              () -> during[0] = workWhileDraining(bench, node));
      report.figure(name() + ".beside-live-calls", beside, "messages/s");
      report.figure(name() + "-live-p99.during", during[0], "ms");
      report.ratio(name() + "-live-p99", during[0] / p99, Target.atMost(2));
    }
  }

  private static int conversations(Bench bench) {
    return Math.min(bench.sizes().conversations(), MOST_CONVERSATIONS);
  }

  /** Something done while the node drains; it ends when the node has drained. */
  @FunctionalInterface
  private interface Beside {
    void run() throws Exception;
  }

  /** Lets so many messages wait and be sent; gives the rate of sending. */
  private static double drain(Bench bench, HyNode node, Load fill, int pending, Beside beside)
      throws Exception {
    node.goDown();
    fill.run(
        Duration.ZERO,
        (thread, any) -> {
          for (int i = thread; i < pending; i += WRITERS) {
            node.store()
                .append(
                    PgServer.OWNER,
                    "c" + i % conversations(bench),
                    Message.user(bench.texts().text(i)));
          }
        });
    node.comeBack();
    node.await(StoreState::databaseInUse);
    long start = System.nanoTime();
    long before = node.store().state().pending().changes();
    beside.run();
    node.await(state -> state.mode() == StoreState.Mode.ONLINE);
    return before / ((System.nanoTime() - start) / 1e9);
  }

  private static double work(Bench bench, Load live, ConversationStore store, Duration time)
      throws Exception {
    return live.run(time, (thread, number) -> turn(bench, store, number)).percentileMillis(0.99);
  }

  private static double workWhileDraining(Bench bench, HyNode node) {
    Latencies latencies = new Latencies();
    long number = 0;
    do {
      long start = System.nanoTime();
      turn(bench, node.store(), number++);
      latencies.add(System.nanoTime() - start);
    } while (node.store().state().mode() == StoreState.Mode.RESYNCING);
    return latencies.percentileMillis(0.99);
  }

  /** What an assistant does for one turn: reads what came last, and appends. */
  private static void turn(Bench bench, ConversationStore store, long number) {
    store.last(PgServer.OWNER, "live", 20);
    store.append(PgServer.OWNER, "live", Message.user(bench.texts().text(number)));
  }

  private static double insert(PgBare bare, int rows) throws Exception {
    long start = System.nanoTime();
    for (int i = 0; i < rows; i += BATCH) {
      bare.insertTogether(i, Math.min(BATCH, rows - i));
    }
    return rows / ((System.nanoTime() - start) / 1e9);
  }
}
