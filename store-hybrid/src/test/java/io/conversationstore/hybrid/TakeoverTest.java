package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.StoreState.Mode;
import io.conversationstore.StoredMessage;
import io.conversationstore.testkit.TestPostgres;
import io.conversationstore.transfer.ConversationsFile;
import io.conversationstore.transfer.Takeover;
import io.conversationstore.transfer.TransferOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The file of a program without a store is imported at first start, once. */
@ExtendWith(SharedServer.class)
class TakeoverTest {

  private static final Owner DEFAULT = Owner.of("default", "default");
  private static final String FILE =
      """
      {"chat": {"title": "Old", "messages": [
        {"role": "user", "content": "MARKER one", "timestamp": 1714979289},
        {"role": "assistant", "content": "two", "timestamp": 1714979290}]},
       "more": {"title": "More", "messages": [{"role": "user", "content": "three"}]}}
      """;

  private final TestPostgres server = SharedServer.get();

  @TempDir Path directory;

  private Path old() {
    return directory.resolve(Takeover.FILE);
  }

  private Path done() {
    return directory.resolve(Takeover.DONE);
  }

  private ConversationStore files() {
    return ConversationStores.from(Map.of("DATA_PATH", directory.toString()));
  }

  private static List<String> texts(ConversationStore store, Owner owner) {
    return store.history(owner, MessageQuery.first(100)).stream().map(StoredMessage::text).toList();
  }

  @Test
  void row_1_5_intoTheLocalFilesOnce() throws IOException {
    Files.writeString(old(), FILE);
    try (ConversationStore store = files()) {
      assertThat(texts(store, DEFAULT)).containsExactly("MARKER one", "two", "three");
      assertThat(store.find(DEFAULT, "chat").orElseThrow().title()).isEqualTo("Old");
      assertThat(store.delete(DEFAULT, "more")).isTrue();
    }
    assertThat(old()).doesNotExist();
    assertThat(done()).hasContent(FILE);
    // Another file of that name is not the one of the first start.
    Files.writeString(old(), FILE);
    try (ConversationStore store = files()) {
      assertThat(store.count(DEFAULT)).isEqualTo(new OwnerCounts(1, 2));
    }
    assertThat(old()).exists();
  }

  @Test
  void row_1_5_forTheOwnerThatTheEnvironmentNames() throws IOException {
    Files.writeString(old(), FILE);
    Map<String, String> environment =
        Map.of("DATA_PATH", directory.toString(), "IMPORT_TENANT", "acme", "IMPORT_USER", "bob");
    try (ConversationStore store = ConversationStores.from(environment)) {
      assertThat(store.count(Owner.of("acme", "bob"))).isEqualTo(new OwnerCounts(2, 3));
      assertThat(store.count(DEFAULT)).isEqualTo(new OwnerCounts(0, 0));
    }
  }

  @Test
  void row_1_5_aCrashBeforeTheRenamingDoublesNothing() throws IOException {
    Files.writeString(old(), FILE);
    List<StoredMessage> before;
    try (ConversationStore store = files()) {
      before = store.history(DEFAULT, MessageQuery.first(100)).items();
    }
    Files.move(done(), old());
    try (ConversationStore store = files()) {
      assertThat(store.history(DEFAULT, MessageQuery.first(100)).items()).isEqualTo(before);
    }
    assertThat(done()).exists();
  }

  @Test
  void row_1_5_aCrashInTheMiddleIsCompleted() throws IOException {
    Files.writeString(old(), FILE);
    Path part = directory.resolve("part");
    try (ConversationStore store = ConversationStores.inFiles(directory)) {
      String first =
          FILE.substring(0, FILE.indexOf(" \"more\"")).stripTrailing().replaceAll(",$", "}");
      ConversationsFile.read(store, DEFAULT, Files.writeString(part, first));
      assertThat(store.count(DEFAULT)).isEqualTo(new OwnerCounts(1, 2));
    }
    try (ConversationStore store = files()) {
      assertThat(texts(store, DEFAULT)).containsExactly("MARKER one", "two", "three");
    }
  }

