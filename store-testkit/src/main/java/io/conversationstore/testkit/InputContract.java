package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.ContentPart;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Cursor;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreLimits;
import io.conversationstore.StoreOperator;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.ToolCall;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Input at and beyond the limits, and the contents of error texts. */
abstract class InputContract extends ContractBase {

  /** Text that no error text may contain. */
  private static final String MARKER = "MARKER-7f3a";

  @Override
  StoreLimits limits() {
    return StoreLimits.DEFAULT
        .withMaxMessageBytes(4_000)
        .withMaxMetadataBytes(1_000)
        .withMaxJsonDepth(64)
        .withMaxMessagesPerAppend(50)
        .withMaxBulkBytes(20_000)
        .withMaxUserMessageCharacters(1_000);
  }

  /** A JSON object with this many levels. */
  static Map<String, @Nullable Object> nested(int levels) {
    Map<String, @Nullable Object> object = Map.of();
    for (int i = 1; i < levels; i++) {
      object = Collections.singletonMap("k", object);
    }
    return object;
  }

  @Test
  @DisplayName("1.1: ids may contain hostile text")
  void row_1_1_hostileConversationIds() {
    List<String> ids = Generators.hostileIds();
    for (String id : ids) {
      chat(id);
      say(id, "in " + id);
    }
    assertThat(store().count(alice).conversations()).isEqualTo(ids.size());
    for (String id : ids) {
      assertThat(texts(id)).containsExactly("in " + id);
      assertThat(store().find(alice, id).map(Conversation::id)).contains(id);
    }
    assertThat(
            Walks.conversations(store(), alice, ConversationQuery.all().withLimit(3)).stream()
                .map(Conversation::id))
        .containsExactlyInAnyOrderElementsOf(ids);
    for (String id : ids) {
      assertThat(store().delete(alice, id)).isTrue();
    }
  }

  @Test
  @DisplayName("0.3: owners may contain hostile text")
  void row_0_3_hostileOwners() {
    for (String id : Generators.hostileIds()) {
      Owner owner = user(id);
      store().create(owner, NewConversation.ofId("c").withTitle(id).withTags(id));
      store().append(owner, "c", Message.user("x").withName(id).withModel(id).withUsage(null));
    }
    for (String id : Generators.hostileIds()) {
      Conversation found = store().find(user(id), "c").orElseThrow();
      assertThat(found.title()).isEqualTo(id);
      assertThat(found.tags()).containsExactly(id);
      assertThat(store().count(user(id)).messages()).isEqualTo(1);
      assertThat(store().list(user(id), ConversationQuery.all().withTag(id)).size()).isEqualTo(1);
    }
  }

  @Test
  @DisplayName("1.1: ids of 1 to 255 characters without NUL and lone surrogates; titles to 500")
  void row_1_1_badIdsAreRefused() {
    for (String bad : List.of("", " ", "a\u0000", "\uD83D", "\uDE00x", "x".repeat(256))) {
      refused(() -> store().create(alice, NewConversation.ofId(bad)));
      refused(() -> store().find(alice, bad));
      refused(() -> store().delete(alice, bad));
      refused(() -> store().append(alice, bad, Message.user("x")));
      refused(() -> store().messages(alice, bad, MessageQuery.first(1)));
      refused(() -> store().touch(alice, bad));
    }
    refused(() -> NewConversation.titled("x".repeat(501)));
    refused(() -> NewConversation.titled("a\u0000"));
    refused(() -> NewConversation.titled("").withTags(""));
    assertThat(store().create(alice, "x".repeat(500)).title()).hasSize(500);
  }

  @Test
  @DisplayName("0.4: roles are checked in the library")
  void row_0_4_rolesAreChecked() {
    refused(() -> Role.ofWireName("moderator"));
    refused(() -> Role.ofWireName("USER"));
    chat("a");
    for (Role role : Role.values()) {
      assertThat(Role.ofWireName(role.wireName())).isEqualTo(role);
      assertThat(store().append(alice, "a", Message.of(role, "x")).get(0).role()).isEqualTo(role);
    }
  }

