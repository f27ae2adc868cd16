package io.conversationstore.benchmarks;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.StoreState;
import io.conversationstore.benchmarks.Report.Target;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import java.time.Duration;

/**
 * A server that accepts connections and answers nothing (its processes are stopped): the first call
 * may take the socket time-out, the later ones what the local files take.
 */
final class HySilentLine implements Line {

  private static final Duration SOCKET = Duration.ofSeconds(1);
  private static final int MOST_ROUNDS = 7;

  @Override
  public String name() {
    return "silent";
  }

  @Override
  public void run(Bench bench) throws Exception {
    PgServer server = PgServer.of(bench);
    try (HyNode node =
            HyNode.direct(
                server.options(server.database()).withNetworkTimeouts(SOCKET, SOCKET),
                bench.directory("silent-hybrid"));
        ConversationStore files =
            JsonFileStore.open(JsonFileOptions.in(bench.directory("silent-files")));
        Load load = new Load(1)) {
      HyDownLine.create(node.store());
      HyDownLine.create(files);
      double[] longestLater = new double[1];
      Interleaved first =
          new Interleaved().side("first", () -> silence(bench, server, node, load, longestLater));
      Interleaved later =
          new Interleaved()
              .side("hybrid", () -> HyDownLine.rate(bench, load, node.store(), slice(bench)))
              .side("jsonfile", () -> HyDownLine.rate(bench, load, files, slice(bench)));
      try {
        first.run(1, Math.min(bench.sizes().rounds(), MOST_ROUNDS));
        server.pause();
        append(node.store(), bench);
        later.run(bench.sizes().warmUps(), bench.sizes().rounds());
      } finally {
        server.resume();
      }
      double limit = SOCKET.toMillis() + 100;
      first.figures(bench.report(), name(), "ms, socket time-out " + SOCKET.toMillis() + " ms");
      bench.report().figure(name() + ".longest-later", longestLater[0], "ms, of all calls");
      later.figures(bench.report(), name() + "-later", "messages/s");
      bench.report().ratio(name() + "-first", first.median("first") / limit, Target.atMost(1));
      bench
          .report()
          .ratio(name() + "-later", later.ratio("hybrid", "jsonfile"), Target.atLeast(0.95));
      node.await(state -> state.mode() == StoreState.Mode.ONLINE);
    }
  }

  private static Duration slice(Bench bench) {
    return bench.sizes().slice();
  }

  /** Milliseconds of the first call into a server that has gone silent; then it goes on. */
  private double silence(
      Bench bench, PgServer server, HyNode node, Load load, double[] longestLater)
      throws Exception {
    append(node.store(), bench);
    server.pause();
    try {
      long start = System.nanoTime();
      append(node.store(), bench);
      double millis = (System.nanoTime() - start) / 1e6;
      Load.Result later = load.run(slice(bench), (thread, number) -> append(node.store(), bench));
      longestLater[0] = Math.max(longestLater[0], later.percentileMillis(1));
      return millis;
    } finally {
      server.resume();
      node.await(state -> state.mode() == StoreState.Mode.ONLINE);
    }
  }

  private static void append(ConversationStore store, Bench bench) {
    store.append(PgServer.OWNER, "c0", Message.user(bench.texts().text(0)));
  }
}
