package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.StoreState;
import io.conversationstore.StoreState.Mode;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.spi.Applied;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.TestPostgres;
import io.conversationstore.transfer.Takeover;
import io.conversationstore.transfer.Takeover.Outcome;
import io.conversationstore.transfer.TransferOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A file in a container image returns with each redeploy, on an empty disk. The database remembers
 * what was imported from it.
 */
@ExtendWith(SharedServer.class)
class TakeoverMemoryTest {

  private static final Owner OWNER = Owner.of("default", "default");
  private static final String FILE =
      """
      {"chat": {"title": "Old", "messages": [
        {"role": "user", "content": "MARKER one", "timestamp": 1714979289},
        {"role": "assistant", "content": "MARKER two", "timestamp": 1714979290}]},
       "more": {"title": "More", "messages": [{"role": "user", "content": "MARKER three"}]}}
      """;

  private final TestPostgres server = SharedServer.get();
  private Testbed bed;
  private int disks;

  @BeforeEach
  void open() {
    bed = new Testbed(server);
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private record Deployed(ConversationStore store, Takeover.Result result, Path directory) {}

  /** A node on an empty disk, with the file from the image. */
  private Deployed deploy(String file) throws IOException {
    String name = "disk-" + disks++;
    ConversationStore node = bed.node(name);
    Path directory = bed.directory(name);
    Files.writeString(directory.resolve(Takeover.FILE), file);
    return new Deployed(
        node, Takeover.once(node, OWNER, directory, TransferOptions.defaults()), directory);
  }

  private static List<String> texts(ConversationStore store) {
    return store.history(OWNER, MessageQuery.first(100)).stream().map(StoredMessage::text).toList();
  }

  private void purge() {
    ConversationStore direct = bed.direct();
    long purged;
    do {
      purged = direct.operator().purgeDeleted(Duration.ZERO);
    } while (purged > 0);
  }

  @Test
  void row_1_5_aDeletedConversationDoesNotComeBackFromAnImage() throws IOException {
    Deployed first = deploy(FILE);
    assertThat(first.result.outcome()).isEqualTo(Outcome.TAKEN_OVER);
    assertThat(first.store.delete(OWNER, "chat")).isTrue();
    first.store.close();
    Deployed second = deploy(FILE);
    assertThat(texts(second.store)).containsExactly("MARKER three");
    second.store.close();
    purge();
    Deployed third = deploy(FILE);
    assertThat(texts(third.store)).containsExactly("MARKER three");
    assertThat(third.store.find(OWNER, "chat")).isEmpty();
    assertThat(texts(bed.direct())).containsExactly("MARKER three");
    assertThat(third.result.outcome()).isEqualTo(Outcome.TAKEN_OVER_BEFORE);
    assertThat(third.result.reason()).contains("2 of its conversations");
    assertThat(third.directory.resolve(Takeover.DONE)).exists();
  }

  @Test
  void row_1_5_aDeletedMessageDoesNotComeBackFromAnImage() throws IOException {
    Deployed first = deploy(FILE);
    StoredMessage message =
        first.store.messages(OWNER, "chat", MessageQuery.first(1)).items().get(0);
    assertThat(first.store.deleteMessage(OWNER, "chat", message.id())).isTrue();
    first.store.close();
    purge();
    Deployed second = deploy(FILE);
    assertThat(texts(second.store)).containsExactlyInAnyOrder("MARKER two", "MARKER three");
  }

  @Test
  void row_1_5_anIdThatWasUsedAgainIsLeftAlone() throws IOException {
    Deployed first = deploy(FILE);
    first.store.delete(OWNER, "chat");
    first.store.close();
    purge();
    bed.direct().create(OWNER, NewConversation.ofId("chat"));
    bed.direct().append(OWNER, "chat", Message.user("anew"));
    Deployed second = deploy(FILE);
    assertThat(texts(second.store)).containsExactlyInAnyOrder("anew", "MARKER three");
  }

  @Test
  void row_5_7_anErasedOwnerDoesNotComeBackFromAnImage() throws IOException {
    Deployed first = deploy(FILE);
    first.store.erase(OWNER);
    first.store.close();
    // Not even from a file with more content.
    Deployed second = deploy(FILE.replace("\"more\"", "\"other\": {\"messages\": []}, \"more\""));
    assertThat(second.result.outcome()).isEqualTo(Outcome.OWNER_ERASED);
    assertThat(second.result.reason()).contains("erased");
    assertThat(second.store.count(OWNER)).isEqualTo(new OwnerCounts(0, 0));
    assertThat(bed.direct().count(OWNER)).isEqualTo(new OwnerCounts(0, 0));
  }

  @Test
  void row_5_7_anErasedOwnerDoesNotComeBackWhileTheDatabaseIsAway() throws IOException {
    Deployed first = deploy(FILE);
    first.store.erase(OWNER);
    first.store.close();
    bed.goDown();
    Deployed second = deploy(FILE);
    assertThat(second.store.state().mode()).isEqualTo(Mode.OFFLINE);
    bed.comeBack();
    Testbed.awaitDrained(second.store);
    assertThat(second.store.state().rejected()).isEmpty();
    assertThat(bed.direct().count(OWNER)).isEqualTo(new OwnerCounts(0, 0));
    assertThat(second.store.count(OWNER)).isEqualTo(new OwnerCounts(0, 0));
    Testbed.await("the text is gone", () -> !Files.exists(second.directory.resolve(Takeover.DONE)));
  }

  @Test
  void row_1_5_nothingComesBackFromTheQueueOfANodeThatDidNotReachTheDatabase() throws IOException {
    Deployed first = deploy(FILE);
    first.store.delete(OWNER, "chat");
    first.store.close();
    purge();
    bed.goDown();
    Deployed second = deploy(FILE);
    assertThat(second.result.outcome()).isEqualTo(Outcome.TAKEN_OVER);
    assertThat(texts(second.store)).contains("MARKER one", "MARKER three");
    second.store.append(OWNER, "more", Message.user("four"));
    bed.comeBack();
    Testbed.awaitDrained(second.store);
    assertThat(texts(bed.direct())).containsExactlyInAnyOrder("MARKER three", "four");
    assertThat(bed.direct().find(OWNER, "chat")).isEmpty();
    assertThat(texts(second.store)).containsExactlyInAnyOrder("MARKER three", "four");
    assertThat(second.store.operator().parked()).isEmpty();
    assertThat(second.store.state().rejected()).isEmpty();
  }

  @Test
  void row_1_5_twoNodesThatTakeOverTheSameFileDoubleNothing() throws IOException {
    bed.goDown();
    Deployed first = deploy(FILE);
    Deployed second = deploy(FILE);
    bed.comeBack();
    Testbed.awaitDrained(first.store);
    Testbed.awaitDrained(second.store);
    assertThat(texts(bed.direct()))
        .containsExactlyInAnyOrder("MARKER one", "MARKER two", "MARKER three");
    assertThat(first.store.state().rejected()).isEmpty();
    assertThat(second.store.state().rejected()).isEmpty();
  }

  @Test
  void row_1_5_aFileThatHasGrownBringsWhatIsNewInItAlone() throws IOException {
    Deployed first = deploy(FILE);
    first.store.delete(OWNER, "chat");
    first.store.close();
    Deployed second =
        deploy(
            FILE.replace(
                "\"more\"",
                "\"new\": {\"messages\": [{\"role\": \"user\", \"content\": \"n\"}]}, \"more\""));
    assertThat(second.result.outcome()).isEqualTo(Outcome.TAKEN_OVER);
    assertThat(second.result.report().conversations()).isEqualTo(1);
    assertThat(second.result.report().messages()).isEqualTo(1);
    assertThat(second.result.reason()).contains("2 of its conversations");
    assertThat(texts(second.store)).containsExactlyInAnyOrder("n", "MARKER three");
  }

  @Test
  void row_1_5_whatWasTakenOverWithoutADatabaseIsRememberedByItsFirstOne() throws IOException {
    ConversationStore alone =
        HybridStore.openWithoutDatabase(bed.files("alone"), HybridOptions.defaults());
    Path directory = bed.directory("alone");
    Files.writeString(directory.resolve(Takeover.FILE), FILE);
    Takeover.once(alone, OWNER, directory, TransferOptions.defaults());
    alone.append(OWNER, "chat", Message.user("later"));
    alone.close();
    ConversationStore node = bed.node("alone");
    Testbed.await("sent", () -> node.state().mode() == Mode.ONLINE);
    assertThat(texts(bed.direct()))
        .containsExactlyInAnyOrder("MARKER one", "MARKER two", "later", "MARKER three");
    node.delete(OWNER, "chat");
    node.close();
    purge();
    Deployed second = deploy(FILE);
    assertThat(second.result.outcome()).isEqualTo(Outcome.TAKEN_OVER_BEFORE);
    assertThat(texts(second.store)).containsExactly("MARKER three");
  }

  @Test
  void row_1_5_aDirectoryThatWasFilledFromTheFileBringsNothingBack() throws IOException {
    Deployed first = deploy(FILE);
    first.store.delete(OWNER, "chat");
    first.store.close();
    purge();
    ConversationStore alone =
        HybridStore.openWithoutDatabase(bed.files("alone"), HybridOptions.defaults());
    Path directory = bed.directory("alone");
    Files.writeString(directory.resolve(Takeover.FILE), FILE);
    Takeover.once(alone, OWNER, directory, TransferOptions.defaults());
    alone.append(OWNER, "more", Message.user("later"));
    alone.create(OWNER, NewConversation.ofId("own"));
    alone.close();
    ConversationStore node = bed.node("alone");
    Testbed.await("sent", () -> node.state().mode() == Mode.ONLINE);
    assertThat(texts(bed.direct())).containsExactlyInAnyOrder("MARKER three", "later");
    assertThat(bed.direct().find(OWNER, "chat")).isEmpty();
    assertThat(bed.direct().find(OWNER, "own")).isPresent();
    assertThat(node.find(OWNER, "chat")).isEmpty();
    assertThat(texts(node)).containsExactlyInAnyOrder("MARKER three", "later");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void row_1_5_aDirectoryThatWasFilledFromTheFileAddsNothingToAnIdThatWasUsedAgain(boolean purged)
      throws IOException {
    Deployed first = deploy(FILE);
    first.store.delete(OWNER, "chat");
    first.store.close();
    if (purged) {
      purge();
    }
    bed.direct().create(OWNER, NewConversation.ofId("chat"));
    bed.direct().append(OWNER, "chat", Message.user("anew"));
    ConversationStore alone =
        HybridStore.openWithoutDatabase(bed.files("alone"), HybridOptions.defaults());
    Path directory = bed.directory("alone");
    Files.writeString(directory.resolve(Takeover.FILE), FILE);
    Takeover.once(alone, OWNER, directory, TransferOptions.defaults());
    alone.close();
    ConversationStore node = bed.node("alone");
    Testbed.await("sent", () -> node.state().mode() == Mode.ONLINE);
    assertThat(texts(bed.direct())).containsExactlyInAnyOrder("anew", "MARKER three");
    assertThat(texts(node)).containsExactlyInAnyOrder("anew", "MARKER three");
  }

  /** The database remembers only the last changes of a conversation. */
  @Test
  void row_1_5_whatWasWrittenBehindAFileThatWasTakenOverLongAgoIsSent() throws IOException {
    Deployed first = deploy(FILE);
    for (int i = 0; i < 40; i++) {
      first.store.update(OWNER, "chat", ConversationUpdate.touch().withTitle("title " + i));
    }
    first.store.deleteMessage(OWNER, "chat", first.store.last(OWNER, "chat", 1).get(0).id());
    Testbed.awaitDrained(first.store);
    List<String> there = texts(bed.direct());
    first.store.close();
    ConversationStore alone =
        HybridStore.openWithoutDatabase(bed.files("alone"), HybridOptions.defaults());
    Path directory = bed.directory("alone");
    Files.writeString(directory.resolve(Takeover.FILE), FILE);
    Takeover.once(alone, OWNER, directory, TransferOptions.defaults());
    alone.append(OWNER, "chat", Message.user("written here"));
    alone.close();
    ConversationStore node = bed.node("alone");
    Testbed.await("sent", () -> node.state().mode() == Mode.ONLINE);
    List<String> expected = new ArrayList<>(there);
    expected.add("written here");
    assertThat(texts(bed.direct())).containsExactlyInAnyOrderElementsOf(expected);
    assertThat(texts(node)).containsExactlyInAnyOrderElementsOf(expected);
  }

  @Test
  void row_1_5_aLargeConversationIsTakenOverInPartsThatAreRememberedEach() throws IOException {
    StringBuilder messages = new StringBuilder();
    for (int i = 0; i < 30; i++) {
      messages.append(i == 0 ? "" : ",");
      messages.append("{\"role\": \"user\", \"content\": \"").append("x".repeat(100));
      messages.append(i).append("\"}");
    }
    String file = "{\"big\": {\"messages\": [" + messages + "]}}";
    TransferOptions small = TransferOptions.defaults().withBatchBytes(500);
    Path directory = Files.createDirectories(bed.directory("a"));
    Path old = directory.resolve(Takeover.FILE);
    ConversationStore node = bed.node("a");
    Files.writeString(old, file);
    assertThat(Takeover.once(node, OWNER, directory, small).report().messages()).isEqualTo(30);
    assertThat(bed.direct().count(OWNER)).isEqualTo(new OwnerCounts(1, 30));
    bed.direct().delete(OWNER, "big");
    purge();
    // The longer file has new parts; they recreate nothing.
    Files.delete(directory.resolve(Takeover.DONE));
    Files.writeString(
        old,
        file.replace("]}}", ", {\"role\": \"user\", \"content\": \"" + "y".repeat(900) + "\"}]}}"));
    assertThat(Takeover.once(node, OWNER, directory, small).outcome())
        .isEqualTo(Outcome.TAKEN_OVER_BEFORE);
    assertThat(bed.direct().count(OWNER)).isEqualTo(new OwnerCounts(0, 0));
    assertThat(node.count(OWNER)).isEqualTo(new OwnerCounts(0, 0));
  }

  @Test
  void row_1_5_aFileThatNamesAnIdTwiceLosesNothing() throws IOException {
    Deployed first =
        deploy(
            """
            {"chat": {"messages": [{"role": "user", "content": "one"}]},
             "chat": {"messages": [{"role": "user", "content": "two"}]}}
            """);
    assertThat(texts(first.store)).containsExactlyInAnyOrder("one", "two");
    assertThat(texts(bed.direct())).containsExactlyInAnyOrder("one", "two");
  }

  @Test
  void row_1_5_anAnswerThatIsLostDoublesNothing() throws IOException {
    ConversationStore node = bed.node("a");
    Testbed.await("in use", () -> node.state().mode() == Mode.ONLINE);
    Path directory = bed.directory("a");
    Files.writeString(directory.resolve(Takeover.FILE), FILE);
    FaultProxy.Cut cut = bed.proxy().cutAfterCommit();
    Takeover.once(node, OWNER, directory, TransferOptions.defaults());
    Testbed.awaitDrained(node);
    assertThat(cut.happened()).isTrue();
    assertThat(texts(bed.direct()))
        .containsExactlyInAnyOrder("MARKER one", "MARKER two", "MARKER three");
    assertThat(texts(node)).containsExactlyInAnyOrder("MARKER one", "MARKER two", "MARKER three");
    assertThat(node.state().rejected()).isEmpty();
  }

  @Test
  void row_5_7_aDirectoryOfAnErasedOwnerThatWasFilledFromTheFileBringsNothingBack()
      throws IOException {
    bed.direct().create(OWNER, NewConversation.ofId("chat"));
    bed.direct().erase(OWNER);
    ConversationStore alone =
        HybridStore.openWithoutDatabase(bed.files("alone"), HybridOptions.defaults());
    Path directory = bed.directory("alone");
    // Without times, and therefore of now: later than the erasure.
    Files.writeString(
        directory.resolve(Takeover.FILE),
        "{\"chat\": {\"messages\": [{\"role\": \"user\", \"content\": \"MARKER\"}]}}");
    Takeover.once(alone, OWNER, directory, TransferOptions.defaults());
    alone.close();
    ConversationStore node = bed.node("alone");
    Testbed.await("sent", () -> node.state().mode() == Mode.ONLINE);
    assertThat(bed.direct().count(OWNER)).isEqualTo(new OwnerCounts(0, 0));
    assertThat(node.count(OWNER)).isEqualTo(new OwnerCounts(0, 0));
  }

  @Test
  void row_5_7_anErasureCoversTheFileAlsoBehindWhatIsLaterThanTheErasure() throws IOException {
    bed.direct().create(OWNER, NewConversation.ofId("chat"));
    bed.direct().erase(OWNER);
    ConversationStore alone =
        HybridStore.openWithoutDatabase(bed.files("alone"), HybridOptions.defaults());
    alone.create(OWNER, NewConversation.ofId("own"));
    alone.close();
    bed.goDown();
    ConversationStore node = bed.node("alone");
    Path directory = bed.directory("alone");
    Files.writeString(directory.resolve(Takeover.FILE), FILE);
    Takeover.once(node, OWNER, directory, TransferOptions.defaults());
    bed.comeBack();
    Testbed.awaitDrained(node);
    // One per conversation.
    assertThat(node.state().rejected())
        .extracting(StoreState.Rejected::reason)
        .containsExactly(Applied.OWNER_ERASED, Applied.OWNER_ERASED);
    assertThat(bed.direct().count(OWNER)).isEqualTo(new OwnerCounts(1, 0));
    assertThat(node.count(OWNER)).isEqualTo(new OwnerCounts(1, 0));
    assertThat(node.find(OWNER, "own")).isPresent();
  }

  @Test
  void row_5_7_theDatabaseRemembersNoTextAndNoIds() throws Exception {
    Deployed first = deploy(FILE);
    first.store.erase(OWNER);
    try (Connection connection =
            DriverManager.getConnection(
                server.jdbcUrl(bed.database()), server.user(), server.password());
        ResultSet rows =
            connection
                .createStatement()
                .executeQuery("SELECT t::text FROM conversation_store.taken_over t")) {
      List<String> memory = new ArrayList<>();
      while (rows.next()) {
        memory.add(rows.getString(1));
      }
      assertThat(memory).hasSize(2);
      assertThat(String.join(" ", memory)).doesNotContain("chat", "more", "MARKER");
    }
  }

  @Test
  void row_5_7_filesAloneBringNoErasedOwnerBack() throws IOException {
    Path directory = Files.createDirectories(bed.directory("alone"));
    for (int i = 0; i < 2; i++) {
      Files.writeString(directory.resolve(Takeover.FILE), FILE);
      try (ConversationStore store = JsonFileStore.open(JsonFileOptions.in(directory))) {
        Takeover.Result result = Takeover.once(store, OWNER, directory, TransferOptions.defaults());
        assertThat(result.outcome()).isEqualTo(i == 0 ? Outcome.TAKEN_OVER : Outcome.OWNER_ERASED);
        store.erase(OWNER);
        assertThat(store.count(OWNER)).isEqualTo(new OwnerCounts(0, 0));
      }
    }
  }

  @Test
  void row_5_7_anErasureInCodeRemovesTheFileAlsoBehindALink() throws IOException {
    for (String kind : List.of("files", "both")) {
      Path image = Files.createDirectories(bed.directory("image-" + kind));
      Path directory = Files.createDirectories(bed.directory(kind));
      Files.writeString(image.resolve("baked.json"), FILE);
      Files.createSymbolicLink(directory.resolve(Takeover.FILE), image.resolve("baked.json"));
      Owner somebody = Owner.of("acme", "alice-" + kind);
      try (ConversationStore store =
          kind.equals("files")
              ? JsonFileStore.open(JsonFileOptions.in(directory))
              : bed.node(kind)) {
        assertThat(Takeover.once(store, somebody, directory, TransferOptions.defaults()).outcome())
            .isEqualTo(Outcome.TAKEN_OVER);
      }
      // A later caller knows no variable.
      try (ConversationStore store =
          kind.equals("files")
              ? JsonFileStore.open(JsonFileOptions.in(directory))
              : bed.node(kind)) {
        store.erase(somebody);
        assertThat(directory.resolve(Takeover.DONE)).doesNotExist();
        assertThat(image).isEmptyDirectory();
      }
    }
  }
}
