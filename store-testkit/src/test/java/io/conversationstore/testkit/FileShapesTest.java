package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ContentPart;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Role;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoredMessage;
import io.conversationstore.transfer.ConversationsFile;
import io.conversationstore.transfer.Takeover;
import io.conversationstore.transfer.TransferOptions;
import io.conversationstore.transfer.TransferReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files in the shapes in which programs store chats. */
class FileShapesTest {

  private static final Owner BOB = Owner.of("acme", "bob");
  private static final String MESSAGES =
      "[{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"hello\"}]";

  private final ManualClock clock = new ManualClock(Instant.parse("2026-03-01T12:00:00Z"));
  private final ConversationStore store = ReferenceStore.create(clock);
  @TempDir Path directory;

  private TransferReport read(String json) throws IOException {
    Path file = Files.writeString(directory.resolve("in.json"), json);
    TransferReport checked = ConversationsFile.check(file, TransferOptions.defaults());
    TransferReport report = ConversationsFile.read(store, BOB, file);
    assertThat(checked).isEqualTo(report);
    OwnerCounts once = store.count(BOB);
    assertThat(ConversationsFile.read(store, BOB, file)).isEqualTo(report);
    assertThat(store.count(BOB)).isEqualTo(once);
    return report;
  }

  private List<StoredMessage> messages(String id) {
    return Walks.messages(store, BOB, id);
  }

  private List<String> ids() {
    return store.list(BOB, ConversationQuery.all()).items().stream()
        .map(Conversation::id)
        .sorted()
        .toList();
  }

  static Stream<Arguments> places() {
    return Stream.of(
        Arguments.of("{\"c\":{\"messages\":%s}}", List.of("c")),
        Arguments.of("{\"sessions\":{\"c\":{\"messages\":%s}}}", List.of("c")),
        Arguments.of("{\"version\":3,\"chats\":{\"c\":{\"messages\":%s}}}", List.of("c")),
        Arguments.of("{\"alice\":{\"c\":{\"messages\":%s}}}", List.of("alice/c")),
        Arguments.of("{\"alice\":{\"c\":%s,\"d\":%<s}}", List.of("alice/c", "alice/d")),
        Arguments.of("{\"users\":{\"alice\":{\"chats\":{\"c\":%s}}}}", List.of("alice/c")),
        Arguments.of(
            "{\"alice\":{\"name\":\"Alice\",\"sessions\":{\"c\":%s}}}", List.of("alice/c")),
        Arguments.of("{\"c\":{\"history\":%s}}", List.of("c")),
        Arguments.of("{\"c\":{\"title\":\"t\",\"chat_history\":%s}}", List.of("c")),
        Arguments.of("{\"c\":{\"id\":\"c\",\"turns\":%s}}", List.of("c")),
        Arguments.of("{\"c\":%s}", List.of("c")),
        Arguments.of("{\"c\":%s,\"d\":%<s}", List.of("c", "d")),
        Arguments.of(
            "[{\"id\":\"c\",\"messages\":%s},{\"messages\":%<s,\"id\":\"d\"}]", List.of("c", "d")),
        Arguments.of(
            "{\"conversations\":[{\"id\":\"c\",\"messages\":%s},"
                + "{\"session_id\":7,\"messages\":%<s}]}",
            List.of("7", "c")),
        Arguments.of(
            "{\"conversations\":[{\"messages\":%s},{\"messages\":%<s}]}", List.of("1", "2")),
        Arguments.of("[{\"conversation_id\":\"c\",\"conversations\":%s}]", List.of("c")),
        Arguments.of("%s", List.of("conversation")));
  }

