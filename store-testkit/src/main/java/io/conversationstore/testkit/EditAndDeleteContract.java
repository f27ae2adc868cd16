package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ContentPart;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.Message;
import io.conversationstore.MessageConflictException;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.NewConversation;
import io.conversationstore.OwnerCounts;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.ToolCall;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Edits, deletes, and deleted data that must not come back. */
abstract class EditAndDeleteContract extends ContractBase {

  @BeforeEach
  void createChat() {
    chat("a");
  }

  @Test
  @DisplayName("0.10: an edit replaces the content and keeps the place and all other fields")
  void row_0_10_editReplacesContent() {
    Message original =
        Message.assistant("before")
            .withToolCalls(ToolCall.function("c", "f", "{}"))
            .withModel("m")
            .withUsage(TokenUsage.of(1, 2))
            .withMetadata(Map.of("k", 1));
    StoredMessage stored = store().append(alice, "a", original).get(0);
    say("a", "next");
    tick();
    List<ContentPart> content =
        List.of(new ContentPart.Text("after"), ContentPart.Media.of("image/png", new byte[] {1}));
    StoredMessage edited = store().edit(alice, "a", stored.id(), MessageEdit.of(content));
    assertThat(edited.message()).isEqualTo(stored.message().withContent(content));
    assertThat(edited.seq()).isEqualTo(stored.seq());
    assertThat(edited.createdAt()).isEqualTo(stored.createdAt());
    assertThat(edited.editedAt()).isAfter(stored.createdAt());
    assertThat(store().last(alice, "a", 10)).first().isEqualTo(edited);
    assertThat(store().find(alice, "a").orElseThrow().updatedAt()).isEqualTo(edited.editedAt());
    assertThat(store().find(alice, "a").orElseThrow().usage()).isEqualTo(TokenUsage.of(1, 2));
  }

  @Test
  @DisplayName("5.3: an edit does not change the digest of the message")
  void row_5_3_appendAfterAnEdit() {
    Message original = Message.user("before").withId(UUID.randomUUID());
    UUID id = Objects.requireNonNull(original.id());
    store().append(alice, "a", original);
    store().edit(alice, "a", id, MessageEdit.text("after"));
    assertThat(store().append(alice, "a", original))
        .extracting(StoredMessage::text)
        .containsExactly("after");
    assertThatThrownBy(() -> store().append(alice, "a", Message.user("after").withId(id)))
        .isInstanceOf(MessageConflictException.class);
    assertThat(texts("a")).containsExactly("after");
  }

  @Test
  @DisplayName("2.3: editing a message that does not exist is a clear error")
  void row_2_3_editOfAnAbsentMessageFails() {
    UUID id = say("a", "x").get(0).id();
    MessageEdit edit = MessageEdit.text("y");
    assertThatThrownBy(() -> store().edit(alice, "a", UUID.randomUUID(), edit))
        .isInstanceOf(MessageNotFoundException.class);
    assertThatThrownBy(() -> store().edit(alice, "none", id, edit))
        .isInstanceOf(ConversationNotFoundException.class);
    store().deleteMessage(alice, "a", id);
    assertThatThrownBy(() -> store().edit(alice, "a", id, edit))
        .isInstanceOf(MessageNotFoundException.class);
  }

  @Test
  @DisplayName("0.10: a deleted message is not read; the others keep their places")
  void row_0_10_deletedMessageIsGone() {
    List<StoredMessage> all = say("a", "one", "two", "three");
    assertThat(store().deleteMessage(alice, "a", all.get(1).id())).isTrue();
    assertThat(store().deleteMessage(alice, "a", all.get(1).id())).isFalse();
    assertThat(store().deleteMessage(alice, "a", UUID.randomUUID())).isFalse();
    assertThat(Walks.messages(store(), alice, "a")).containsExactly(all.get(0), all.get(2));
    assertThat(store().find(alice, "a").orElseThrow().messageCount()).isEqualTo(2);
    store().deleteMessage(alice, "a", all.get(2).id());
    assertThat(say("a", "four").get(0).seq()).as("a place is never given twice").isEqualTo(4);
    assertThatThrownBy(() -> store().deleteMessage(alice, "none", all.get(0).id()))
        .isInstanceOf(ConversationNotFoundException.class);
  }

  @Test
  @DisplayName("5.3: appending a deleted message again does not bring it back")
  void row_5_3_deletedMessageStaysDeleted() {
    Message message = Message.user("once").withId(UUID.randomUUID());
    UUID id = Objects.requireNonNull(message.id());
    store().append(alice, "a", message);
    store().deleteMessage(alice, "a", id);
    assertThat(store().append(alice, "a", message)).isEmpty();
    assertThatThrownBy(() -> store().append(alice, "a", Message.user("other").withId(id)))
        .isInstanceOf(MessageConflictException.class);
    assertThat(texts("a")).isEmpty();
  }

  @Test
  @DisplayName("1.1, 2.4: deleting a conversation deletes its messages and leaves no orphans")
  void row_2_4_deleteLeavesNoOrphan() {
    say("a", "one", "two");
    chat("b");
    say("b", "three");
    assertThat(store().delete(alice, "a")).isTrue();
    assertThat(store().delete(alice, "a")).isFalse();
    assertThat(store().delete(alice, "never")).isFalse();
    assertThat(store().find(alice, "a")).isEmpty();
    assertThat(store().list(alice, ConversationQuery.all()))
        .extracting(Conversation::id)
        .containsExactly("b");
    assertThat(store().count(alice)).isEqualTo(new OwnerCounts(1, 1));
  }

  @Test
  @DisplayName(
      "1.1: a conversation that is deleted and created again has a new generation without the old"
          + " messages")
  void row_1_1_createAfterDeleteStartsEmpty() {
    Message message = Message.user("old").withId(UUID.randomUUID());
    store().append(alice, "a", message);
    for (long generation = 2; generation <= 4; generation++) {
      store().delete(alice, "a");
      NewConversation again = NewConversation.ofId("a").withTitle("again");
      Conversation created =
          generation % 2 == 0 ? store().create(alice, again) : store().createIfAbsent(alice, again);
      assertThat(created.generation()).isEqualTo(generation);
      assertThat(created.messageCount()).isZero();
      assertThat(created.usage()).isEqualTo(TokenUsage.NONE);
      assertThat(created.title()).isEqualTo("again");
      assertThat(texts("a")).isEmpty();
      assertThat(store().deleteMessage(alice, "a", Objects.requireNonNull(message.id()))).isFalse();
      StoredMessage stored = store().append(alice, "a", message).get(0);
      assertThat(stored.seq()).as("a new generation counts from one").isEqualTo(1);
      assertThat(texts("a")).containsExactly("old");
    }
  }
}
