package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.AppendConditionFailedException;
import io.conversationstore.ContentPart;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.Message;
import io.conversationstore.MessageConflictException;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.ToolCall;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.FaultProxy.CutPoint;
import io.conversationstore.testkit.TestPostgres;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The store over a real PostgreSQL, through the public interface. */
class PostgresStoreTest {

  private static Databases databases;
  private static ConversationStore store;

  @BeforeAll
  static void open() {
    databases = Databases.create();
    store = PostgresStore.open(databases.options());
  }

  @AfterAll
  static void close() {
    store.close();
    store.close();
    assertThatThrownBy(() -> store.find(ALICE, "x")).isInstanceOf(IllegalStateException.class);
  }

  private static Owner someone() {
    return Owner.of("acme", UUID.randomUUID().toString());
  }

  @Test
  void everyKindOfContentComesBackAsItWas() {
    Owner owner = someone();
    String id = store.create(owner, "все 🙂 שלום").id();
    List<Message> said =
        List.of(
            Message.of(Role.USER),
            Message.user(""),
            Message.user("nul \u0000 and \uD83D lone, 🙂, مرحبا, שלום"),
            Message.of(
                Role.ASSISTANT,
                new ContentPart.Reasoning("because", "sig"),
                new ContentPart.Text("a"),
                new ContentPart.Text("b"),
                ContentPart.Media.of("image/png", new byte[] {0, -1, 5}),
                new ContentPart.Unknown(Map.of("type", "video", "n", 1.50))),
            Message.calling(ToolCall.function("c1", "weather", "{\"city\": \"Oslo\",  }"))
                .withModel("m-1")
                .withUsage(new TokenUsage(3, 4, 9))
                .withMetadata(Map.of("k", List.of(1, "x"))),
            Message.toolResult("c1", "weather", "rain").withToolError(true));
    List<StoredMessage> written = store.append(owner, id, said, AppendCondition.always());
    List<StoredMessage> read = store.last(owner, id, 20);
    assertThat(read).isEqualTo(written);
    assertThat(read).extracting(StoredMessage::seq).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
    for (int i = 0; i < said.size(); i++) {
      assertThat(read.get(i).message().withId(null)).isEqualTo(said.get(i));
    }
    assertThat(store.find(owner, id).orElseThrow().usage()).isEqualTo(new TokenUsage(3, 4, 9));
    assertThat(store.history(owner, MessageQuery.last(20)).items()).isEqualTo(written);
  }

  @Test
  void appendIsIdempotentAndConditional() {
    Owner owner = someone();
    store.create(owner, NewConversation.ofId("c"));
    assertThatThrownBy(() -> store.create(owner, NewConversation.ofId("c")))
        .isInstanceOf(ConversationExistsException.class);
    Message hello = Message.user("hello").withId(UUID.randomUUID());
    StoredMessage first = store.append(owner, "c", hello).get(0);
    assertThat(store.append(owner, "c", hello)).containsExactly(first);
    assertThat(store.append(owner, "c", List.of(hello), AppendCondition.ifEmpty()))
        .containsExactly(first);
    assertThatThrownBy(
            () -> store.append(owner, "c", List.of(Message.user("x")), AppendCondition.ifEmpty()))
        .isInstanceOf(AppendConditionFailedException.class);
    assertThatThrownBy(
            () ->
                store.append(
                    owner, "c", Message.user("new"), Message.user("SECRET").withId(hello.id())))
        .isInstanceOf(MessageConflictException.class)
        .hasMessageContaining(String.valueOf(hello.id()))
        .hasMessageNotContaining("SECRET");
    assertThat(store.last(owner, "c", 10)).containsExactly(first);
    assertThatThrownBy(() -> store.append(owner, "nowhere", hello))
        .isInstanceOf(ConversationNotFoundException.class);
  }

  @Test
  void editDeleteRecreateAndErase() {
    Owner owner = someone();
    store.create(owner, NewConversation.ofId("c").withTitle("t"));
    List<StoredMessage> turn = store.append(owner, "c", Message.user("a"), Message.user("b"));
    StoredMessage edited = store.edit(owner, "c", turn.get(0).id(), MessageEdit.text("changed"));
    assertThat(edited.text()).isEqualTo("changed");
    assertThat(edited.editedAt()).isNotNull();
    assertThat(store.deleteMessage(owner, "c", turn.get(1).id())).isTrue();
    assertThat(store.deleteMessage(owner, "c", turn.get(1).id())).isFalse();
    assertThat(store.last(owner, "c", 10)).containsExactly(edited);
    var cursor = store.messages(owner, "c", MessageQuery.first(1)).cursor();
    store.updatePreferences(owner, PreferencesUpdate.none().withActiveConversation("c"));
    assertThat(store.preferences(owner).activeConversation()).isEqualTo("c");
    assertThat(store.delete(owner, "c")).isTrue();
    assertThat(store.delete(owner, "c")).isFalse();
    assertThat(store.preferences(owner).activeConversation()).isNull();
    assertThat(store.create(owner, NewConversation.ofId("c")).generation()).isEqualTo(2);
    assertThat(store.last(owner, "c", 10)).isEmpty();
    assertThatThrownBy(() -> store.messages(owner, "c", MessageQuery.first(1).withCursor(cursor)))
        .isInstanceOf(CursorExpiredException.class);
    store.append(owner, "c", Message.user("x"));
    var receipt = store.erase(owner);
    assertThat(receipt.removed().get(0).messages()).isEqualTo(1);
    assertThat(store.count(owner)).isEqualTo(new OwnerCounts(0, 0));
    assertThat(store.create(owner, NewConversation.ofId("c")).generation()).isEqualTo(1);
  }