  @Test
  @DisplayName("2.2: a page has 1 to 1,000 items; a turn has at least one message")
  void row_2_2_badLimitsAreRefused() {
    chat("a");
    for (int bad : new int[] {0, -1, 1_001}) {
      refused(() -> store().last(alice, "a", bad));
      refused(() -> MessageQuery.first(bad));
      refused(() -> ConversationQuery.all().withLimit(bad));
    }
    refused(() -> store().append(alice, "a"));
    refused(
        () ->
            store()
                .append(
                    alice,
                    "a",
                    Collections.nCopies(51, Message.user("x")),
                    AppendCondition.always()));
    assertThat(say("a", numbered("m", 50))).hasSize(50);
  }

  @Test
  @DisplayName("2.5: with the limit set, a user message has at most 1,000 characters")
  void row_2_5_userMessagesAreLimited() {
    chat("a");
    say("a", "x".repeat(1_000));
    refused(() -> say("a", "x".repeat(1_001)));
    refused(() -> say("a", "short", "x".repeat(1_001)));
    store().append(alice, "a", Message.assistant("x".repeat(1_001)));
    assertThat(texts("a")).hasSize(2);
  }

  @Test
  @DisplayName(
      "2.5: the limit for user messages applies to edits and saves, but not to other roles")
  void row_2_5_theRuleHoldsForEveryWayIn() {
    chat("a");
    UUID user = say("a", "short").get(0).id();
    UUID assistant = store().append(alice, "a", Message.assistant("short")).get(0).id();
    refused(() -> store().edit(alice, "a", user, MessageEdit.text("x".repeat(1_001))));
    ContentPart half = new ContentPart.Text("x".repeat(501));
    refused(() -> store().edit(alice, "a", user, MessageEdit.of(List.of(half, half))));
    ContentPart foreign =
        new ContentPart.Unknown(Map.of("type", "input_text", "text", "x".repeat(1_001)));
    refused(() -> store().edit(alice, "a", user, MessageEdit.of(List.of(foreign))));
    refused(() -> store().append(alice, "a", Message.of(Role.USER, foreign)));
    refused(
        () ->
            store()
                .save(
                    alice,
                    ConversationDocument.of(
                        NewConversation.ofId("b"), List.of(Message.user("x".repeat(1_001))))));
    assertThat(texts("a")).containsExactly("short", "short");
    assertThat(store().find(alice, "b")).isEmpty();
    store().edit(alice, "a", user, MessageEdit.text("x".repeat(1_000)));
    store().edit(alice, "a", assistant, MessageEdit.text("x".repeat(1_001)));
    assertThat(texts("a")).containsExactly("x".repeat(1_000), "x".repeat(1_001));
    assertThatThrownBy(
            () -> store().edit(alice, "a", UUID.randomUUID(), MessageEdit.text("x".repeat(1_001))))
        .isInstanceOf(MessageNotFoundException.class);
  }

  @Test
  @DisplayName("1.2: the id of a tool call is any text and is stored unchanged")
  void row_1_2_idsOfToolCallsAreAnyText() {
    chat("a");
    for (String id : List.of("", " ", "x".repeat(256), "id ".repeat(500), "\u0130\uD83D\uDE00")) {
      Message call = Message.calling(ToolCall.function(id, "f", "{}"));
      Message result = Message.toolResult(id, "f", "done");
      List<StoredMessage> stored = store().append(alice, "a", call, result);
      assertThat(stored.get(0).toolCalls().get(0).id()).isEqualTo(id);
      assertThat(stored.get(1).message().toolCallId()).isEqualTo(id);
      List<StoredMessage> read = store().last(alice, "a", 2);
      assertThat(read).isEqualTo(stored);
    }
    store()
        .save(
            alice,
            ConversationDocument.of(
                NewConversation.ofId("b"), List.of(Message.toolResult("", "f", "done"))));
    assertThat(store().last(alice, "b", 1).get(0).message().toolCallId()).isEmpty();
  }

