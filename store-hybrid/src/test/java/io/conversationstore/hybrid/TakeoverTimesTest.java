package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreState.Mode;
import io.conversationstore.StoredMessage;
import io.conversationstore.testkit.TestPostgres;
import io.conversationstore.transfer.Takeover;
import io.conversationstore.transfer.TransferOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Imported conversations keep their times, so lists have the order that users know. */
@ExtendWith(SharedServer.class)
class TakeoverTimesTest {

  private static final Owner OWNER = Owner.of("default", "default");
  private static final Instant FILE_TIME = Instant.parse("2025-06-07T08:09:10Z");

  /** The order of the file is not the order of use; the newest is in the middle. */
  private static final String FILE =
      """
      {"oldest": {"title": "A", "created_at": "2021-01-01T00:00:00Z",
         "updated_at": "2021-02-01T00:00:00Z", "status": "archived", "messages": [
           {"role": "user", "content": "a", "timestamp": "2021-01-05T00:00:00Z"}]},
       "newest": {"title": "B", "messages": [
           {"role": "user", "content": "b1", "timestamp": 1735689600},
           {"role": "assistant", "content": "b2", "timestamp": 1735776000}],
         "createTime": "ignored", "create_time": 1700000000.5, "update_time": 1740000000},
       "middle": {"messages": [
           {"role": "user", "content": "m1", "timestamp": "2023-03-01T00:00:00Z"},
           {"role": "assistant", "content": "m2"},
           {"role": "user", "content": "m3", "timestamp": "2023-03-03T00:00:00Z"}]},
       "list": [
           {"role": "user", "content": "l1", "timestamp": "2022-04-01T00:00:00Z"},
           {"role": "assistant", "content": "l2", "timestamp": "2022-04-02T00:00:00Z"}],
       "camel": {"createdAt": 1600000000000, "updatedAt": 1600000001000, "messages": [
           {"role": "user", "content": "c"}]},
       "timeless": {"messages": [{"role": "user", "content": "t"}]},
       "tomorrow": {"created_at": "2020-01-01T00:00:00Z", "updated_at": "2020-01-02T00:00:00Z",
         "messages": []}}
      """;

  private final TestPostgres server = SharedServer.get();

  @TempDir Path directory;

  private Path old() {
    return directory.resolve(Takeover.FILE);
  }

  private void writeFile() throws IOException {
    Files.writeString(old(), FILE);
    Files.setLastModifiedTime(old(), FileTime.from(FILE_TIME));
  }

  private static List<String> ids(ConversationStore store, ConversationStatus status) {
    return store.list(OWNER, ConversationQuery.all().withStatus(status)).stream()
        .map(Conversation::id)
        .toList();
  }

  private static List<String> times(ConversationStore store, String id) {
    Conversation conversation = store.find(OWNER, id).orElseThrow();
    return List.of(conversation.createdAt().toString(), conversation.updatedAt().toString());
  }

  private static void assertTimes(ConversationStore store) {
    assertThat(ids(store, ConversationStatus.ACTIVE))
        .containsExactly("timeless", "newest", "middle", "list", "camel", "tomorrow");
    assertThat(ids(store, ConversationStatus.ARCHIVED)).containsExactly("oldest");
    assertThat(times(store, "oldest"))
        .containsExactly("2021-01-01T00:00:00Z", "2021-02-01T00:00:00Z");
    assertThat(times(store, "newest"))
        .containsExactly("2023-11-14T22:13:20.500Z", "2025-02-19T21:20:00Z");
    assertThat(times(store, "middle"))
        .containsExactly("2023-03-01T00:00:00Z", "2023-03-03T00:00:00Z");
    assertThat(times(store, "list"))
        .containsExactly("2022-04-01T00:00:00Z", "2022-04-02T00:00:00Z");
    assertThat(times(store, "camel"))
        .containsExactly("2020-09-13T12:26:40Z", "2020-09-13T12:26:41Z");
    assertThat(times(store, "timeless"))
        .containsExactly(FILE_TIME.toString(), FILE_TIME.toString());
    assertThat(times(store, "tomorrow"))
        .containsExactly("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z");
    assertThat(store.messages(OWNER, "middle", MessageQuery.first(9)).stream())
        .extracting(StoredMessage::text, message -> message.createdAt().toString())
        .containsExactly(
            tuple("m1", "2023-03-01T00:00:00Z"),
            tuple("m2", "2023-03-01T00:00:00Z"),
            tuple("m3", "2023-03-03T00:00:00Z"));
    assertThat(store.messages(OWNER, "timeless", MessageQuery.first(9)).items().get(0).createdAt())
        .isEqualTo(FILE_TIME);
    // They are not stored a second time, where they would become outdated.
    assertThat(store.find(OWNER, "oldest").orElseThrow().metadata()).isEmpty();
  }

