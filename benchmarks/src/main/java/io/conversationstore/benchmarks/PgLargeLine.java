package io.conversationstore.benchmarks;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStore;
import io.conversationstore.Cursor;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.SearchQuery;
import io.conversationstore.benchmarks.Report.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * One conversation of 1,000,000 messages: a page at its end against its first, and a search in it
 * against the same search where there are 10,000.
 */
final class PgLargeLine implements Line {

  private static final Owner SMALL = Owner.of("bench", "small");
  private static final int BULK = 10_000;
  private static final int PAGE = 50;
  private static final int HITS = 5;
  private static final String RARE = "rareword";

  @Override
  public String name() {
    return "large";
  }

  @Override
  public void run(Bench bench) throws Exception {
    PgServer server = PgServer.of(bench);
    String database = server.database();
    int messages = bench.sizes().messages();
    try (ConversationStore store = server.open(database);
        Load load = new Load(1)) {
      long start = System.nanoTime();
      fill(store, PgServer.OWNER, messages, bench.texts());
      bench
          .report()
          .figure(
              name() + ".load",
              messages / ((System.nanoTime() - start) / 1e9),
              "messages/s saved, " + messages + " in all");
      fill(store, SMALL, Math.max(HITS * 20, messages / 100), bench.texts());
      server.text(database, "VACUUM ANALYZE");
      pages(bench, load, store, messages);
      searches(bench, load, store, messages);
    }
  }

  private static void fill(ConversationStore store, Owner owner, int messages, Texts texts) {
    for (int first = 0; first < messages; first += BULK) {
      List<Message> bulk = new ArrayList<>();
      for (int i = first; i < Math.min(messages, first + BULK); i++) {
        String mark = i % (messages / HITS) == 0 ? RARE + " " : "";
        bulk.add(Message.user(mark + texts.text(i)).withId(new UUID(0x7000L, i + 1L)));
      }
      store.save(owner, ConversationDocument.of(NewConversation.ofId("deep"), bulk));
    }
  }

  private void pages(Bench bench, Load load, ConversationStore store, int messages)
      throws Exception {
    Cursor end =
        Objects.requireNonNull(
            store.messages(PgServer.OWNER, "deep", MessageQuery.last(PAGE + 10)).cursor());
    Interleaved sides =
        new Interleaved()
            .side("first", () -> page(bench, load, store, MessageQuery.first(PAGE)))
            .side(
                "at-" + messages,
                () -> page(bench, load, store, MessageQuery.first(PAGE).withCursor(end)))
            .run(bench.sizes().warmUps(), bench.sizes().rounds());
    sides.figures(bench.report(), "page", "µs");
    bench
        .report()
        .ratio(
            "page-at-" + messages + "-vs-first",
            sides.ratio("at-" + messages, "first"),
            Target.atMost(1.2));
  }

  private static double page(Bench bench, Load load, ConversationStore store, MessageQuery query)
      throws Exception {
    return micros(
        bench,
        load,
        () -> {
          if (store.messages(PgServer.OWNER, "deep", query).size() != PAGE) {
            throw new IllegalStateException("not a full page");
          }
        });
  }

  private void searches(Bench bench, Load load, ConversationStore store, int messages)
      throws Exception {
    Interleaved sides =
        new Interleaved()
            .side("in-" + messages, () -> search(bench, load, store, PgServer.OWNER))
            .side("in-few", () -> search(bench, load, store, SMALL))
            .run(bench.sizes().warmUps(), bench.sizes().rounds());
    sides.figures(bench.report(), "search", "µs for " + HITS + " hits");
    bench
        .report()
        .ratio(
            "search-in-" + messages + "-vs-few",
            sides.ratio("in-" + messages, "in-few"),
            Target.atMost(1.2));
    String common = bench.texts().text(7).split(" ", -1)[0];
    long start = System.nanoTime();
    int found = store.search(PgServer.OWNER, SearchQuery.of(common).withLimit(20)).size();
    bench
        .report()
        .figure("search.common", (System.nanoTime() - start) / 1e6, "ms for " + found + " of many");
  }

  private static double search(Bench bench, Load load, ConversationStore store, Owner owner)
      throws Exception {
    return micros(
        bench,
        load,
        () -> {
          if (store.search(owner, SearchQuery.of(RARE)).size() != HITS) {
            throw new IllegalStateException("not the hits");
          }
        });
  }

  private static double micros(Bench bench, Load load, Runnable work) throws Exception {
    return 1_000
        * load.run(bench.sizes().slice(), (thread, number) -> work.run()).percentileMillis(0.5);
  }
}
