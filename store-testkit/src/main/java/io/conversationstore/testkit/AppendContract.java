package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.AppendConditionFailedException;
import io.conversationstore.Appended;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.Message;
import io.conversationstore.MessageConflictException;
import io.conversationstore.NewConversation;
import io.conversationstore.Role;
import io.conversationstore.StoreLimits;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.ToolCall;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Appending messages. */
abstract class AppendContract extends ContractBase {

  @BeforeEach
  void createChat() {
    chat("a");
  }

  @Test
  @DisplayName("0.1: a message gets a UUID and a creation time")
  void row_0_1_messageGetsIdAndTime() {
    Conversation before = store().find(alice, "a").orElseThrow();
    StoredMessage stored =
        store()
            .append(alice, "a", Message.user("hello").withMetadata(Map.of("k", List.of(1, "x"))))
            .get(0);
    assertThat(stored.id().version()).isEqualTo(7);
    assertThat(stored.conversationId()).isEqualTo("a");
    assertThat(stored.seq()).isEqualTo(1);
    assertThat(stored.role()).isEqualTo(Role.USER);
    assertThat(stored.text()).isEqualTo("hello");
    assertThat(stored.message().metadata()).isEqualTo(Map.of("k", List.of(1L, "x")));
    assertThat(stored.createdAt()).isAfterOrEqualTo(before.createdAt());
    assertThat(stored.createdAt()).isEqualTo(stored.createdAt().truncatedTo(ChronoUnit.MICROS));
    assertThat(stored.editedAt()).isNull();
    assertThat(Walks.messages(store(), alice, "a")).containsExactly(stored);
  }