  @Test
  void row_1_5_timesInTheFiles() throws IOException {
    writeFile();
    Map<String, String> environment = Map.of("DATA_PATH", directory.toString());
    try (ConversationStore store = ConversationStores.from(environment)) {
      assertTimes(store);
    }
    try (ConversationStore store = ConversationStores.from(environment)) {
      assertTimes(store);
      // Used again, it is the most recent one.
      store.append(OWNER, "list", Message.user("l3"));
      assertThat(ids(store, ConversationStatus.ACTIVE)).startsWith("list", "timeless");
    }
  }

  @Test
  void row_1_5_timesInPostgresqlAlone() throws IOException {
    writeFile();
    try (Testbed bed = new Testbed(server)) {
      ConversationStore store = bed.direct();
      Takeover.Result result = Takeover.once(store, OWNER, directory, TransferOptions.defaults());
      assertThat(result.outcome()).isEqualTo(Takeover.Outcome.TAKEN_OVER);
      assertThat(result.report().conversations()).isEqualTo(7);
      assertThat(result.report().messages()).isEqualTo(10);
      assertTimes(store);
    }
  }

  @Test
  void row_1_5_timesInBothStores() throws IOException {
    try (Testbed bed = new Testbed(server)) {
      ConversationStore node = bed.node("a");
      Testbed.await("in use", () -> node.state().mode() == Mode.ONLINE);
      writeFile();
      Takeover.once(node, OWNER, directory, TransferOptions.defaults());
      assertTimes(node);
      assertTimes(bed.direct());
      bed.goDown(node);
      assertTimes(node);
    }
  }

  @Test
  void row_1_5_timesAreSentWhenTheDatabaseReturns() throws IOException {
    try (Testbed bed = new Testbed(server)) {
      bed.goDown();
      ConversationStore node = bed.node("a");
      writeFile();
      Takeover.once(node, OWNER, directory, TransferOptions.defaults());
      assertTimes(node);
      bed.comeBack();
      Testbed.awaitDrained(node);
      assertTimes(bed.direct());
      assertTimes(node);
      assertThat(node.state().rejected()).isEmpty();
      assertThat(node.operator().parked()).isEmpty();
    }
  }

  @Test
  void row_1_5_timesStandBehindTheMessagesOfALargeConversation() throws IOException {
    StringBuilder messages = new StringBuilder();
    for (int i = 0; i < 50; i++) {
      messages.append(i == 0 ? "" : ",");
      messages.append("{\"role\": \"user\", \"content\": \"").append("x".repeat(100)).append(i);
      messages.append("\"}");
    }
    Files.writeString(
        old(),
        "{\"big\": {\"messages\": ["
            + messages
            + "], \"title\": \"Big\", \"created_at\": \"2020-01-01T00:00:00Z\","
            + " \"updated_at\": \"2020-01-02T00:00:00Z\"}}");
    try (ConversationStore store = ConversationStores.inFiles(directory.resolve("store"))) {
      Takeover.once(store, OWNER, directory, TransferOptions.defaults().withBatchBytes(500));
      Conversation big = store.find(OWNER, "big").orElseThrow();
      assertThat(big.title()).isEqualTo("Big");
      assertThat(big.messageCount()).isEqualTo(50);
      assertThat(times(store, "big"))
          .containsExactly("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z");
    }
  }

  @Test
  void row_1_5_aConversationThatIsThereKeepsItsHeaderAndGetsWhatItLacks() throws IOException {
    writeFile();
    try (ConversationStore store = ConversationStores.inFiles(directory.resolve("store"))) {
      store.create(OWNER, NewConversation.ofId("oldest").withTitle("Mine"));
      store.append(OWNER, "oldest", Message.user("new"));
      Instant updated = store.find(OWNER, "oldest").orElseThrow().updatedAt();
      Takeover.once(store, OWNER, directory, TransferOptions.defaults());
      Conversation oldest = store.find(OWNER, "oldest").orElseThrow();
      assertThat(oldest.title()).isEqualTo("Mine");
      assertThat(oldest.status()).isEqualTo(ConversationStatus.ACTIVE);
      assertThat(oldest.updatedAt()).isEqualTo(updated);
      assertThat(oldest.messageCount()).isEqualTo(2);
    }
  }
}