  @Test
  @DisplayName("5.2: numbers out of range are rejected with their names")
  void row_5_2_numbersBeyondAllMeasure() {
    chat("a");
    StoreOperator operator = store().operator();
    for (Duration age :
        List.of(
            Duration.ofSeconds(Long.MAX_VALUE),
            Duration.ofSeconds(Long.MIN_VALUE),
            Duration.ofDays(365_001),
            Duration.ofNanos(-1))) {
      named("age", () -> operator.deleteMessagesOlderThan(age));
      named("age", () -> operator.purgeDeleted(age));
      named("idle", () -> operator.archiveIdle(age));
      named("window", () -> operator.activeUsers(alice.tenantId(), age, 10));
    }
    assertThat(operator.deleteMessagesOlderThan(StoreOperator.LONGEST_AGE)).isZero();
    assertThat(operator.purgeDeleted(StoreOperator.LONGEST_AGE)).isZero();
    assertThat(operator.archiveIdle(StoreOperator.LONGEST_AGE)).isZero();
    operator.activeUsers(alice.tenantId(), StoreOperator.LONGEST_AGE, 10);
    named("promptTokens", () -> TokenUsage.of(Long.MAX_VALUE, 1));
    TokenUsage large = new TokenUsage(0, Long.MAX_VALUE, 0);
    named("completionTokens", () -> large.plus(large));
    long most = TokenUsage.MAX_PER_MESSAGE;
    named("usage.totalTokens", () -> usage(new TokenUsage(0, 0, most + 1)));
    named("usage.promptTokens", () -> usage(new TokenUsage(Long.MAX_VALUE, 0, 0)));
    for (int i = 0; i < 3; i++) {
      store().append(alice, "a", usage(new TokenUsage(most, most, most)));
    }
    assertThat(store().find(alice, "a").orElseThrow().usage())
        .isEqualTo(new TokenUsage(3 * most, 3 * most, 3 * most));
  }

  private static Message usage(TokenUsage usage) {
    return Message.assistant("x").withModel("m").withUsage(usage);
  }

  private static void named(String name, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(name);
  }

  @Test
  @DisplayName("2.2: an invalid cursor is rejected, whatever it contains")
  void row_2_2_forgedCursors() {
    chat("a");
    say("a", "one", "two");
    String history = UUID.randomUUID().toString();
    for (String text :
        List.of(
            "",
            "m|x",
            "m|" + history + "|0|1|9223372036854775808|-",
            "m|" + history + "|0|1|1|no-uuid",
            "h|" + history + "|9223372036854775807|1|-|a",
            "h|" + history + "|-9223372036854775808|1|-|a",
            "h|" + history + "|0|1|-|",
            "h|" + history + "|0|1|-|a\u0000",
            "h|" + history + "|0|1|-|" + "a".repeat(256),
            "c|" + history + "|9223372036854775807|a",
            "c|" + history + "|0|")) {
      String token =
          Base64.getUrlEncoder().encodeToString(("z" + text).getBytes(StandardCharsets.UTF_8));
      for (String forged :
          List.of(
              token,
              "!" + text.length(),
              Base64.getUrlEncoder()
                  .encodeToString(
                      (text.isEmpty() ? "-" : text).getBytes(StandardCharsets.UTF_8)))) {
        Cursor cursor = new Cursor(forged);
        refused(() -> store().messages(alice, "a", MessageQuery.first(1).withCursor(cursor)));
        refused(() -> store().history(alice, MessageQuery.first(1).withCursor(cursor)));
        refused(() -> store().list(alice, ConversationQuery.all().withCursor(cursor)));
        refused(() -> store().search(alice, SearchQuery.of("one").withCursor(cursor)));
      }
    }
  }