  @ParameterizedTest
  @MethodSource("places")
  void row_1_5_conversationsAreFoundWhereverTheyStand(String shape, List<String> ids)
      throws IOException {
    TransferReport report = read(shape.formatted(MESSAGES));
    assertThat(ids()).isEqualTo(ids);
    assertThat(report.conversations()).isEqualTo(ids.size());
    for (String id : ids) {
      assertThat(messages(id)).extracting(StoredMessage::text).containsExactly("hi", "hello");
      assertThat(messages(id))
          .extracting(StoredMessage::role)
          .containsExactly(Role.USER, Role.ASSISTANT);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"role\":\"user\",\"text\":\"hi\",\"ts\":1714979289}",
        "{\"role\":\"user\",\"parts\":[{\"text\":\"hi\"}],\"ts\":\"1714979289\"}",
        "{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"hi\"}],"
            + "\"created\":1714979289}",
        "{\"sender\":\"human\",\"text\":\"hi\",\"created_at\":\"2024-05-06T07:08:09Z\"}",
        "{\"sender\":\"human\",\"text\":\"hi\",\"content\":[],\"time\":1714979289}",
        "{\"from\":\"human\",\"value\":\"hi\",\"date\":1714979289}",
        "{\"type\":\"human\",\"data\":{\"content\":\"hi\"},\"ts\":1714979289}",
        "{\"author\":{\"role\":\"user\"},\"create_time\":1714979289.0,"
            + "\"content\":{\"content_type\":\"text\",\"parts\":[\"hi\"]}}",
        "{\"message\":{\"role\":\"user\",\"content\":\"hi\"},\"timestamp\":1714979289}",
        "{\"is_user\":true,\"mes\":\"hi\",\"send_date\":1714979289000}",
        "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":{\"value\":\"hi\","
            + "\"annotations\":[]}}],\"created_at\":1714979289}"
      })
  void row_1_5_messagesInTheWordsOfTheirPrograms(String message) throws IOException {
    assertThat(read("{\"c\":[" + message + "]}").messages()).isEqualTo(1);
    StoredMessage read = messages("c").get(0);
    assertThat(read.role()).isEqualTo(Role.USER);
    assertThat(read.text()).isEqualTo("hi");
    assertThat(read.createdAt()).isEqualTo(Instant.parse("2024-05-06T07:08:09Z"));
    assertThat(store.search(BOB, SearchQuery.of("hi")).items()).hasSize(1);
  }

  @Test
  void row_1_5_gemini() throws IOException {
    read(
        """
        {"c": {"history": [
          {"role": "user", "parts": [{"text": "look"},
            {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]},
          {"role": "model", "parts": [{"text": "hi"}]},
          {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {"a": 1}}}]}]}}
        """);
    List<StoredMessage> messages = messages("c");
    assertThat(messages.get(0).message().content())
        .containsExactly(
            new ContentPart.Text("look"), ContentPart.Media.of("image/png", new byte[3]));
    assertThat(messages.get(1).role()).isEqualTo(Role.ASSISTANT);
    assertThat(messages.get(1).text()).isEqualTo("hi");
    assertThat(messages.get(1).message().metadata()).isEqualTo(Map.of("role", "model"));
    assertThat(messages.get(2).message().content()).hasSize(1);
  }

  @Test
  void row_1_5_anExportOfChatGpt() throws IOException {
    TransferReport report =
        read(
            """
            [{"title": "T", "create_time": 1714979289.5, "mapping": {
               "root": {"id": "root", "message": null, "parent": null, "children": ["a"]},
               "a": {"id": "a", "parent": "root", "children": ["b", "x"], "message":
                 {"id": "01890000-0000-7000-8000-000000000001", "author": {"role": "user"},
                  "create_time": 1714979289, "content": {"content_type": "text",
                  "parts": ["question"]}}},
               "x": {"id": "x", "parent": "a", "children": [], "message":
                 {"author": {"role": "assistant"}, "content": {"content_type": "text",
                  "parts": ["given up"]}}},
               "b": {"id": "b", "parent": "a", "children": [], "message":
                 {"author": {"role": "assistant"}, "content": {"content_type": "text",
                  "parts": ["answer"]}}}},
              "current_node": "b", "conversation_id": "c-1", "id": "c-1"}]
            """);
    assertThat(report.conversations()).isEqualTo(1);
    assertThat(messages("c-1"))
        .extracting(StoredMessage::text)
        .containsExactly("question", "answer");
    assertThat(messages("c-1").get(0).id()).hasToString("01890000-0000-7000-8000-000000000001");
    assertThat(store.find(BOB, "c-1").orElseThrow().title()).isEqualTo("T");
  }

  @Test
  void row_1_5_anExportOfClaude() throws IOException {
    read(
        """
        [{"uuid": "c-1", "name": "T", "created_at": "2024-05-06T07:08:09Z", "chat_messages": [
          {"uuid": "01890000-0000-7000-8000-000000000001", "text": "question",
           "content": [{"type": "text", "text": "question", "citations": []}],
           "sender": "human", "created_at": "2024-05-06T07:08:09Z", "files": []},
          {"uuid": "01890000-0000-7000-8000-000000000002", "text": "answer", "content": [],
           "sender": "assistant"}]},
         {"uuid": "c-2", "name": "Empty", "chat_messages": []}]
        """);
    assertThat(ids()).containsExactly("c-1", "c-2");
    assertThat(messages("c-1"))
        .extracting(StoredMessage::text)
        .containsExactly("question", "answer");
    assertThat(store.find(BOB, "c-1").orElseThrow().title()).isEqualTo("T");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"c\":{\"foo\":[{\"bar\":1}]}}",
        "{\"c\":{\"title\":\"t\",\"said\":[{\"who\":\"me\",\"words\":\"hi\"}]}}",
        "{\"c\":5}",
        "{\"c\":\"text\"}",
        "{\"c\":[\"one\",\"two\"]}",
        "{\"theme\":\"dark\",\"window\":{\"width\":100}}",
        "[1,2]",
        "{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{\"f\":{\"g\":[]}}}}}}}"
      })
  void row_1_5_whereNothingIsFoundTheFileStays(String json) throws IOException {
    Path file = Files.writeString(directory.resolve(Takeover.FILE), json);
    Takeover.Result result = Takeover.once(store, BOB, directory, TransferOptions.defaults());
    assertThat(result.outcome()).isEqualTo(Takeover.Outcome.NOTHING_FOUND);
    assertThat(result.reason()).isNotNull();
    assertThat(file).hasContent(json);
    assertThat(store.count(BOB)).isEqualTo(new OwnerCounts(0, 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[]", "{\"c\":{\"messages\":[]}}", "{\"c\":{\"title\":\"t\"}}"})
  void row_1_5_anEmptyFileIsTakenOver(String json) throws IOException {
    Files.writeString(directory.resolve(Takeover.FILE), json);
    assertThat(Takeover.once(store, BOB, directory, TransferOptions.defaults()).outcome())
        .isEqualTo(Takeover.Outcome.TAKEN_OVER);
  }

  @Test
  void whatStandsBesideConversationsIsReported() throws IOException {
    TransferReport report =
        read("{\"c\":{\"messages\":%s},\"settings\":{\"a\":1},\"x\":2}".formatted(MESSAGES));
    assertThat(report.messages()).isEqualTo(2);
    assertThat(report.skipped()).extracting(TransferReport.Skipped::conversation).contains(2L, 3L);
    assertThat(ids()).containsExactly("c");
  }

  @Test
  void listsOfAConversationsOwnStayInItsMetadata() throws IOException {
    read(
        "{\"c\":{\"title\":\"t\",\"examples\":%s,\"messages\":%<s,\"history\":[1]}}"
            .formatted(MESSAGES));
    assertThat(ids()).containsExactly("c");
    assertThat(messages("c")).hasSize(2);
    assertThat(store.find(BOB, "c").orElseThrow().metadata()).containsKeys("examples", "history");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"c\":{\"updated_at\":1e100000000,\"messages\":[]}}",
        "{\"c\":{\"created_at\":-1e100000000,\"expires_at\":1e-100000000,\"messages\":[]}}",
        "{\"c\":{\"messages\":[],\"settings\":{\"x\":1e999999999}}}",
        "{\"c\":{\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"ts\":1e100000000}]}}",
        "{\"c\":{\"messages\":[{\"role\":\"user\",\"content\":1e100000000}]}}",
        "{\"c\":{\"messages\":[{\"role\":\"user\",\"content\":[1e100000000]}]}}",
        "{\"c\":{\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"n\":[1e100000000]}]}}",
        "{\"c\":{\"messages\":[{\"role\":\"user\",\"usage\":{\"prompt_tokens\":1e100000000}}]}}",
        "[{\"id\":1e100000000,\"messages\":[]}]"
      })
  @Timeout(20)
  void row_1_5_aNumberIsMeasuredBeforeItIsWrittenOut(String json) throws IOException {
    long start = System.nanoTime();
    assertThat(read(json).conversations()).isEqualTo(1);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
  }
}