  @Test
  @DisplayName("5.2: nothing in a message is lost")
  void row_5_2_everyMessageRoundTrips() {
    Generators generators = Generators.seeded(52);
    List<Message> given = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      Message message = generators.message().withId(generators.uuid());
      given.add(message);
      StoredMessage stored = store().append(alice, "a", message).get(0);
      assertThat(stored.message().equals(message)).as("message %s as appended", i).isTrue();
    }
    List<StoredMessage> read = Walks.messages(store(), alice, "a");
    assertThat(read).hasSize(given.size());
    for (int i = 0; i < given.size(); i++) {
      assertThat(read.get(i).message().equals(given.get(i))).as("message %s as read", i).isTrue();
    }
  }

  @Test
  @DisplayName("5.11: a message with a NUL or a broken surrogate is not lost")
  void row_5_11_hostileTextIsKept() {
    for (String text : Generators.hostileTexts()) {
      Message result =
          Message.toolResult("call", "tool", text).withMetadata(Map.of("k" + text, text));
      StoredMessage stored = store().append(alice, "a", result).get(0);
      assertThat(stored.message().withId(null).equals(result)).isTrue();
    }
    assertThat(
            Walks.messages(store(), alice, "a").stream()
                .map(StoredMessage::text)
                .toList()
                .equals(
                    Generators.hostileTexts().stream()
                        .map(text -> Message.user(text).text())
                        .toList()))
        .isTrue();
  }

  @Test
  @DisplayName("3.2: four roles; content may be null; model, tool calls, tool call id, name")
  void row_3_2_toolTurnIsKept() {
    ToolCall call = ToolCall.function("call-1", "weather", "{\"city\": \"Porto\", broken");
    List<StoredMessage> turn =
        store()
            .append(
                alice,
                "a",
                Message.system("be brief"),
                Message.user("weather?").withName("Alice"),
                Message.calling(call).withModel("m-1").withUsage(TokenUsage.of(10, 5)),
                Message.toolResult("call-1", "weather", "no network").withToolError(true));
    assertThat(turn).extracting(StoredMessage::role).containsExactly(Role.values());
    assertThat(turn).extracting(StoredMessage::seq).containsExactly(1L, 2L, 3L, 4L);
    List<StoredMessage> read = Walks.messages(store(), alice, "a");
    assertThat(read).isEqualTo(turn);
    assertThat(read.get(2).message().content()).isEmpty();
    assertThat(read.get(2).toolCalls()).containsExactly(call);
    assertThat(read.get(3).message().toolError()).isTrue();
  }

  @Test
  @DisplayName("3.1: token usage adds up: prompt, completion, total")
  void row_3_1_usageAddsUp() {
    store()
        .append(
            alice,
            "a",
            Message.assistant("x").withModel("m").withUsage(new TokenUsage(10, 5, 17)),
            Message.user("y"));
    StoredMessage second =
        store()
            .append(
                alice, "a", Message.assistant("z").withModel("m").withUsage(TokenUsage.of(1, 2)))
            .get(0);
    Conversation conversation = store().find(alice, "a").orElseThrow();
    assertThat(conversation.usage()).isEqualTo(new TokenUsage(11, 7, 20));
    assertThat(conversation.messageCount()).isEqualTo(3);
    store().append(alice, "a", second.message());
    assertThat(store().find(alice, "a").orElseThrow().usage())
        .as("after a repetition")
        .isEqualTo(new TokenUsage(11, 7, 20));
    store().deleteMessage(alice, "a", second.id());
    assertThat(store().find(alice, "a").orElseThrow().usage()).isEqualTo(new TokenUsage(10, 5, 17));
  }

  @Test
  @DisplayName("2.3: a message to a conversation that does not exist is a clear error")
  void row_2_3_appendToAnAbsentConversationFails() {
    assertThatThrownBy(() -> say("none", "hello"))
        .isInstanceOf(ConversationNotFoundException.class);
    assertThat(store().find(alice, "none")).isEmpty();
    store().delete(alice, "a");
    assertThatThrownBy(() -> say("a", "hello")).isInstanceOf(ConversationNotFoundException.class);
  }

  @Test
  @DisplayName("5.3: appending is idempotent by message id")
  void row_5_3_appendIsIdempotentByMessageId() {
    Message message = Message.user("once").withId(UUID.randomUUID());
    List<StoredMessage> first = store().append(alice, "a", message);
    Conversation before = store().find(alice, "a").orElseThrow();
    say("a", "between");
    tick();
    assertThat(store().append(alice, "a", message)).isEqualTo(first);
    assertThat(texts("a")).containsExactly("once", "between");
    assertThat(before.messageCount()).isEqualTo(1);
  }

  @Test
  @DisplayName("5.3: a repeated turn may be longer; its new messages are appended")
  void row_5_3_turnThatIsPartlyThere() {
    Message one = Message.user("one").withId(UUID.randomUUID());
    Message two = Message.user("two").withId(UUID.randomUUID());
    Message three = Message.user("three").withId(UUID.randomUUID());
    store().append(alice, "a", two);
    List<StoredMessage> turn = store().append(alice, "a", one, two, three);
    assertThat(turn).extracting(StoredMessage::text).containsExactly("one", "two", "three");
    assertThat(turn).extracting(StoredMessage::seq).containsExactly(2L, 1L, 3L);
    assertThat(texts("a")).containsExactly("two", "one", "three");
  }

  @Test
  @DisplayName("5.3: the same id with other content is an error, and nothing of the turn is stored")
  void row_5_3_sameIdWithOtherContentFails() {
    Message message = Message.user("once").withId(UUID.randomUUID());
    store().append(alice, "a", message);
    for (Message other :
        List.of(
            Message.user("twice").withId(message.id()),
            Message.assistant("once").withId(message.id()),
            message.withName("Bob"),
            message.withMetadata(Map.of("k", 1)))) {
      assertThatThrownBy(
              () ->
                  store().append(alice, "a", Message.user("before"), other, Message.user("after")))
          .isInstanceOf(MessageConflictException.class);
    }
    assertThat(texts("a")).containsExactly("once");
    assertThat(say("a", "next").get(0).seq()).as("no gap").isEqualTo(2);
  }

  @Test
  @DisplayName("5.3: equal content under another id is another message")
  void row_5_3_sameContentTwice() {
    say("a", "again");
    say("a", "again");
    assertThat(texts("a")).containsExactly("again", "again");
  }

  @Test
  @DisplayName("5.3: ids are unique within the conversation only")
  void row_5_3_sameIdInTwoConversations() {
    chat("b");
    UUID id = UUID.randomUUID();
    store().append(alice, "a", Message.user("in a").withId(id));
    store().append(alice, "b", Message.user("in b").withId(id));
    assertThat(texts("a")).containsExactly("in a");
    assertThat(texts("b")).containsExactly("in b");
  }

  @Test
  @DisplayName("5.3: a turn that repeats an id is rejected")
  void row_5_3_turnWithOneIdTwiceIsRefused() {
    UUID id = UUID.randomUUID();
    assertThatThrownBy(
            () ->
                store()
                    .append(alice, "a", Message.user("x").withId(id), Message.user("x").withId(id)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(texts("a")).isEmpty();
  }

  @Test
  @DisplayName("5.4: only if the last message is X")
  void row_5_4_appendOnlyIfLast() {
    List<Message> first = List.of(Message.user("first").withId(UUID.randomUUID()));
    UUID last = store().append(alice, "a", first, AppendCondition.ifEmpty()).get(0).id();
    List<Message> second = List.of(Message.user("second").withId(UUID.randomUUID()));
    assertThatThrownBy(() -> store().append(alice, "a", second, AppendCondition.ifEmpty()))
        .isInstanceOf(AppendConditionFailedException.class);
    assertThatThrownBy(
            () -> store().append(alice, "a", second, AppendCondition.ifLastIs(UUID.randomUUID())))
        .isInstanceOf(AppendConditionFailedException.class);
    store().append(alice, "a", second, AppendCondition.ifLastIs(last));
    assertThat(texts("a")).containsExactly("first", "second");
    assertThat(store().append(alice, "a", second, AppendCondition.ifLastIs(last)))
        .as("idempotency comes before the condition")
        .hasSize(1);
    assertThat(texts("a")).containsExactly("first", "second");
  }

  @Test
  @DisplayName("5.4: a deleted message is not the last one")
  void row_5_4_conditionPassesOverDeletedMessages() {
    UUID first = say("a", "first").get(0).id();
    UUID second = say("a", "second").get(0).id();
    store().deleteMessage(alice, "a", second);
    store().append(alice, "a", List.of(Message.user("x")), AppendCondition.ifLastIs(first));
    for (StoredMessage message : Walks.messages(store(), alice, "a")) {
      store().deleteMessage(alice, "a", message.id());
    }
    store().append(alice, "a", List.of(Message.user("new")), AppendCondition.ifEmpty());
    assertThat(texts("a")).containsExactly("new");
  }

  @Test
  @DisplayName("2.10: a chat turn from end to end")
  void row_2_10_chatTurn() {
    for (int i = 0; i < 15; i++) {
      say("a", "question " + i);
      assertThat(store().last(alice, "a", 20)).hasSize(Math.min(20, 2 * i + 1));
      store().append(alice, "a", Message.assistant("answer " + i));
      store().touch(alice, "a");
    }
    List<StoredMessage> last = store().last(alice, "a", 20);
    assertThat(last).hasSize(20);
    assertThat(last.get(0).text()).isEqualTo("question 5");
    assertThat(last.get(19).text()).isEqualTo("answer 14");
    assertThat(store().find(alice, "a").orElseThrow().messageCount()).isEqualTo(30);
  }

  @Test
  @DisplayName("5.1: the full history is kept and a window is a view of it")
  void row_5_1_longConversationIsKept() {
    for (int i = 0; i < 10; i++) {
      say("a", numbered(i + "-", 300));
    }
    assertThat(store().last(alice, "a", 5))
        .extracting(StoredMessage::text)
        .containsExactly("9-295", "9-296", "9-297", "9-298", "9-299");
    List<StoredMessage> all = Walks.messages(store(), alice, "a");
    assertThat(all).hasSize(3_000);
    for (int i = 0; i < all.size(); i++) {
      assertThat(all.get(i).seq()).isEqualTo(i + 1);
    }
  }

  @Test
  @DisplayName("0.2: creation times never go back within a conversation")
  void row_0_2_timesDoNotGoBack() {
    Instant before = Instant.MIN;
    for (int i = 0; i < 20; i++) {
      for (StoredMessage message : say("a", "x", "y")) {
        assertThat(message.createdAt()).isAfterOrEqualTo(before);
        before = message.createdAt();
      }
    }
  }

  private Appended appended(NewConversation ifAbsent, AppendCondition condition, Message... turn) {
    return store().append(alice, ifAbsent, List.of(turn), condition);
  }

  @Test
  @DisplayName("4.2: an append creates its conversation if there is none, and joins it otherwise")
  void row_4_2_anAppendCreates() {
    NewConversation chat = NewConversation.ofId("new").withTitle("first").withTags("t");
    Message question = Message.user("one").withId(UUID.randomUUID());
    Message answer = Message.assistant("two").withModel("m").withUsage(TokenUsage.of(1, 2));
    Appended begun = appended(chat, AppendCondition.always(), question, answer);
    assertThat(begun.created()).isTrue();
    assertThat(begun.changed()).isTrue();
    assertThat(begun.messages()).extracting(StoredMessage::text).containsExactly("one", "two");
    assertThat(begun.messages()).extracting(StoredMessage::seq).containsExactly(1L, 2L);
    assertThat(begun.conversation().title()).isEqualTo("first");
    assertThat(begun.conversation().messageCount()).isEqualTo(2);
    assertThat(begun.conversation().usage()).isEqualTo(TokenUsage.of(1, 2));
    assertThat(store().find(alice, "new")).contains(begun.conversation());
    assertThat(Walks.messages(store(), alice, "new")).isEqualTo(begun.messages());

    Appended joined = store().append(alice, chat.withTitle("second"), Message.user("three"));
    assertThat(joined.created()).isFalse();
    assertThat(joined.changed()).isTrue();
    assertThat(joined.conversation().title()).isEqualTo("first");
    assertThat(joined.conversation().messageCount()).isEqualTo(3);
    assertThat(store().find(alice, "new")).contains(joined.conversation());

    Appended again = appended(chat, AppendCondition.always(), question);
    assertThat(again.created()).isFalse();
    assertThat(again.changed()).isFalse();
    assertThat(again.messages()).containsExactly(begun.messages().get(0));
    assertThat(again.conversation()).isEqualTo(joined.conversation());
    assertThat(texts("new")).containsExactly("one", "two", "three");
  }

  @Test
  @DisplayName("4.2: an append without an id creates a conversation of its own")
  void row_4_2_anAppendCreatesWithoutAnId() {
    Appended one = store().append(alice, NewConversation.titled("t"), Message.user("one"));
    Appended two = store().append(alice, NewConversation.titled("t"), Message.user("two"));
    assertThat(one.conversation().id()).isNotEqualTo(two.conversation().id());
    assertThat(texts(one.conversation().id())).containsExactly("one");
    assertThat(texts(two.conversation().id())).containsExactly("two");
  }

  @Test
  @DisplayName(
      "4.2: after a delete, an append creates the conversation again, without its messages")
  void row_4_2_anAppendCreatesAgain() {
    Message message = Message.user("again").withId(UUID.randomUUID());
    store().append(alice, "a", message);
    say("a", "old");
    store().delete(alice, "a");
    Appended anew = appended(NewConversation.ofId("a"), AppendCondition.always(), message);
    assertThat(anew.created()).isTrue();
    assertThat(anew.conversation().generation()).isEqualTo(2);
    assertThat(texts("a")).containsExactly("again");
  }

  @Test
  @DisplayName(
      "5.4: a created conversation is empty for the condition; a failed one creates nothing")
  void row_5_4_anAppendThatCreatesOnACondition() {
    NewConversation chat = NewConversation.ofId("new");
    UUID firstId = UUID.randomUUID();
    Message first = Message.user("first").withId(firstId);
    assertThatThrownBy(() -> appended(chat, AppendCondition.ifLastIs(UUID.randomUUID()), first))
        .isInstanceOf(AppendConditionFailedException.class);
    assertThat(store().find(alice, "new")).isEmpty();
    assertThat(appended(chat, AppendCondition.ifEmpty(), first).created()).isTrue();
    assertThatThrownBy(() -> appended(chat, AppendCondition.ifEmpty(), Message.user("second")))
        .isInstanceOf(AppendConditionFailedException.class);
    Appended again = appended(chat, AppendCondition.ifEmpty(), first);
    assertThat(again.changed()).isFalse();
    Appended next = appended(chat, AppendCondition.ifLastIs(firstId), Message.user("next"));
    assertThat(next.changed()).isTrue();
    assertThat(texts("new")).containsExactly("first", "next");
  }

  @Test
  @DisplayName("5.3: an append that creates rejects an id with other content, and bad turns")
  void row_5_3_anAppendThatCreatesRejects() {
    NewConversation chat = NewConversation.ofId("new");
    Message first = Message.user("first").withId(UUID.randomUUID());
    store().append(alice, chat, first);
    Message other = Message.user("other").withId(first.id());
    assertThatThrownBy(() -> store().append(alice, chat, Message.user("x"), other))
        .isInstanceOf(MessageConflictException.class);
    assertThatThrownBy(() -> store().append(alice, NewConversation.ofId("b"), first, other))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> store().append(alice, NewConversation.ofId("b")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(store().find(alice, "b")).isEmpty();
    assertThat(texts("new")).containsExactly("first");
  }

  @Test
  @DisplayName("4.2: a session id groups turns")
  void row_4_2_sessionsAreApart() {
    store().createIfAbsent(alice, NewConversation.ofId("session-2"));
    say("a", "one");
    say("session-2", "two");
    assertThat(texts("a")).containsExactly("one");
    assertThat(texts("session-2")).containsExactly("two");
  }

  @Test
  @DisplayName("5.2: a message of the largest size is stored; one byte more is rejected")
  void row_5_2_theLargestMessage() {
    Message largest = ofBytes(StoreLimits.DEFAULT.maxMessageBytes());
    Message tooLarge = Message.assistant(largest.text() + "x");
    assertThat(sizeOf(tooLarge)).isEqualTo(StoreLimits.DEFAULT.maxMessageBytes() + 1);
    assertThatThrownBy(() -> store().append(alice, "a", tooLarge))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maxMessageBytes");
    UUID id = store().append(alice, "a", largest).get(0).id();
    StoredMessage stored = store().last(alice, "a", 1).get(0);
    // A boolean assertion: an assertion on the texts would print them.
    assertThat(stored.text().equals(largest.text())).as("the text is the same").isTrue();
    assertThat(store().deleteMessage(alice, "a", id)).isTrue();
  }

  /** A message whose JSON has this size, made only of characters that are hard to store. */
  private static Message ofBytes(int size) {
    String hostile = String.join(" ", Generators.hostileTexts());
    int room = size - sizeOf(Message.assistant(""));
    int each = sizeOf(Message.assistant(hostile)) - sizeOf(Message.assistant(""));
    String text = hostile.repeat(room / each);
    return Message.assistant(text + "x".repeat(room % each));
  }

  private static int sizeOf(Message message) {
    return Json.bytes(out -> ModelJson.write(out, message)).length;
  }
}
