package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Data written before there was a database is imported into it on request. */
class DirectoryImportTest extends OnTestbed {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");

  /** The directory that each test copies. */
  @TempDir private static Path original;

  private static List<StoredMessage> chat = List.of();

  @TempDir private Path directory;
  private Path old;
  private ConversationStore node;

  @BeforeAll
  static void fill() {
    try (ConversationStore files = JsonFileStore.open(JsonFileOptions.in(original))) {
      files.create(ALICE, NewConversation.ofId("chat").withTitle("local"));
      UUID edited = files.append(ALICE, "chat", Message.user("to edit")).get(0).id();
      UUID gone = files.append(ALICE, "chat", Message.user("gone")).get(0).id();
      for (int i = 0; i < 250; i++) {
        files.append(ALICE, "chat", Message.assistant("m" + i));
      }
      files.edit(ALICE, "chat", edited, MessageEdit.text("edited"));
      files.deleteMessage(ALICE, "chat", gone);
      chat = files.last(ALICE, "chat", 1_000);
      files.create(ALICE, NewConversation.ofId("deleted"));
      files.delete(ALICE, "deleted");
      files.create(BOB, NewConversation.ofId("done").withTitle("title"));
      files.update(BOB, "done", ConversationUpdate.touch().withStatus(ConversationStatus.ARCHIVED));
      files.updatePreferences(
          ALICE,
          PreferencesUpdate.none().withActiveConversation("chat").withSelectedModel("model"));
    }
  }

  @BeforeEach
  void copy() {
    old = directory.resolve("old");
    TestDirectories.copy(original, old);
    node = bed.patientNode("a");
    Testbed.awaitDrained(node);
  }

  private DirectoryImport.Report run(DirectoryImport.Collision collision) {
    return DirectoryImport.run(JsonFileOptions.in(old), node, collision);
  }

  private List<String> ids(Owner owner) {
    return bed.direct().list(owner, ConversationQuery.all()).items().stream()
        .map(Conversation::id)
        .sorted()
        .toList();
  }

  private static List<String> rows(List<StoredMessage> messages) {
    return messages.stream()
        .map(message -> message.id() + " " + message.createdAt() + " " + message.text())
        .toList();
  }

  @ParameterizedTest
  @EnumSource
  void row_3_9_localDataIsMovedIntoTheDatabaseOnce(DirectoryImport.Collision collision) {
    for (int i = 0; i < 2; i++) {
      assertThat(run(collision)).isEqualTo(new DirectoryImport.Report(2, 251, 0, 0, 0));
      assertThat(ids(ALICE)).containsExactly("chat");
      assertThat(rows(bed.direct().last(ALICE, "chat", 1_000))).isEqualTo(rows(chat));
      assertThat(bed.direct().find(ALICE, "chat").orElseThrow().title()).isEqualTo("local");
      assertThat(ids(BOB)).containsExactly("done");
      assertThat(bed.direct().find(BOB, "done").orElseThrow().status())
          .isEqualTo(ConversationStatus.ARCHIVED);
      assertThat(bed.direct().preferences(ALICE).activeConversation()).isEqualTo("chat");
      assertThat(bed.direct().preferences(ALICE).selectedModel()).isEqualTo("model");
    }
  }

  private void occupy() {
    node.create(ALICE, NewConversation.ofId("chat").withTitle("of the database"));
    node.append(ALICE, "chat", Message.user("there before"));
  }

  @Test
  void row_3_9_aConversationWhoseIdIsTakenJoinsTheOther() {
    occupy();
    assertThat(run(DirectoryImport.Collision.JOIN))
        .isEqualTo(new DirectoryImport.Report(2, 251, 1, 0, 0));
    run(DirectoryImport.Collision.JOIN);
    List<StoredMessage> all = bed.direct().last(ALICE, "chat", 1_000);
    assertThat(all.get(0).text()).isEqualTo("there before");
    assertThat(rows(all.subList(1, all.size()))).isEqualTo(rows(chat));
    assertThat(bed.direct().find(ALICE, "chat").orElseThrow().title()).isEqualTo("of the database");
  }

  @Test
  void row_3_9_aConversationWhoseIdIsTakenIsRenamed() {
    occupy();
    for (int i = 0; i < 2; i++) {
      assertThat(run(DirectoryImport.Collision.RENAME))
          .isEqualTo(new DirectoryImport.Report(2, 251, 0, 1, 0));
      assertThat(ids(ALICE)).hasSize(2).contains("chat");
    }
    String renamed = ids(ALICE).get(1);
    assertThat(renamed).startsWith("chat-");
    assertThat(rows(bed.direct().last(ALICE, renamed, 1_000))).isEqualTo(rows(chat));
    assertThat(bed.direct().preferences(ALICE).activeConversation()).isEqualTo(renamed);
  }

  @Test
  void row_3_9_aConversationWhoseIdIsTakenIsSkipped() {
    occupy();
    assertThat(run(DirectoryImport.Collision.SKIP))
        .isEqualTo(new DirectoryImport.Report(1, 0, 0, 0, 1));
    assertThat(bed.direct().last(ALICE, "chat", 1_000))
        .extracting(StoredMessage::text)
        .containsExactly("there before");
  }

  @Test
  void row_3_9_aDirectoryOfADatabaseIsRefused() {
    node.close();
    assertThatThrownBy(
            () -> DirectoryImport.run(bed.files("a"), bed.direct(), DirectoryImport.Collision.JOIN))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("local copy of a database");
  }

  @Test
  void row_3_9_fromTheCommandLine(@TempDir Path fresh) {
    Map<String, String> environment = Map.of("DATA_PATH", fresh.toString());
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    PrintStream printed = new PrintStream(out, true, StandardCharsets.UTF_8);
    String[] wrong = {old.toString()};
    assertThat(DirectoryImport.run(wrong, environment, printed)).isEqualTo(2);
    String[] same = {fresh.toString(), "join"};
    assertThat(DirectoryImport.run(same, environment, printed)).isEqualTo(1);
    String[] right = {old.toString(), "join"};
    assertThat(DirectoryImport.run(right, environment, printed)).isZero();
    assertThat(out.toString(StandardCharsets.UTF_8))
        .contains("copied 2 conversations with 251 messages");
  }
}
