package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.conversationstore.ContentPart;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Role;
import io.conversationstore.StoreLimits;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.ToolCall;
import io.conversationstore.transfer.ConversationsFile;
import io.conversationstore.transfer.TransferException;
import io.conversationstore.transfer.TransferOptions;
import io.conversationstore.transfer.TransferReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Export and import of one JSON file. */
class ConversationsFileTest {

  private static final Owner BOB = Owner.of("acme", "bob");
  private static final String SECRET = "SECRET-MARKER";

  private final ManualClock clock = new ManualClock(Instant.parse("2026-03-01T12:00:00Z"));
  private final ConversationStore store = ReferenceStore.create(clock);
  @TempDir Path directory;

  private Path file(String json) throws IOException {
    return Files.writeString(directory.resolve("in.json"), json);
  }

  private List<StoredMessage> messages(String id) {
    return Walks.messages(store, BOB, id);
  }

  @Test
  void row_1_5_theShapeOfTheFile() throws IOException {
    Path file =
        file(
            """
            {
              "chat-1": {
                "title": "First",
                "created_at": "2024-05-06T07:08:09.123456",
                "updated_at": 1714979289,
                "messages": [
                  {"role": "user", "content": "Hello", "timestamp": "2024-05-06 07:08:10+02:00"},
                  {"role": "assistant", "content": null,
                   "tool_calls": [{"id": "c1", "type": "function",
                                   "function": {"name": "f", "arguments": "{ }"}}]},
                  {"role": "tool", "tool_call_id": "c1", "content": "42", "sources": ["a"]}
                ],
                "settings": {"model": "m", "temperature": 0.5}
              },
              "chat-2": {"title": "Empty", "messages": [], "settings": null}
            }
            """);
    TransferReport report = ConversationsFile.read(store, BOB, file);
    assertThat(report).isEqualTo(new TransferReport(2, 3, 0, List.of()));
    Conversation first = store.find(BOB, "chat-1").orElseThrow();
    assertThat(first.title()).isEqualTo("First");
    assertThat(first.settings().get("model")).isEqualTo("m");
    assertThat(first.metadata())
        .isEqualTo(
            Map.of(
                "created_at", "2024-05-06T07:08:09.123456Z",
                "updated_at", "2024-05-06T07:08:09.000000Z"));
    List<StoredMessage> messages = messages("chat-1");
    assertThat(messages.get(0).text()).isEqualTo("Hello");
    assertThat(messages.get(0).createdAt()).isEqualTo(Instant.parse("2024-05-06T05:08:10Z"));
    assertThat(messages.get(1).message().content()).isEmpty();
    assertThat(messages.get(1).toolCalls()).containsExactly(ToolCall.function("c1", "f", "{ }"));
    assertThat(messages.get(2).message().metadata()).isEqualTo(Map.of("sources", List.of("a")));
    assertThat(store.find(BOB, "chat-2").orElseThrow().settings()).isEmpty();
  }

