package io.conversationstore.benchmarks;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.benchmarks.Report.Target;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import java.time.Duration;

/** Appends while nobody answers at the database's port, against the store in JSON files alone. */
final class HyDownLine implements Line {

  private static final int CONVERSATIONS = 100;

  @Override
  public String name() {
    return "down";
  }

  @Override
  public void run(Bench bench) throws Exception {
    PgServer server = PgServer.of(bench);
    try (HyNode node =
            HyNode.behindProxy(server, server.database(), bench.directory("down-hybrid"));
        ConversationStore files =
            JsonFileStore.open(JsonFileOptions.in(bench.directory("down-files")));
        Load load = new Load(1)) {
      create(node.store());
      create(files);
      node.goDown();
      Interleaved sides =
          new Interleaved()
              .side("hybrid", () -> rate(bench, load, node.store(), bench.sizes().slice()))
              .side("jsonfile", () -> rate(bench, load, files, bench.sizes().slice()))
              .run(bench.sizes().warmUps(), bench.sizes().rounds());
      sides.figures(bench.report(), name() + "-append", "messages/s");
      bench
          .report()
          .ratio(name() + "-append", sides.ratio("hybrid", "jsonfile"), Target.atLeast(0.95));
    }
  }

  static void create(ConversationStore store) {
    for (int i = 0; i < CONVERSATIONS; i++) {
      store.create(PgServer.OWNER, NewConversation.ofId("c" + i));
    }
  }

  static double rate(Bench bench, Load load, ConversationStore store, Duration slice)
      throws Exception {
    return load.run(
            slice,
            (thread, number) ->
                store.append(
                    PgServer.OWNER,
                    "c" + number % CONVERSATIONS,
                    Message.user(bench.texts().text(number))))
        .perSecond();
  }
}
