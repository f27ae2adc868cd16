package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * How many messages calls read. What the planner believes decides it, so it is looked at where that
 * is wrong: in tables that were never analysed, as new ones and those of a dump that was just
 * restored, and in a long conversation among short ones.
 */
class RowsReadTest {

  private static final Owner OWNER = Owner.of("acme", "alice");

  /** Often enough for the driver to prepare a statement and for the server to keep its plan. */
  private static final int CALLS = 20;

  /** What a call may read beside what it returns or changes. */
  private static final long LITTLE = 12;

  private final Databases databases = Databases.create();

  /** Vacuum leaves the tables alone, and so nobody analyses them. */
  @BeforeEach
  void makeTables() throws SQLException {
    PostgresStore.open(databases.options()).close();
    for (String table : List.of("messages", "conversations", "owners")) {
      databases.text(
          "ALTER TABLE conversation_store." + table + " SET (autovacuum_enabled = false)");
    }
  }

  /**
   * Conversations c0, c1 and so on.
   *
   * @param lengths of their messages
   */
  private void fill(int... lengths) throws SQLException {
    List<ConversationDocument> documents = new ArrayList<>();
    for (int i = 0; i < lengths.length; i++) {
      documents.add(
          ConversationDocument.of(
              NewConversation.ofId("c" + i), List.of(Message.user("hay").withId(id(i, 1)))));
    }
    try (ConversationStore store = PostgresStore.open(databases.options())) {
      store.save(OWNER, documents);
    }
    String lengthList = IntStream.of(lengths).mapToObj(String::valueOf).toList().toString();
    databases.text(
        "CREATE TABLE lengths AS SELECT 'c' || (place - 1) AS id, length FROM"
            + " unnest(ARRAY"
            + lengthList
            + ") WITH ORDINALITY AS l (length, place)");
    databases.text(
        "INSERT INTO conversation_store.messages (tenant_id, conversation_key, generation, seq,"
            + " owner_key, epoch, message_id, version, digest, created_at, role, content,"
            + " search_tokens) SELECT m.tenant_id, m.conversation_key, m.generation, n,"
            + " m.owner_key, m.epoch, overlay(m.message_id::text PLACING lpad(n::text, 4, '0') FROM"
            + " 1)::uuid, 1, m.digest, m.created_at, m.role, 'hay', '{}' FROM"
            + " conversation_store.messages m JOIN conversation_store.conversations c USING"
            + " (tenant_id, conversation_key) JOIN lengths l ON l.id = c.conversation_id,"
            + " generate_series(2, l.length) n");
    databases.text(
        "UPDATE conversation_store.conversations c SET last_seq = l.length,"
            + " message_count = l.length FROM lengths l WHERE l.id = c.conversation_id");
  }

  private static UUID id(int conversation, int place) {
    return UUID.fromString("%04d0000-0000-0000-0000-%012d".formatted(place, conversation));
  }

  /** One call with the store, and which one it is of its kind. */
  @FunctionalInterface
  private interface Call {
    void by(ConversationStore store, int number);
  }

  /** How many messages one call reads, by indexes and in whole tables. */
  private long read(Call call) throws SQLException {
    long before = readSoFar();
    try (ConversationStore store = PostgresStore.open(databases.options().withPoolSize(1, 1))) {
      for (int i = 0; i < CALLS; i++) {
        call.by(store, i);
      }
    }
    return (readSoFar() - before) / CALLS;
  }

  /** A session tells what it read when it ends, if not before. */
  private long readSoFar() throws SQLException {
    String others =
        " FROM pg_stat_activity WHERE datname = current_database()"
            + " AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
    // Which waits for each. A pool that is closed while it makes a connection has it for a moment
    // more, so that one may come after those that were ended.
    long patience = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!databases.text("SELECT count(pg_terminate_backend(pid, 30000))" + others).equals("0")) {
      assertThat(System.nanoTime()).as("sessions go on to come").isLessThan(patience);
    }
    return Long.parseLong(
        databases.text(
            "SELECT sum(t.seq_tup_read) + sum(coalesce((SELECT sum(i.idx_tup_read)"
                + " FROM pg_stat_user_indexes i WHERE i.relid = t.relid), 0))"
                + " FROM pg_stat_user_tables t WHERE t.relname = 'messages'"));
  }

  /**
   * Every index that begins with the tenant seems as good as the right one. Which of those of one
   * conversation is taken is left to chance: all of its messages may be read, and no others.
   */
  @Test
  void nothingIsKnownOfTheTables() throws SQLException {
    int length = 50;
    fill(IntStream.range(0, 300).map(i -> length).toArray());
    long most = length + LITTLE;
    assertThat(read((store, i) -> store.last(OWNER, "c" + i, 20))).isLessThan(most);
    assertThat(read((store, i) -> store.messages(OWNER, "c" + i, MessageQuery.first(10))))
        .isLessThan(most);
    assertThat(read((store, i) -> store.append(OWNER, "c" + i, Message.user("new"))))
        .isLessThan(most);
    assertThat(read((store, i) -> appendAfter(store, 100 + i, length))).isLessThan(most);
    assertThat(read((store, i) -> store.edit(OWNER, "c" + i, id(i, 25), MessageEdit.text("other"))))
        .isLessThan(most);
    assertThat(read((store, i) -> store.deleteMessage(OWNER, "c" + i, id(i, 26)))).isLessThan(most);
    assertThat(read((store, i) -> store.delete(OWNER, "c" + (200 + i)))).isLessThan(most);
  }

  /** To read all of a conversation seems cheap. */
  @Test
  void aLongConversationAmongShortOnes() throws SQLException {
    int length = 2_000;
    fill(IntStream.range(0, 1_000).map(i -> i == 0 ? length : 2).toArray());
    databases.text("ANALYZE");
    assertThat(read((store, i) -> store.last(OWNER, "c0", 20))).isLessThan(20 + LITTLE);
    assertThat(read((store, i) -> store.messages(OWNER, "c0", MessageQuery.first(10))))
        .isLessThan(10 + LITTLE);
    assertThat(read((store, i) -> store.findMessage(OWNER, "c0", id(0, 1_000 + i))))
        .isLessThan(LITTLE);
    for (MessageQuery query : List.of(MessageQuery.first(10), MessageQuery.last(10))) {
      assertThat(
              read((store, i) -> store.messages(OWNER, "c0", query.withStartAt(id(0, 1_000 + i)))))
          .isLessThan(10 + LITTLE);
    }
    assertThat(read((store, i) -> store.append(OWNER, "c0", Message.user("new"))))
        .isLessThan(LITTLE);
    UUID[] last = {null};
    try (ConversationStore store = PostgresStore.open(databases.options())) {
      last[0] = store.last(OWNER, "c0", 1).get(0).id();
    }
    assertThat(
            read(
                (store, i) -> {
                  Message next = Message.user("next").withId(UUID.randomUUID());
                  store.append(OWNER, "c0", List.of(next), AppendCondition.ifLastIs(last[0]));
                  last[0] = next.id();
                }))
        .isLessThan(LITTLE);
    assertThat(
            read(
                (store, i) -> store.edit(OWNER, "c0", id(0, 1_000 + i), MessageEdit.text("other"))))
        .isLessThan(LITTLE);
    assertThat(read((store, i) -> store.deleteMessage(OWNER, "c0", id(0, 500 + i))))
        .isLessThan(LITTLE);
  }

  private static void appendAfter(ConversationStore store, int conversation, int place) {
    store.append(
        OWNER,
        "c" + conversation,
        List.of(Message.user("new")),
        AppendCondition.ifLastIs(id(conversation, place)));
  }
}