  @Test
  void row_1_5_whatHasNoPlaceIsKept() throws IOException {
    Path file =
        file(
            """
            {"k": {"id": "other", "title": "%s", "model": "m", "metadata": {"model": "mine"},
              "tags": "no list", "pinned": 1, "status": "open", "created_at": "yesterday",
              "settings": [1], "messages": [
                {"role": "Human", "id": "msg-1", "content": ["a", {"type": "x", "y": NaN}, 3],
                 "name": "", "usage": {"prompt_tokens": 1, "cached": 2}, "created_at": "?",
                 "time": 1714979289123, "is_error": "no", "tool_calls": [{"index": 0}],
                 "metadata": "text"},
                null,
                {"role": "assistant", "content": {"type": "card"}},
                {"role": "user", "content": 17}]},
             "n": null}
            """
                .formatted("t".repeat(600)));
    TransferReport report = ConversationsFile.read(store, BOB, file);
    assertThat(report.skippedCount()).isEqualTo(2);
    assertThat(report.skipped().get(0).message()).isEqualTo(2);
    Conversation read = store.find(BOB, "k").orElseThrow();
    assertThat(read.title()).isEqualTo("t".repeat(500));
    Map<String, Object> metadata = new HashMap<>(read.metadata());
    assertThat(metadata.remove("title")).isEqualTo("t".repeat(600));
    assertThat(metadata)
        .isEqualTo(
            Map.of(
                "id", "other",
                "model", "mine",
                "tags", "no list",
                "pinned", 1L,
                "status", "open",
                "created_at", "yesterday",
                "settings", List.of(1L)));
    List<StoredMessage> messages = messages("k");
    StoredMessage first = messages.get(0);
    assertThat(first.role()).isEqualTo(Role.USER);
    assertThat(first.createdAt()).isEqualTo(Instant.ofEpochMilli(1714979289123L));
    assertThat(first.message().content())
        .containsExactly(
            new ContentPart.Text("a"),
            new ContentPart.Unknown(Map.of("type", "x", "y", "NaN")),
            new ContentPart.Text("3"));
    assertThat(first.message().usage()).isEqualTo(new TokenUsage(1, 0, 0));
    assertThat(first.message().metadata())
        .isEqualTo(
            Map.of(
                "role", "Human",
                "id", "msg-1",
                "name", "",
                "created_at", "?",
                "usage", Map.of("prompt_tokens", 1L, "cached", 2L),
                "is_error", "no",
                "tool_calls", List.of(Map.of("index", 0L)),
                "metadata", "text"));
    assertThat(messages.get(1).message().content())
        .containsExactly(new ContentPart.Unknown(Map.of("type", "card")));
    assertThat(messages.get(2).text()).isEqualTo("17");
  }

  @ParameterizedTest
  @CsvSource({
    "1714979289,2024-05-06T07:08:09Z",
    "1714979289.5,2024-05-06T07:08:09.500Z",
    "-1.25,1969-12-31T23:59:58.750Z",
    "1714979289123,2024-05-06T07:08:09.123Z",
    "1714979289123456,2024-05-06T07:08:09.123456Z",
    "1714979289123456789,2024-05-06T07:08:09.123456Z",
    "\"1714979289\",2024-05-06T07:08:09Z",
    "\"2024-05-06\",2024-05-06T00:00:00Z",
    "\"2024-05-06T07:08\",2024-05-06T07:08:00Z",
    "\"2024-05-06T07:08:09Z\",2024-05-06T07:08:09Z",
    "\"2024-05-06 07:08:09.5+0200\",2024-05-06T05:08:09.500Z",
    "\"2024-05-06 07:08:09 -03\",2024-05-06T10:08:09Z"
  })
  void row_1_5_timesAsProgramsWriteThem(String json, Instant time) throws IOException {
    ConversationsFile.read(
        store,
        BOB,
        file(
            "{\"a\":{\"messages\":[{\"role\":\"user\",\"content\":\"x\",\"timestamp\":"
                + json
                + "}]}}"));
    assertThat(messages("a").get(0).createdAt()).isEqualTo(time);
    assertThat(messages("a").get(0).message().metadata()).isEmpty();
  }

  @Test
  void row_1_5_twiceAddsNothingWhateverTheBatches() throws IOException {
    StringBuilder json = new StringBuilder("{\"a\":{\"messages\":[");
    for (int i = 0; i < 3_000; i++) {
      // Equal messages, so that positions matter.
      json.append(i == 0 ? "" : ",").append("{\"role\":\"user\",\"content\":\"same\"}");
    }
    Path file = file(json + "],\"title\":\"after the messages\"}}");
    ConversationsFile.read(store, BOB, file, TransferOptions.defaults().withBatchBytes(1_000));
    List<StoredMessage> first = messages("a");
    assertThat(first).hasSize(3_000);
    clock.advance(Duration.ofHours(1));
    ConversationsFile.read(store, BOB, file);
    assertThat(messages("a")).isEqualTo(first);
    assertThat(store.find(BOB, "a").orElseThrow().title()).isEqualTo("after the messages");
    ConversationStore whole = ReferenceStore.create(clock);
    List<Message> plain = new ArrayList<>();
    first.forEach(message -> plain.add(message.message().withId(null)));
    whole.save(BOB, ConversationDocument.of(NewConversation.ofId("a"), plain));
    assertThat(Walks.messages(whole, BOB, "a"))
        .extracting(StoredMessage::id)
        .isEqualTo(first.stream().map(StoredMessage::id).toList());
  }

