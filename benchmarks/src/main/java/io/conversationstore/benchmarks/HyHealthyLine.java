package io.conversationstore.benchmarks;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.benchmarks.Report.Target;

/** What the second store costs while the database is well. */
final class HyHealthyLine implements Line {

  private static final int CONVERSATIONS = 100;

  @Override
  public String name() {
    return "healthy";
  }

  @Override
  public void run(Bench bench) throws Exception {
    PgServer server = PgServer.of(bench);
    String database = server.database();
    try (ConversationStore postgres = server.open(database);
        ConversationStore hybrid =
            HyNode.open(server.options(database), bench.directory("healthy"));
        Load load = new Load(1)) {
      postgres.create(PgServer.OWNER, NewConversation.ofId("postgres"));
      hybrid.create(PgServer.OWNER, NewConversation.ofId("hybrid"));
      PgDepthLine.load(postgres, "c", CONVERSATIONS, 50, bench.texts());
      compare(bench, load, "append", hybrid, postgres, HyHealthyLine::append);
      compare(bench, load, "last-20", hybrid, postgres, HyHealthyLine::last);
    }
  }

  /** Something done by either side. */
  @FunctionalInterface
  private interface Work {
    void by(ConversationStore store, String side, long number, Texts texts);
  }

  private static void append(ConversationStore store, String side, long number, Texts texts) {
    store.append(PgServer.OWNER, side, Message.user(texts.text(number)));
  }

  private static void last(ConversationStore store, String side, long number, Texts texts) {
    int found = store.last(PgServer.OWNER, "c" + number % CONVERSATIONS, 20).size();
    if (found != 20) {
      throw new IllegalStateException("found " + found + " instead of 20");
    }
  }

  private void compare(
      Bench bench,
      Load load,
      String what,
      ConversationStore hybrid,
      ConversationStore postgres,
      Work work)
      throws Exception {
    Interleaved sides =
        new Interleaved()
            .side("hybrid", () -> rate(bench, load, hybrid, "hybrid", work))
            .side("postgres", () -> rate(bench, load, postgres, "postgres", work))
            .run(bench.sizes().warmUps(), bench.sizes().rounds());
    sides.figures(bench.report(), name() + "-" + what, "calls/s");
    bench
        .report()
        .ratio(name() + "-" + what, sides.ratio("hybrid", "postgres"), Target.atLeast(0.95));
  }

  private static double rate(
      Bench bench, Load load, ConversationStore store, String side, Work work) throws Exception {
    return load.run(
            bench.sizes().slice(), (thread, number) -> work.by(store, side, number, bench.texts()))
        .perSecond();
  }
}
