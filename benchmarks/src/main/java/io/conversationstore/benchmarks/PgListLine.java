package io.conversationstore.benchmarks;

import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.benchmarks.Report.Target;

/** The 50 most recently used of 100,000 conversations, and of 1,000. */
final class PgListLine implements Line {

  private static final Owner FEW = Owner.of("bench", "few");
  private static final int SMALL = 1_000;

  @Override
  public String name() {
    return "list-50";
  }

  @Override
  public void run(Bench bench) throws Exception {
    PgServer server = PgServer.of(bench);
    String database = server.database();
    int many = Math.max(2 * SMALL, bench.sizes().messages() / 10);
    try (ConversationStore store = server.open(database);
        Load load = new Load(1)) {
      fill(server, database, store, PgServer.OWNER, many);
      fill(server, database, store, FEW, SMALL);
      server.text(database, "VACUUM ANALYZE");
      Interleaved sides =
          new Interleaved()
              .side("of-" + many, () -> micros(bench, load, store, PgServer.OWNER))
              .side("of-" + SMALL, () -> micros(bench, load, store, FEW))
              .run(bench.sizes().warmUps(), bench.sizes().rounds());
      sides.figures(bench.report(), name(), "µs");
      bench
          .report()
          .ratio(
              name() + "-of-" + many + "-vs-" + SMALL,
              sides.ratio("of-" + many, "of-" + SMALL),
              Target.atMost(1.2));
    }
  }

  /** Copies one conversation's row: making each by a call would take minutes. */
  private static void fill(
      PgServer server, String database, ConversationStore store, Owner owner, int count)
      throws Exception {
    store.create(owner, NewConversation.ofId("first").withTitle("Some title of a chat"));
    server.text(
        database,
        "INSERT INTO conversation_store.conversations (tenant_id, owner_key, user_id,"
            + " conversation_id, epoch, generation, version, created_at, updated_at,"
            + " last_message_at, created_by, title, settings, metadata, tags)"
            + " SELECT tenant_id, owner_key, user_id, 'c' || g, epoch, 1, 1, created_at,"
            + " created_at - g * interval '1 second', created_at, gen_random_uuid(), title,"
            + " settings, metadata, tags FROM conversation_store.conversations,"
            + " generate_series(1, "
            + count
            + ") g WHERE conversation_id = 'first' AND user_id = '"
            + owner.userId()
            + "'");
  }

  private static double micros(Bench bench, Load load, ConversationStore store, Owner owner)
      throws Exception {
    return 1_000
        * load.run(
                bench.sizes().slice(),
                (thread, number) -> {
                  if (store.list(owner, ConversationQuery.all().withLimit(50)).size() != 50) {
                    throw new IllegalStateException("not 50");
                  }
                })
            .percentileMillis(0.5);
  }
}