  @Test
  void row_1_5_aDamagedFileStopsNothingAndStays() throws IOException {
    String damaged = FILE.substring(0, FILE.length() - 20);
    Files.writeString(old(), damaged);
    try (ConversationStore store = files()) {
      assertThat(store.count(DEFAULT)).isEqualTo(new OwnerCounts(0, 0));
      store.create(DEFAULT, "new");
    }
    assertThat(old()).hasContent(damaged);
    assertThat(done()).doesNotExist();
    // Once repaired, it is imported at the next start.
    Files.writeString(old(), FILE);
    try (ConversationStore store = files()) {
      assertThat(store.count(DEFAULT)).isEqualTo(new OwnerCounts(3, 3));
    }
  }

  @Test
  void row_5_7_erasingTheOwnerRemovesTheFile() throws IOException {
    Files.writeString(old(), FILE);
    try (ConversationStore store = files()) {
      store.erase(DEFAULT);
      assertThat(done()).doesNotExist();
    }
    try (var tree = Files.walk(directory)) {
      for (Path file : tree.filter(Files::isRegularFile).toList()) {
        assertThat(Files.readString(file)).doesNotContain("MARKER");
      }
    }
  }

  @Test
  void row_5_7_anErasureRemovesTheFileThatWasTakenOverWhateverTheSettingsSayByThen()
      throws IOException {
    Path elsewhere = directory.resolve("elsewhere");
    Files.createDirectory(elsewhere);
    Path data = directory.resolve("data");
    Files.createDirectory(data);
    Files.writeString(elsewhere.resolve("baked.json"), FILE);
    Files.createSymbolicLink(data.resolve(Takeover.FILE), elsewhere.resolve("baked.json"));
    Map<String, String> environment = Map.of("DATA_PATH", data.toString(), "IMPORT_USER", "alice");
    ConversationStores.from(environment).close();
    assertThat(data.resolve(Takeover.DONE)).exists();
    // In code, without a variable that names the file's owner.
    try (ConversationStore store = ConversationStores.inFiles(data)) {
      store.erase(Owner.of("default", "alice"));
    }
    assertThat(data.resolve(Takeover.DONE)).doesNotExist();
    assertThat(elsewhere).isEmptyDirectory();
  }

  @Test
  void row_1_5_intoBothStores() throws IOException {
    Files.writeString(old(), FILE);
    try (Testbed bed = new Testbed(server)) {
      Map<String, String> environment = new HashMap<>();
      environment.put("DATA_PATH", directory.toString());
      environment.put("DATABASE_URL", withLogin(bed.proxy().jdbcUrl(bed.database())));
      ConversationStore node = bed.kept(ConversationStores.from(environment));
      assertThat(node.state().mode()).isEqualTo(Mode.ONLINE);
      assertThat(texts(bed.direct(), DEFAULT)).containsExactly("MARKER one", "two", "three");
      bed.goDown();
      node.createIfAbsent(DEFAULT, NewConversation.ofId("chat"));
      assertThat(texts(node, DEFAULT)).containsExactly("MARKER one", "two", "three");
      node.close();
    }
  }

  private String withLogin(String url) {
    return url.substring("jdbc:".length())
        .replace("://", "://" + server.user() + ":" + server.password() + "@");
  }

  @Test
  void row_1_5_withoutTheDatabaseItIsSentWhenThatReturns() throws IOException {
    Files.writeString(old(), FILE);
    try (Testbed bed = new Testbed(server)) {
      bed.goDown();
      Path local = Files.createDirectories(bed.directory("a"));
      Files.move(old(), local.resolve(Takeover.FILE));
      ConversationStore node = bed.node("a");
      assertThat(node.state().mode()).isEqualTo(Mode.OFFLINE);
      Takeover.Result result = Takeover.once(node, DEFAULT, local, TransferOptions.defaults());
      assertThat(result.outcome()).isEqualTo(Takeover.Outcome.TAKEN_OVER);
      assertThat(texts(node, DEFAULT)).containsExactly("MARKER one", "two", "three");
      node.append(DEFAULT, "chat", Message.user("four"));
      bed.comeBack();
      Testbed.awaitDrained(node);
      assertThat(texts(bed.direct(), DEFAULT))
          .containsExactlyInAnyOrder("MARKER one", "two", "three", "four");
      assertThat(node.state().rejected()).isEmpty();
    }
  }
}