  @Test
  void anIdThatIsGivenTwiceOverwritesNothing() throws IOException {
    String id = "01890000-0000-7000-8000-000000000001";
    String message = "{\"role\":\"user\",\"id\":\"" + id + "\",\"content\":\"%s\"}";
    ConversationsFile.read(
        store,
        BOB,
        file(
            "{\"a\":{\"messages\":[%s,%s]}}"
                .formatted(message.formatted("one"), message.formatted("two"))),
        TransferOptions.defaults().withBatchBytes(1));
    assertThat(messages("a")).extracting(StoredMessage::text).containsExactly("one", "two");
    assertThat(messages("a").get(1).message().metadata()).isEqualTo(Map.of("id", id));
  }

  @Test
  void aConversationThatIsNamedTwiceIsJoined() throws IOException {
    String one = "\"a\":{\"title\":\"t\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}";
    ConversationsFile.read(
        store, BOB, file("{" + one.formatted("one") + "," + one.formatted("two") + "}"));
    assertThat(messages("a")).extracting(StoredMessage::text).containsExactly("one", "two");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void row_5_10_writtenAndReadBackNothingIsLost(long seed) throws IOException {
    Generators generators = Generators.seeded(seed);
    List<String> ids = Generators.hostileIds();
    for (String id : ids) {
      List<Entry> entries = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        entries.add(Entry.of(generators.message()));
      }
      store.save(BOB, ConversationDocument.ofEntries(generators.conversation(id), entries));
      clock.advance(Duration.ofSeconds(1));
    }
    store.archive(BOB, ids.get(3));
    StoredMessage edited = messages(ids.get(0)).get(0);
    store.edit(BOB, ids.get(0), edited.id(), MessageEdit.text("edited"));
    Path out = directory.resolve("out.json");
    TransferReport written = ConversationsFile.write(store, BOB, out);
    assertThat(written.conversations()).isEqualTo(ids.size());

    ConversationStore copy = ReferenceStore.create(clock);
    TransferReport read =
        ConversationsFile.read(copy, BOB, out, TransferOptions.defaults().withBatchBytes(5_000));
    assertThat(read).isEqualTo(written);
    for (String id : ids) {
      Conversation before = store.find(BOB, id).orElseThrow();
      Conversation after = copy.find(BOB, id).orElseThrow();
      assertThat(header(after)).isEqualTo(header(before));
      assertThat(after.messageCount()).isEqualTo(before.messageCount());
      assertThat(after.usage()).isEqualTo(before.usage());
      assertThat(content(copy, id)).isEqualTo(content(store, id));
    }
    // Exported again, the file is the same to the byte.
    Path again = directory.resolve("again.json");
    ConversationsFile.write(copy, BOB, again);
    assertThat(lines(again)).containsExactlyInAnyOrderElementsOf(lines(out));
    assertThat(directory.toFile().list()).containsExactlyInAnyOrder("out.json", "again.json");
  }

  private static List<String> lines(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .filter(line -> !line.contains("\"edited_at\"") && !line.contains("\"created_at\""))
        .map(line -> line.endsWith(",") ? line.substring(0, line.length() - 1) : line)
        .toList();
  }

  private static List<Object> header(Conversation conversation) {
    Map<String, Object> metadata = new HashMap<>(conversation.metadata());
    metadata.remove("created_at");
    metadata.remove("updated_at");
    return List.of(
        conversation.title(),
        conversation.status(),
        conversation.settings(),
        metadata,
        conversation.tags(),
        conversation.pinned(),
        String.valueOf(conversation.expiresAt()));
  }

  private static List<List<Object>> content(ConversationStore store, String id) {
    return Walks.messages(store, BOB, id).stream()
        .map(message -> List.<Object>of(message.message(), message.createdAt()))
        .toList();
  }

  @Test
  void anArchivedConversationStaysSo() throws IOException {
    ConversationsFile.read(store, BOB, file("{\"a\":{\"status\":\"archived\"}}"));
    assertThat(store.find(BOB, "a").orElseThrow().status()).isEqualTo(ConversationStatus.ARCHIVED);
  }

