package io.conversationstore.benchmarks;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.benchmarks.Report.Target;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import java.util.ArrayList;
import java.util.List;

/** Appending to and reading the end of long conversations, against short ones. */
final class PgDepthLine implements Line {

  private static final int SHORT = 10;
  private static final int SHORT_CONVERSATIONS = 1_000;
  private static final int LONG_CONVERSATIONS = 10;

  @Override
  public String name() {
    return "depth";
  }

  @Override
  public void run(Bench bench) throws Exception {
    PgServer server = PgServer.of(bench);
    String database = server.database();
    try (ConversationStore store = server.open(database)) {
      load(store, "short", shortOnes(bench), SHORT, bench.texts());
      load(store, "long", LONG_CONVERSATIONS, bench.sizes().depth(), bench.texts());
      server.text(database, "VACUUM ANALYZE");
    }
    measure(bench, server.options(database), "append", PgDepthLine::append);
    measure(bench, server.notForced(database), "append-not-forced", PgDepthLine::append);
    measure(bench, server.options(database), "last-20", PgDepthLine::read);
  }

  /** Something done with a conversation. */
  @FunctionalInterface
  private interface Work {
    void on(ConversationStore store, String conversation, String text);
  }

  private static void append(ConversationStore store, String conversation, String text) {
    store.append(PgServer.OWNER, conversation, Message.user(text));
  }

  private static void read(ConversationStore store, String conversation, String text) {
    if (store.last(PgServer.OWNER, conversation, 20).size() < SHORT) {
      throw new IllegalStateException("too few messages");
    }
  }

  private void measure(Bench bench, PostgresOptions options, String what, Work work)
      throws Exception {
    int depth = bench.sizes().depth();
    String line = what + "-at-" + depth;
    try (ConversationStore store = PostgresStore.open(options);
        Load load = new Load(1)) {
      Interleaved sides =
          new Interleaved()
              .side(
                  "at-" + SHORT, () -> micros(bench, load, store, "short", shortOnes(bench), work))
              .side(
                  "at-" + depth, () -> micros(bench, load, store, "long", LONG_CONVERSATIONS, work))
              .run(bench.sizes().warmUps(), bench.sizes().rounds());
      sides.figures(bench.report(), line, "µs");
      bench
          .report()
          .ratio(
              line + "-vs-" + SHORT,
              sides.ratio("at-" + depth, "at-" + SHORT),
              Target.atMost(1.1),
              what.equals("last-20") ? "a conversation of 10 has 10 messages to read, not 20" : "");
    }
  }

  private static int shortOnes(Bench bench) {
    return Math.min(SHORT_CONVERSATIONS, bench.sizes().conversations());
  }

  private static double micros(
      Bench bench, Load load, ConversationStore store, String kind, int conversations, Work work)
      throws Exception {
    return 1_000
        * load.run(
                bench.sizes().slice(),
                (thread, number) ->
                    work.on(store, kind + number % conversations, bench.texts().text(number)))
            .percentileMillis(0.5);
  }

  static void load(
      ConversationStore store, String kind, int conversations, int messages, Texts texts) {
    List<ConversationDocument> documents = new ArrayList<>();
    int pending = 0;
    for (int i = 0; i < conversations; i++) {
      List<Message> content = new ArrayList<>(messages);
      for (int j = 0; j < messages; j++) {
        content.add(Message.user(texts.text((long) i * messages + j)));
      }
      documents.add(ConversationDocument.of(NewConversation.ofId(kind + i), content));
      pending += messages;
      if (pending >= 5_000 || i == conversations - 1) {
        store.save(PgServer.OWNER, documents);
        documents.clear();
        pending = 0;
      }
    }
  }
}