  @Test
  @DisplayName("5.2: input beyond a limit is rejected before anything is stored")
  void row_5_2_limits() {
    chat("a");
    refused(() -> store().append(alice, "a", Message.assistant(MARKER.repeat(400))));
    Map<String, @Nullable Object> large = Map.of("k", MARKER.repeat(100));
    refused(() -> store().append(alice, "a", Message.user("x").withMetadata(large)));
    refused(() -> store().append(alice, "a", Message.user("x").withMetadata(nested(65))));
    refused(
        () -> store().append(alice, "a", Message.of(Role.USER, Generators.unknown(nested(65)))));
    refused(() -> store().create(alice, NewConversation.ofId("b").withMetadata(large)));
    refused(() -> store().update(alice, "a", ConversationUpdate.touch().withSettings(nested(65))));
    UUID id = say("a", "x").get(0).id();
    refused(() -> store().edit(alice, "a", id, MessageEdit.text(MARKER.repeat(400))));
    List<Message> many = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      many.add(Message.assistant(i + "x".repeat(3_000)));
    }
    refused(() -> store().save(alice, ConversationDocument.of(NewConversation.ofId("b"), many)));
    assertThat(texts("a")).containsExactly("x");
    assertThat(store().find(alice, "b")).isEmpty();
    Message deep = Message.user("y").withMetadata(nested(64));
    assertThat(store().append(alice, "a", deep).get(0).message().withId(null)).isEqualTo(deep);
  }

  @Test
  @DisplayName("4.10: error texts contain ids but no content")
  void row_4_10_errorsHoldNoContent() {
    chat("a");
    Message known = marked().withId(UUID.randomUUID());
    UUID id = store().append(alice, "a", known).get(0).id();
    NewConversation marked = NewConversation.ofId("a").withTitle(MARKER).withMetadata(metadata());
    quiet(() -> store().create(alice, marked));
    quiet(() -> store().append(alice, "none", marked()));
    quiet(() -> store().append(alice, "a", known.withName(MARKER)));
    quiet(() -> store().append(alice, "a", List.of(marked()), AppendCondition.ifEmpty()));
    quiet(() -> store().append(alice, "a", known, known));
    quiet(() -> store().append(alice, "a", Message.assistant(MARKER.repeat(1_000))));
    quiet(() -> store().append(alice, "a", Message.user(MARKER.repeat(100))));
    quiet(() -> store().edit(alice, "a", UUID.randomUUID(), MessageEdit.text(MARKER)));
    quiet(() -> store().edit(alice, "none", id, MessageEdit.text(MARKER)));
    quiet(() -> store().update(alice, "none", ConversationUpdate.touch().withTitle(MARKER)));
    quiet(
        () ->
            store()
                .update(
                    alice,
                    "a",
                    ConversationUpdate.touch().withMetadata(Map.of("k", MARKER.repeat(200)))));
    quiet(
        () -> store().save(alice, ConversationDocument.of(marked, Collections.nCopies(2, known))));
    quiet(() -> Message.user("x").withMetadata(Map.of(MARKER, new StringBuilder[0])));
    quiet(() -> NewConversation.titled(MARKER + "\u0000"));
    for (Object shown : List.of(known, store().last(alice, "a", 1).get(0).message(), marked)) {
      assertThat(shown.toString()).doesNotContain(MARKER);
    }
  }

  private static Message marked() {
    return Message.assistant(MARKER)
        .withMetadata(metadata())
        .withModel("m")
        .withUsage(TokenUsage.of(1, 1));
  }

  private static Map<String, @Nullable Object> metadata() {
    return Map.of("key " + MARKER, MARKER);
  }

  private static void quiet(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(RuntimeException.class)
        .satisfies(error -> requireQuiet(error, 0));
  }

  private static void requireQuiet(Throwable error, int depth) {
    assertThat(String.valueOf(error.getMessage()).contains(MARKER))
        .as("a %s contains content", error.getClass().getName())
        .isFalse();
    Throwable cause = error.getCause();
    if (cause != null && depth < 20) {
      requireQuiet(cause, depth + 1);
    }
    for (Throwable suppressed : error.getSuppressed()) {
      requireQuiet(suppressed, depth + 1);
    }
  }

  private static void refused(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .satisfies(error -> requireQuiet(error, 0));
  }

  @Test
  @DisplayName("4.8: a closed store rejects calls; closing twice has no effect")
  void row_4_8_closedStore() {
    chat("a");
    StoredMessage message = say("a", "x").get(0);
    ConversationStore closed = store();
    closeStore();
    closed.close();
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> closed.find(alice, "a"),
            () -> closed.append(alice, "a", message.message()),
            () -> closed.last(alice, "a", 1),
            () -> closed.count(alice),
            () -> closed.erase(alice))) {
      assertThatThrownBy(call).isInstanceOf(IllegalStateException.class);
    }
  }
}