  @Test
  void theOrderOfUseStays() throws IOException {
    for (String id : List.of("b", "c", "a")) {
      store.create(BOB, NewConversation.ofId(id));
      clock.advance(Duration.ofSeconds(1));
    }
    store.touch(BOB, "b");
    Path out = directory.resolve("out.json");
    ConversationsFile.write(store, BOB, out);
    String text = Files.readString(out);
    assertThat(text.indexOf("\"c\" :")).isLessThan(text.indexOf("\"a\" :"));
    assertThat(text.indexOf("\"a\" :")).isLessThan(text.indexOf("\"b\" :"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "|empty",
        "7|one JSON object",
        "{\"a\":{\"messages\":7}}|conversation 1, line 1",
        "{\"a\":{},\"b\":{\"messages\":7}}|conversation 2, line 1",
        "{\"a\":{\"messages\":[{\"role\":\"SECRET-MARKER\"}]}}|conversation 1, message 1,",
        "{\"a\":{\"messages\":[{\"role\":\"user\"},{\"x\":\"SECRET-MARKER\"}]}}|message 2",
        "{\"a\":{\"messages\":[\"SECRET-MARKER\"]}}|message 1",
        "{\"\":{}}|conversation 1",
        "{\"a\":{\"title\":\"SECRET-MARKER|incomplete",
        "{\"a\":{\"title\":SECRET-MARKER}}|not valid JSON",
        "{\"a\":{}} SECRET-MARKER|not valid JSON",
        "{\"a\":{}} {}|followed by other text"
      })
  void faultsAreNamedAndNotShown(String json, String named) throws IOException {
    Path file = file(json == null ? "" : json);
    TransferException checked =
        catchThrowableOfType(
            TransferException.class,
            () -> ConversationsFile.check(file, TransferOptions.defaults()));
    TransferException read =
        catchThrowableOfType(
            TransferException.class, () -> ConversationsFile.read(store, BOB, file));
    for (TransferException fault : List.of(checked, read)) {
      StringWriter trace = new StringWriter();
      fault.printStackTrace(new PrintWriter(trace));
      assertThat(fault).hasMessageContaining(named);
      assertThat(trace.toString()).doesNotContain(SECRET);
    }
    assertThat(store.count(BOB)).isEqualTo(new OwnerCounts(0, 0));
  }

  @Test
  void whatCrossesALimitIsNamedWithItsPlace() throws IOException {
    Path file =
        file(
            """
            {"a": {"messages": [
              {"role": "user", "content": "short"},
              {"role": "user", "content": "SECRET-MARKER"}]}}
            """);
    StoreLimits limits = StoreLimits.DEFAULT.withMaxUserMessageCharacters(10);
    assertThatThrownBy(
            () -> ConversationsFile.check(file, TransferOptions.defaults().withLimits(limits)))
        .isInstanceOf(TransferException.class)
        .hasMessageContainingAll("message 2", "line 3", "maxUserMessageCharacters")
        .hasMessageNotContaining(SECRET);
    // The store has limits that the caller did not give: its error is passed on.
    ConversationStore strict = ReferenceStore.create(clock, limits);
    assertThatThrownBy(() -> ConversationsFile.read(strict, BOB, file))
        .isInstanceOf(TransferException.class)
        .hasMessageContaining("maxUserMessageCharacters");
  }

  @Test
  void whatWasSavedBeforeAFaultStaysAndAnotherRunCompletesIt() throws IOException {
    String good = "\"%s\":{\"messages\":[{\"role\":\"user\",\"content\":\"%s\"}]}";
    String begin = "{" + good.formatted("a", "1") + "," + good.formatted("b", "2") + ",";
    TransferOptions small = TransferOptions.defaults().withBatchBytes(1);
    TransferException fault =
        catchThrowableOfType(
            TransferException.class,
            () -> ConversationsFile.read(store, BOB, file(begin + "\"c\":{"), small));
    assertThat(fault.report()).isEqualTo(new TransferReport(2, 2, 0, List.of()));
    assertThat(store.count(BOB)).isEqualTo(new OwnerCounts(2, 2));
    List<TransferReport> progress = new ArrayList<>();
    ConversationsFile.read(
        store,
        BOB,
        file(begin + good.formatted("c", "3") + "}"),
        small.withProgress(progress::add));
    assertThat(store.count(BOB)).isEqualTo(new OwnerCounts(3, 3));
    assertThat(progress.get(progress.size() - 1).messages()).isEqualTo(3);
  }

  @Test
  void headersThatAreThereCanBeKept() throws IOException {
    store.create(BOB, NewConversation.ofId("a").withTitle("mine").withTags("t"));
    Path file =
        file(
            """
            {"a": {"messages": [{"role": "user", "content": "1"},
                                {"role": "user", "content": "2"}],
                   "title": "theirs", "status": "archived"},
             "b": {"title": "new"}}
            """);
    ConversationsFile.read(
        store, BOB, file, TransferOptions.defaults().withKeepHeaders(true).withBatchBytes(1));
    Conversation kept = store.find(BOB, "a").orElseThrow();
    assertThat(kept.title()).isEqualTo("mine");
    assertThat(kept.tags()).containsExactly("t");
    assertThat(kept.status()).isEqualTo(ConversationStatus.ACTIVE);
    assertThat(kept.messageCount()).isEqualTo(2);
    assertThat(store.find(BOB, "b").orElseThrow().title()).isEqualTo("new");
  }

  @Test
  void aFileThatCannotBeWrittenLeavesTheOldOne() throws IOException {
    Path out = Files.writeString(directory.resolve("out.json"), "old");
    ConversationStore closing = ReferenceStore.create(clock);
    NewConversation conversation = NewConversation.ofId("a");
    closing.save(BOB, ConversationDocument.of(conversation, List.of(Message.user("x"))));
    closing.close();
    assertThatThrownBy(() -> ConversationsFile.write(closing, BOB, out))
        .isInstanceOf(RuntimeException.class);
    assertThat(out).hasContent("old");
    assertThatThrownBy(
            () -> ConversationsFile.write(store, BOB, directory.resolve("missing/out.json")))
        .isInstanceOf(TransferException.class);
    assertThatThrownBy(() -> ConversationsFile.read(store, BOB, directory.resolve("missing.json")))
        .isInstanceOf(TransferException.class);
    assertThat(directory.toFile().list()).containsExactly("out.json");
  }

  @Test
  void onlyTheOwnersConversationsAreWritten() throws IOException {
    store.create(Owner.of("acme", "eve"), NewConversation.ofId("hers").withTitle(SECRET));
    Path out = directory.resolve("out.json");
    assertThat(ConversationsFile.write(store, BOB, out).conversations()).isZero();
    assertThat(Files.readString(out)).doesNotContain(SECRET);
    assertThat(ConversationsFile.read(store, BOB, out).conversations()).isZero();
    assertThat(store.list(BOB, ConversationQuery.all()).items()).isEmpty();
  }

  /** The store with an action before a page of messages is read; the first page is 1. */
  private ConversationStore beforePage(int number, Runnable between) {
    AtomicInteger pages = new AtomicInteger();
    return (ConversationStore)
        Proxy.newProxyInstance(
            ConversationStore.class.getClassLoader(),
            new Class<?>[] {ConversationStore.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("messages") && pages.incrementAndGet() == number) {
                between.run();
              }
              try {
                return method.invoke(store, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private void fill(String id) {
    store.create(BOB, NewConversation.ofId(id));
    for (int i = 0; i < 40; i++) {
      store.append(BOB, id, Message.user("text " + i));
    }
    clock.advance(Duration.ofSeconds(1));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void aConversationThatIsDeletedWhileItIsWrittenEndsThere(int page) throws IOException {
    fill("deleted");
    fill("kept");
    Path file = directory.resolve("out.json");
    TransferReport report =
        ConversationsFile.write(beforePage(page, () -> store.delete(BOB, "deleted")), BOB, file);
    assertThat(report.conversations()).isEqualTo(page);
    requireHolds(file, "kept", 40);
    assertThat(store.find(BOB, "deleted").isPresent()).isEqualTo(page == 2);
  }

  @Test
  void aConversationThatIsMadeAnewWhileItIsWrittenEndsThere() throws IOException {
    fill("deleted");
    fill("kept");
    Path file = directory.resolve("out.json");
    Runnable between =
        () -> {
          store.delete(BOB, "deleted");
          fill("deleted");
        };
    assertThat(ConversationsFile.write(beforePage(2, between), BOB, file).conversations())
        .isEqualTo(2);
    requireHolds(file, "kept", 40);
  }

  /** The file is complete: another store accepts it. */
  private void requireHolds(Path file, String id, int messages) {
    store.erase(BOB);
    ConversationsFile.read(store, BOB, file);
    assertThat(messages(id)).hasSize(messages);
  }
}