  @Test
  void listsByLastUseAndFilters() {
    Owner owner = someone();
    for (int i = 0; i < 5; i++) {
      store.create(owner, NewConversation.ofId("c" + i).withTags("t" + i % 2).withPinned(i == 3));
    }
    store.archive(owner, "c1");
    var page = store.list(owner, ConversationQuery.all().withLimit(2));
    assertThat(page).extracting("id").containsExactly("c1", "c4");
    var second = store.list(owner, ConversationQuery.all().withLimit(2).withCursor(page.cursor()));
    assertThat(second).extracting("id").containsExactly("c3", "c2");
    assertThat(store.list(owner, ConversationQuery.all().withStatus(ConversationStatus.ARCHIVED)))
        .extracting("id")
        .containsExactly("c1");
    assertThat(store.list(owner, ConversationQuery.all().withTag("t0")).items()).hasSize(3);
    assertThat(store.list(owner, ConversationQuery.all().withPinned(true)).items()).hasSize(1);
    var updated =
        store.update(
            owner, "c0", ConversationUpdate.touch().withTitle("new").withMetadata(Map.of("a", 1)));
    assertThat(updated.metadata()).isEqualTo(Map.of("a", 1L));
  }

  @Test
  void savesAllOrNothingAndTwiceChangesNothing() {
    Owner owner = someone();
    List<ConversationDocument> documents =
        List.of(
            ConversationDocument.of(
                NewConversation.ofId("a").withTitle("A"),
                List.of(Message.user("1"), Message.assistant("2"))),
            ConversationDocument.of(NewConversation.ofId("b"), List.of(Message.user("3"))));
    store.save(owner, documents);
    List<StoredMessage> before = store.history(owner, MessageQuery.first(10)).items();
    store.save(owner, documents);
    assertThat(store.history(owner, MessageQuery.first(10)).items()).isEqualTo(before).hasSize(3);
    assertThat(store.find(owner, "a").orElseThrow().messageCount()).isEqualTo(2);
  }

  @Test
  void writersOfOneConversationLoseNothing() throws Exception {
    Owner owner = someone();
    store.create(owner, NewConversation.ofId("c"));
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Callable<Void>> writers = new ArrayList<>();
    for (int w = 0; w < 8; w++) {
      writers.add(
          () -> {
            for (int i = 0; i < 25; i++) {
              store.append(owner, "c", Message.user("m"));
            }
            return null;
          });
    }
    for (Future<Void> done : threads.invokeAll(writers)) {
      done.get();
    }
    threads.shutdown();
    List<StoredMessage> all = store.last(owner, "c", 1000);
    assertThat(all).hasSize(200);
    for (int i = 0; i < 200; i++) {
      assertThat(all.get(i).seq()).isEqualTo(i + 1);
      assertThat(i == 0 || !all.get(i).createdAt().isBefore(all.get(i - 1).createdAt())).isTrue();
    }
  }

  @Test
  void row_0_7_operatorsFunctions() {
    Owner owner = Owner.of("ops", "u");
    store.create(owner, NewConversation.ofId("kept").withPinned(true));
    store.create(owner, NewConversation.ofId("c"));
    store.append(owner, "kept", Message.user("1"));
    store.append(owner, "c", Message.user("2"));
    assertThat(store.operator().activeUsers("ops", Duration.ofDays(1), 10)).hasSize(1);
    assertThat(store.operator().statistics("ops").messagesToday()).isEqualTo(2);
    assertThat(store.operator().health().healthy()).isTrue();
    assertThat(store.operator().deleteMessagesOlderThan(Duration.ofDays(1))).isZero();
  }

  @Test
  void anAppendIsOneRoundTrip() {
    Owner owner = someone();
    try (FaultProxy proxy = FaultProxy.to(TestPostgres.shared());
        ConversationStore proxied =
            PostgresStore.open(databases.through(proxy.host(), proxy.port()).withPoolSize(1, 1))) {
      proxied.create(owner, NewConversation.ofId("c"));
      for (int i = 0; i < 10; i++) {
        proxied.append(owner, "c", Message.user("warm"));
      }
      long before = proxy.roundTrips();
      for (int i = 0; i < 20; i++) {
        proxied.append(owner, "c", Message.user("hello"));
      }
      assertThat(proxy.roundTrips() - before).isEqualTo(20);
    }
  }

  @Test
  void aFirstConnectionThatBreaksWhileThePoolLooksAtItIsTheOnlyOneLost() {
    Owner owner = someone();
    try (FaultProxy proxy = FaultProxy.to(TestPostgres.shared())) {
      FaultProxy.Cut cut = proxy.cutOn("TRANSACTION ISOLATION", CutPoint.BEFORE_FORWARD);
      try (PrimaryStore proxied =
          PostgresStore.openEngine(
              databases.through(proxy.host(), proxy.port()).withPoolSize(1, 1))) {
        int failed = 0;
        while (!cut.happened()) {
          try {
            proxied.find(owner, "c");
          } catch (EngineFailureException e) {
            assertThat(++failed).isLessThan(10);
          }
        }
        for (int i = 0; i < 10; i++) {
          assertThat(proxied.find(owner, "c").conversation()).isNull();
        }
      }
    }
  }

  @Test
  void row_0_8_worksOnADataSourceThatItIsGiven() {
    TestPostgres server = TestPostgres.shared();
    String database = server.createDatabase();
    Owner owner = Owner.of("given", "source");
    try (ConversationStore given =
        PostgresStore.open(PostgresOptions.dataSource(server.dataSource(database)))) {
      given.createIfAbsent(owner, NewConversation.ofId("c"));
      given.append(owner, "c", Message.user("x"));
      assertThat(given.last(owner, "c", 20)).hasSize(1);
    }
  }
}
