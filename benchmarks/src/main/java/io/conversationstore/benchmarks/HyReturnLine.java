package io.conversationstore.benchmarks;

import io.conversationstore.Message;
import io.conversationstore.StoreState;
import io.conversationstore.benchmarks.Report.Target;
import java.time.Duration;

/**
 * From the moment when the database answers again to the one when the node says that it is in use,
 * after outages long enough for the waits between its tries to have reached their longest.
 */
final class HyReturnLine implements Line {

  /** The longest wait of the defaults, two seconds, and the quarter that jitter may add. */
  private static final Duration LONGEST_WAIT = Duration.ofMillis(2_500);

  private static final int MOST_ROUNDS = 9;

  @Override
  public String name() {
    return "return";
  }

  @Override
  public void run(Bench bench) throws Exception {
    PgServer server = PgServer.of(bench);
    int rounds = Math.min(bench.sizes().rounds(), MOST_ROUNDS);
    double[] longest = new double[1];
    try (HyNode node = HyNode.behindProxy(server, server.database(), bench.directory("return"));
        Load load = new Load(1)) {
      HyDownLine.create(node.store());
      Interleaved sides =
          new Interleaved()
              .side(
                  "after-short",
                  () -> millis(bench, node, load, bench.sizes().slice().multipliedBy(2), longest))
              .side(
                  "after-long",
                  () -> millis(bench, node, load, bench.sizes().slice().multipliedBy(35), longest))
              .run(0, rounds);
      sides.figures(bench.report(), name(), "ms");
      bench
          .report()
          .ratio(
              name() + "-vs-longest-wait", longest[0] / LONGEST_WAIT.toMillis(), Target.atMost(1));
    }
  }

  private static double millis(
      Bench bench, HyNode node, Load load, Duration outage, double[] longest) throws Exception {
    node.goDown();
    node.store().append(PgServer.OWNER, "c0", Message.user(bench.texts().text(0)));
    load.run(outage, (thread, number) -> node.store().last(PgServer.OWNER, "c0", 20));
    long start = System.nanoTime();
    node.comeBack();
    node.await(state -> state.mode() == StoreState.Mode.ONLINE);
    double millis = (System.nanoTime() - start) / 1e6;
    longest[0] = Math.max(longest[0], millis);
    return millis;
  }
}
