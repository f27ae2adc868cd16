package io.conversationstore.benchmarks;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.benchmarks.Report.Target;
import java.io.StringReader;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.postgresql.PGConnection;

/** Saving whole conversations against bare COPY of the same rows into the same table. */
final class PgImportLine implements Line {

  private static final int MESSAGES = 2_000;
  private static final String COPY =
      "COPY conversation_store.messages (tenant_id, conversation_key, generation, seq, owner_key,"
          + " epoch, message_id, version, digest, created_at, role, content, search_tokens)"
          + " FROM STDIN";

  @Override
  public String name() {
    return "import";
  }

  @Override
  public void run(Bench bench) throws Exception {
    PgServer server = PgServer.of(bench);
    String database = server.database();
    AtomicLong conversations = new AtomicLong();
    try (ConversationStore store = server.open(database);
        Load load = new Load(1)) {
      store.create(PgServer.OWNER, NewConversation.ofId("bare"));
      try (PgBare bare = new PgBare(server, database, "bare", bench.texts())) {
        Interleaved sides =
            new Interleaved()
                .side(
                    "store",
                    () ->
                        rate(
                            bench, load, () -> save(store, bench, conversations.getAndIncrement())))
                .side("bare-copy", () -> rate(bench, load, () -> copy(bare)))
                .run(bench.sizes().warmUps(), bench.sizes().rounds());
        sides.figures(bench.report(), name(), "messages/s, " + MESSAGES + " at a time");
        bench
            .report()
            .ratio(name() + "-vs-copy", sides.ratio("store", "bare-copy"), Target.atLeast(0.6));
      }
    }
  }

  /** Something that may fail. */
  @FunctionalInterface
  private interface Bulk {
    void write() throws Exception;
  }

  private static double rate(Bench bench, Load load, Bulk bulk) throws Exception {
    return MESSAGES * load.run(bench.sizes().slice(), (thread, number) -> bulk.write()).perSecond();
  }

  private static void save(ConversationStore store, Bench bench, long conversation) {
    List<Message> messages = new ArrayList<>(MESSAGES);
    for (int i = 0; i < MESSAGES; i++) {
      messages.add(Message.user(bench.texts().text(i)));
    }
    store.save(
        PgServer.OWNER,
        ConversationDocument.of(NewConversation.ofId("saved" + conversation), messages));
  }

  private static void copy(PgBare bare) throws Exception {
    StringBuilder rows = new StringBuilder();
    long seq = bare.places(MESSAGES);
    String now = Instant.now().toString();
    for (int i = 0; i < MESSAGES; i++) {
      PgBare.Row row = bare.row(i);
      rows.append(PgServer.OWNER.tenantId()).append('\t').append(bare.conversationKey());
      rows.append("\t1\t").append(seq + i).append('\t').append(bare.ownerKey()).append("\t0\t");
      rows.append(UUID.randomUUID()).append("\t1\t\\\\x");
      rows.append(HexFormat.of().formatHex(row.digest())).append('\t').append(now);
      rows.append("\tuser\t").append(row.text().replace("\n", "\\n")).append("\t{");
      rows.append(row.keys()).append("}\n");
    }
    bare.connection()
        .unwrap(PGConnection.class)
        .getCopyAPI()
        .copyIn(COPY, new StringReader(rows.toString()));
  }
}
