package io.conversationstore.benchmarks;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.StoreState;
import io.conversationstore.benchmarks.Report.Target;
import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Sending a directory that was filled without a database to the database that it meets, against
 * bare batched inserts of as many rows.
 */
final class HyAdoptLine implements Line {

  /** Rows of one bare batch. */
  private static final int BATCH = 200;

  /** Messages of one conversation. */
  private static final int LENGTH = 50;

  private static final long LIMIT_MINUTES = 30;

  @Override
  public String name() {
    return "adopt";
  }

  @Override
  public void run(Bench bench) throws Exception {
    PgServer server = PgServer.of(bench);
    String database = server.database();
    Path directory = bench.directory("adopt");
    int messages = bench.sizes().messages();
    fill(bench, directory, messages);
    HyNode.open(server.options(database), bench.directory("adopt-schema")).close();
    Report report = bench.report();
    report.figure(name() + ".messages", messages, "messages, " + LENGTH + " a conversation");
    report.figure(name() + ".heap", Runtime.getRuntime().maxMemory() / 1e6, "MB at most");
    int bareRows = Math.min(messages / 2, 200_000);
    double before = bare(bench, server, bareRows);
    double rate = adopt(server, database, directory, messages);
    report.figure(name() + ".sent", rate, "messages/s");
    double after = bare(bench, server, bareRows);
    report.figure(name() + ".bare-before", before, "messages/s, " + BATCH + " together");
    report.figure(name() + ".bare-after", after, "messages/s, " + BATCH + " together");
    report.ratio(name() + "-vs-bare", 2 * rate / (before + after), Target.atLeast(0.5));
  }

  private static void fill(Bench bench, Path directory, int messages) {
    try (ConversationStore store =
        JsonFileStore.open(JsonFileOptions.in(directory).withDurability(Durability.SYSTEM))) {
      for (int from = 0; from < messages; from += LENGTH) {
        String id = "c" + from / LENGTH;
        store.create(PgServer.OWNER, NewConversation.ofId(id));
        List<Message> some = new ArrayList<>();
        for (int i = from; i < Math.min(messages, from + LENGTH); i++) {
          some.add(Message.user(bench.texts().text(i)));
        }
        store.append(PgServer.OWNER, id, some, AppendCondition.always());
      }
    }
  }

  /** The rate from opening the store to the use of the database. */
  private static double adopt(PgServer server, String database, Path directory, int messages)
      throws Exception {
    CountDownLatch used = new CountDownLatch(1);
    long start = System.nanoTime();
    try (ConversationStore store = HyNode.open(server.options(database), directory)) {
      // Ends with the store.
      AutoCloseable unused = store.onStateChange(state -> countDownIfUsed(state, used));
      countDownIfUsed(store.state(), used);
      if (!used.await(LIMIT_MINUTES, TimeUnit.MINUTES)) {
        throw new IllegalStateException("waited in vain; the state is " + store.state());
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      StoreState.Adoption adoption = store.state().adoption();
      if (adoption == null || adoption.sentMessages() != messages) {
        throw new IllegalStateException("not all was sent: " + adoption);
      }
      return messages / seconds;
    }
  }

  private static void countDownIfUsed(StoreState state, CountDownLatch used) {
    if (state.mode() == StoreState.Mode.ONLINE) {
      used.countDown();
    }
  }

  private static double bare(Bench bench, PgServer server, int rows) throws Exception {
    String database = server.database();
    try (ConversationStore store =
        HyNode.open(server.options(database), bench.directory("adopt-bare-" + database))) {
      store.create(PgServer.OWNER, NewConversation.ofId("bare"));
    }
    try (PgBare bare = new PgBare(server, database, "bare", bench.texts())) {
      long start = System.nanoTime();
      for (int i = 0; i < rows; i += BATCH) {
        bare.insertTogether(i, Math.min(BATCH, rows - i));
      }
      return rows / ((System.nanoTime() - start) / 1e9);
    }
  }
}
