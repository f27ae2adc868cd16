package io.conversationstore.benchmarks;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.benchmarks.Report.Target;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Appends against what bare pgjdbc needs for the same, each thread with conversations of its own.
 */
final class PgAppendLine implements Line {

  private final int threads;

  PgAppendLine(int threads) {
    this.threads = threads;
  }

  @Override
  public String name() {
    return "append-" + threads;
  }

  @Override
  public void run(Bench bench) throws Exception {
    PgServer server = PgServer.of(bench);
    String database = server.database();
    List<PgBare> calls = new ArrayList<>();
    List<PgBare> inserts = new ArrayList<>();
    try (ConversationStore store = server.open(database);
        Load load = new Load(threads)) {
      for (int i = 0; i < threads; i++) {
        for (String kind : List.of("store", "call", "insert")) {
          store.create(PgServer.OWNER, NewConversation.ofId(kind + i));
        }
        calls.add(new PgBare(server, database, "call" + i, bench.texts()));
        inserts.add(new PgBare(server, database, "insert" + i, bench.texts()));
      }
      Interleaved sides =
          new Interleaved()
              .side(
                  "store",
                  () ->
                      rate(
                          bench,
                          load,
                          (thread, number) ->
                              store.append(
                                  PgServer.OWNER,
                                  "store" + thread,
                                  Message.user(bench.texts().text(number)))))
              .side(
                  "same-statement",
                  () -> rate(bench, load, (thread, number) -> calls.get(thread).call(number)))
              .side(
                  "insert",
                  () -> rate(bench, load, (thread, number) -> inserts.get(thread).insert(number)))
              .run(bench.sizes().warmUps(), bench.sizes().rounds());
      sides.figures(bench.report(), name(), "messages/s");
      bench
          .report()
          .ratio(
              name() + "-vs-same-statement",
              sides.ratio("store", "same-statement"),
              Target.atLeast(0.85));
      bench
          .report()
          .ratio(
              name() + "-vs-insert",
              sides.ratio("store", "insert"),
              Target.atLeast(0.85),
              "a bare INSERT keeps no order, no counters and no row of the conversation");
    } finally {
      close(calls);
      close(inserts);
    }
  }

  private static double rate(Bench bench, Load load, Load.Operation operation) throws Exception {
    return load.run(bench.sizes().slice(), operation).perSecond();
  }

  private static void close(List<PgBare> all) throws SQLException {
    for (PgBare each : all) {
      each.close();
    }
  }
}
