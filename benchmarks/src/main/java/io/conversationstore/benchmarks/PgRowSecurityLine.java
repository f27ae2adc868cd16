package io.conversationstore.benchmarks;

import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.benchmarks.Report.Target;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;

/**
 * The same work by a role that policies of row-level security hold back and that says whose rows it
 * means, and by one that nothing holds back.
 */
final class PgRowSecurityLine implements Line {

  @Override
  public String name() {
    return "row-security";
  }

  @Override
  public void run(Bench bench) throws Exception {
    PgServer server = PgServer.of(bench);
    String database = server.database();
    String role = "role_" + database;
    try (ConversationStore off = server.open(database);
        Load load = new Load(1)) {
      off.create(PgServer.OWNER, NewConversation.ofId("off"));
      off.create(PgServer.OWNER, NewConversation.ofId("on"));
      PgDepthLine.load(off, "c", 100, 50, bench.texts());
      server.text(database, "CREATE ROLE " + role + " LOGIN PASSWORD 'benchmark'");
      server.text(database, "SELECT conversation_store.grant_use('" + role + "')");
      server.text(database, "SELECT conversation_store.use_row_level_security(true)");
      server.text(database, "VACUUM ANALYZE");
      PostgresOptions options =
          server
              .options(database)
              .withLogin(role, "benchmark")
              .withMigration(false)
              .withRowLevelSecurity(true);
      try (ConversationStore on = PostgresStore.open(options)) {
        compare(bench, load, "append", on, off, this::append);
        compare(bench, load, "last-20", on, off, this::last);
        compare(bench, load, "list-50", on, off, this::list);
      }
    }
  }

  /** Something done by either side. */
  @FunctionalInterface
  private interface Work {
    void by(ConversationStore store, String side, long number, Texts texts);
  }

  private void append(ConversationStore store, String side, long number, Texts texts) {
    store.append(PgServer.OWNER, side, Message.user(texts.text(number)));
  }

  private void last(ConversationStore store, String side, long number, Texts texts) {
    require(store.last(PgServer.OWNER, "c" + number % 100, 20).size(), 20);
  }

  private void list(ConversationStore store, String side, long number, Texts texts) {
    require(store.list(PgServer.OWNER, ConversationQuery.all().withLimit(50)).size(), 50);
  }

  private static void require(int found, int wanted) {
    if (found != wanted) {
      throw new IllegalStateException("found " + found + " instead of " + wanted);
    }
  }

  private void compare(
      Bench bench, Load load, String what, ConversationStore on, ConversationStore off, Work work)
      throws Exception {
    Interleaved sides =
        new Interleaved()
            .side("on", () -> micros(bench, load, on, "on", work))
            .side("off", () -> micros(bench, load, off, "off", work))
            .run(bench.sizes().warmUps(), bench.sizes().rounds());
    sides.figures(bench.report(), name() + "-" + what, "µs");
    bench.report().ratio(name() + "-" + what, sides.ratio("on", "off"), Target.atMost(1.05));
  }

  private static double micros(
      Bench bench, Load load, ConversationStore store, String side, Work work) throws Exception {
    return 1_000
        * load.run(
                bench.sizes().slice(),
                (thread, number) -> work.by(store, side, number, bench.texts()))
            .percentileMillis(0.5);
  }
}
