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
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.testkit.TestPostgres;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A directory that was filled without a database meets one, and is opened without it again. */
class AdoptionTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");

  private Testbed bed;

  @BeforeEach
  void open() {
    bed = Testbed.withSchema(TestPostgres.shared());
  }

  @AfterEach
  void close() {
    bed.close();
  }

  private ConversationStore alone(String node) {
    return HybridStore.openWithoutDatabase(bed.files(node), HybridOptions.defaults());
  }

  /** Everything visible to a caller about a conversation, except where it was read. */
  private static List<Object> seen(ConversationStore store, Owner owner, String id) {
    Conversation conversation = store.find(owner, id).orElseThrow();
    List<Object> all = new ArrayList<>();
    all.add(conversation.title());
    all.add(conversation.status());
    all.add(conversation.settings());
    all.add(conversation.metadata());
    all.add(conversation.tags());
    all.add(conversation.pinned());
    all.add(conversation.createdAt());
    all.add(conversation.updatedAt());
    all.add(conversation.messageCount());
    all.add(conversation.usage());
    for (StoredMessage message : messages(store, owner, id)) {
      all.add(message.id());
      all.add(message.createdAt());
      all.add(String.valueOf(message.editedAt()));
      all.add(message.message());
    }
    return all;
  }

  private static List<StoredMessage> messages(ConversationStore store, Owner owner, String id) {
    List<StoredMessage> all = new ArrayList<>();
    MessageQuery query = MessageQuery.first(3);
    while (true) {
      var page = store.messages(owner, id, query);
      all.addAll(page.items());
      if (!page.hasMore()) {
        return all;
      }
      query = query.withCursor(page.cursor());
    }
  }

  private static List<String> texts(ConversationStore store, Owner owner, String id) {
    return messages(store, owner, id).stream().map(message -> message.message().text()).toList();
  }

  private static List<String> ids(ConversationStore store, Owner owner) {
    return store.list(owner, ConversationQuery.all()).stream().map(Conversation::id).toList();
  }

  private void fill(ConversationStore store) {
    store.createIfAbsent(
        ALICE,
        NewConversation.ofId("rich")
            .withTitle("Tea")
            .withSettings(Map.of("model", "small"))
            .withMetadata(Map.of("k", 1))
            .withTags("a", "b")
            .withPinned(true));
    for (int i = 0; i < 8; i++) {
      store.append(ALICE, "rich", Message.user("rich " + i));
    }
    UUID edited = messages(store, ALICE, "rich").get(2).id();
    UUID deleted = messages(store, ALICE, "rich").get(4).id();
    store.edit(ALICE, "rich", edited, MessageEdit.text("edited"));
    store.deleteMessage(ALICE, "rich", deleted);
    store.update(ALICE, "rich", ConversationUpdate.touch().withTitle("Green tea"));
    store.createIfAbsent(ALICE, NewConversation.ofId("archived").withTitle("Old"));
    store.append(ALICE, "archived", Message.user("old"));
    store.update(
        ALICE, "archived", ConversationUpdate.touch().withStatus(ConversationStatus.ARCHIVED));
    store.createIfAbsent(ALICE, NewConversation.ofId("empty"));
    store.createIfAbsent(ALICE, NewConversation.ofId("deleted"));
    store.append(ALICE, "deleted", Message.user("gone"));
    store.delete(ALICE, "deleted");
    store.createIfAbsent(ALICE, NewConversation.ofId("again"));
    store.delete(ALICE, "again");
    store.createIfAbsent(ALICE, NewConversation.ofId("again"));
    store.append(ALICE, "again", Message.user("anew"));
    store.updatePreferences(
        ALICE, PreferencesUpdate.none().withActiveConversation("rich").withSelectedModel("small"));
    store.createIfAbsent(BOB, NewConversation.ofId("bobs"));
    store.append(BOB, "bobs", Message.user("erased"));
    store.erase(BOB);
    store.createIfAbsent(BOB, NewConversation.ofId("after"));
    store.append(BOB, "after", Message.user("after the erasure"));
  }

  @Test
  void whatWasWrittenWithoutADatabaseIsInItAfterTheFirstStartWithOne() {
    Map<String, List<Object>> before;
    List<String> order;
    try (ConversationStore store = alone("a")) {
      fill(store);
      before =
          Map.of(
              "rich", seen(store, ALICE, "rich"),
              "archived", seen(store, ALICE, "archived"),
              "empty", seen(store, ALICE, "empty"),
              "again", seen(store, ALICE, "again"));
      order = ids(store, ALICE);
    }
    ConversationStore node = bed.node("a");
    // From the first moment, whether sent or not.
    before.forEach((id, all) -> assertThat(seen(node, ALICE, id)).as(id).isEqualTo(all));
    Testbed.awaitDrained(node);

    ConversationStore database = bed.direct();
    before.forEach((id, all) -> assertThat(seen(database, ALICE, id)).as(id).isEqualTo(all));
    before.forEach((id, all) -> assertThat(seen(node, ALICE, id)).as(id).isEqualTo(all));
    assertThat(ids(database, ALICE)).isEqualTo(order).doesNotContain("deleted");
    assertThat(ids(database, BOB)).containsExactly("after");
    assertThat(database.preferences(ALICE).activeConversation()).isEqualTo("rich");
    assertThat(database.preferences(ALICE).selectedModel()).isEqualTo("small");
    StoreState.Adoption adoption = node.state().adoption();
    assertThat(adoption).isNotNull();
    assertThat(adoption.ended()).isNotNull();
    assertThat(adoption.sentConversations()).isEqualTo(5);
    assertThat(adoption.sentMessages()).isEqualTo(7 + 1 + 1 + 1);

    bed.goDown(node);
    before.forEach((id, all) -> assertThat(seen(node, ALICE, id)).as(id).isEqualTo(all));
    assertThat(ids(node, ALICE)).isEqualTo(order);
    node.append(ALICE, "rich", Message.user("offline"));
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(texts(database, ALICE, "rich")).endsWith("offline").hasSize(8);
  }

  @Test
  void anIdThatTheDatabaseHasIsJoined() {
    try (ConversationStore store = alone("a")) {
      store.createIfAbsent(ALICE, NewConversation.ofId("default").withTitle("mine"));
      for (int i = 0; i < 7; i++) {
        store.append(ALICE, "default", Message.user("mine " + i));
      }
    }
    ConversationStore database = bed.direct();
    database.createIfAbsent(ALICE, NewConversation.ofId("default").withTitle("theirs"));
    for (int i = 0; i < 5; i++) {
      database.append(ALICE, "default", Message.user("theirs " + i));
    }
    ConversationStore node = bed.node("a");
    Testbed.awaitDrained(node);
    assertThat(texts(database, ALICE, "default"))
        .containsExactly(
            "theirs 0",
            "theirs 1",
            "theirs 2",
            "theirs 3",
            "theirs 4",
            "mine 0",
            "mine 1",
            "mine 2",
            "mine 3",
            "mine 4",
            "mine 5",
            "mine 6");
    assertThat(database.find(ALICE, "default").orElseThrow().title()).isEqualTo("theirs");
    Testbed.await("the copy is whole", () -> node.state().mirror().asOf() != null);
    bed.goDown(node);
    assertThat(texts(node, ALICE, "default")).isEqualTo(texts(database, ALICE, "default"));
    assertThat(node.find(ALICE, "default").orElseThrow().provenance().complete()).isTrue();
  }

  @Test
  void writesBeforeTheFirstContactAreLaidOverAndSentBehindIt() {
    try (ConversationStore store = alone("a")) {
      fill(store);
    }
    bed.goDown();
    ConversationStore node = bed.node("a");
    List<String> before = texts(node, ALICE, "rich");
    node.append(ALICE, "rich", Message.user("offline"));
    node.edit(ALICE, "rich", messages(node, ALICE, "rich").get(0).id(), MessageEdit.text("first"));
    node.delete(ALICE, "again");
    node.createIfAbsent(ALICE, NewConversation.ofId("again"));
    node.append(ALICE, "again", Message.user("third"));
    node.erase(BOB);
    List<String> expected = new ArrayList<>(before);
    expected.set(0, "first");
    expected.add("offline");
    assertThat(texts(node, ALICE, "rich")).isEqualTo(expected);
    assertThat(texts(node, ALICE, "again")).containsExactly("third");
    node.close();

    // Removing the settings of the database hides nothing.
    try (ConversationStore offline = alone("a")) {
      assertThat(offline.state().mode()).isEqualTo(StoreState.Mode.OFFLINE);
      assertThat(offline.state().reason())
          .contains("no database is configured")
          .contains(bed.database());
      assertThat(texts(offline, ALICE, "rich")).isEqualTo(expected);
      offline.append(ALICE, "rich", Message.user("without settings"));
      expected.add("without settings");
    }
    assertThatThrownBy(() -> JsonFileStore.open(bed.files("a")))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("wait for a database");

    bed.comeBack();
    ConversationStore again = bed.node("a");
    assertThat(texts(again, ALICE, "rich")).isEqualTo(expected);
    Testbed.awaitDrained(again);
    ConversationStore database = bed.direct();
    assertThat(texts(database, ALICE, "rich")).isEqualTo(expected);
    assertThat(texts(database, ALICE, "again")).containsExactly("third");
    assertThat(ids(database, BOB)).isEmpty();
    assertThat(again.state().rejected()).isEmpty();
  }

  @Test
  void aDirectoryThatBelongsToADatabaseOpensWithoutItsSettingsAsOffline() {
    ConversationStore node = bed.node("a");
    node.createIfAbsent(ALICE, NewConversation.ofId("chat"));
    node.append(ALICE, "chat", Message.user("online"));
    Testbed.await("the copy is whole", () -> node.state().mirror().asOf() != null);
    node.close();
    try (ConversationStore offline = alone("a")) {
      assertThat(texts(offline, ALICE, "chat")).containsExactly("online");
      offline.append(ALICE, "chat", Message.user("offline"));
      assertThat(offline.state().pending().changes()).isEqualTo(1);
      assertThat(offline.state().reason()).contains(bed.database()).doesNotContain("secret");
    }
    ConversationStore again = bed.node("a");
    Testbed.awaitDrained(again);
    assertThat(texts(bed.direct(), ALICE, "chat")).containsExactly("online", "offline");
  }

  @Test
  void refusalNamesTheDirectoryTheVariableAndWhatIsInItAndChangesNothing() {
    try (ConversationStore store = alone("a")) {
      fill(store);
    }
    HybridOptions refuse = HybridOptions.defaults().withLocalData(LocalData.REFUSE);
    assertThatThrownBy(() -> bed.node("a", refuse))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining(bed.directory("a").toString())
        .hasMessageContaining("LOCAL_DATA=refuse")
        .hasMessageContaining("5 conversations with 10 messages of 2 users");
    try (ConversationStore store = alone("a")) {
      assertThat(store.state().mode()).isEqualTo(StoreState.Mode.LOCAL_ONLY);
      store.delete(ALICE, "rich");
      store.delete(ALICE, "archived");
      store.delete(ALICE, "empty");
      store.delete(ALICE, "again");
      store.delete(BOB, "after");
    }
    Testbed.awaitDrained(bed.node("a", refuse));
  }

  @Test
  void aSendingThatIsCutOffAtAnyCallIsResumedAndDoublesNothing() {
    for (int cut = 1; cut < 12; cut++) {
      String name = "cut" + cut;
      Owner owner = Owner.of("acme", name);
      try (ConversationStore store = alone(name)) {
        for (int i = 0; i < 3; i++) {
          store.createIfAbsent(owner, NewConversation.ofId("chat" + i));
          for (int j = 0; j < 4; j++) {
            store.append(owner, "chat" + i, Message.user(i + " " + j));
          }
        }
        store.updatePreferences(owner, PreferencesUpdate.none().withSelectedModel("small"));
      }
      AtomicInteger calls = new AtomicInteger();
      AtomicBoolean isCut = new AtomicBoolean();
      int at = cut;
      Testbed.Interposition node =
          bed.interposed(
              name,
              HybridOptions.defaults(),
              primary ->
                  primary.before(
                      (method, arguments) -> {
                        if (calls.incrementAndGet() == at) {
                          bed.goDown();
                          isCut.set(true);
                        }
                      }),
              local -> {});
      for (int i = 0; i < 3; i++) {
        assertThat(texts(node.store(), owner, "chat" + i)).hasSize(4);
      }
      Testbed.await(
          "it is cut off, or done",
          () -> isCut.get() || node.store().state().mode() == StoreState.Mode.ONLINE);
      bed.comeBack();
      Testbed.awaitDrained(node.store());
      for (int i = 0; i < 3; i++) {
        assertThat(texts(bed.direct(), owner, "chat" + i))
            .containsExactly(i + " 0", i + " 1", i + " 2", i + " 3");
      }
      node.store().close();
    }
  }
}
