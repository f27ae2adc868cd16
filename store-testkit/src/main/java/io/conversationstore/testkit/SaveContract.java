package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ForkOrigin;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.OwnerCounts;
import io.conversationstore.StoredMessage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Saving, reading and forking whole conversations. */
abstract class SaveContract extends ContractBase {

  @Test
  @DisplayName("1.1: a whole conversation is saved and read back")
  void row_1_1_saveWholeConversation() {
    Generators generators = Generators.seeded(35);
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      messages.add(generators.message());
    }
    store().save(alice, ConversationDocument.of(generators.conversation("a"), messages));
    List<StoredMessage> read = Walks.messages(store(), alice, "a");
    assertThat(read).hasSize(40);
    for (int i = 0; i < 40; i++) {
      assertThat(read.get(i).message().withId(null).equals(messages.get(i)))
          .as("message %s", i)
          .isTrue();
    }
  }

  @Test
  @DisplayName("5.18: a fork begins with the messages up to one of them, and goes on alone")
  void row_5_18_fork() {
    chat("a");
    StoredMessage first = say("a", "first").get(0);
    StoredMessage second = say("a", "second").get(0);
    say("a", "third");
    store().edit(alice, "a", first.id(), MessageEdit.text("first, edited"));
    StoredMessage before = store().findMessage(alice, "a", second.id()).orElseThrow();
    tick();
    Conversation fork =
        store()
            .fork(
                alice,
                "a",
                second.id(),
                NewConversation.ofId("b").withTitle("another way").withMetadata(Map.of("k", 1L)));
    assertThat(fork.id()).isEqualTo("b");
    assertThat(fork.title()).isEqualTo("another way");
    assertThat(fork.messageCount()).isEqualTo(2);
    assertThat(fork.metadata()).containsEntry("k", 1L);
    assertThat(fork.forkedFrom()).contains(new ForkOrigin("a", second.id()));
    assertThat(store().find(alice, "a").orElseThrow().forkedFrom()).isEmpty();
    assertThat(texts("b")).containsExactly("first, edited", "second");
    StoredMessage taken = store().findMessage(alice, "b", second.id()).orElseThrow();
    assertThat(taken.createdAt()).isEqualTo(before.createdAt());
    assertThat(taken.message()).isEqualTo(before.message());

    say("b", "fourth");
    store().edit(alice, "b", second.id(), MessageEdit.text("second, elsewhere"));
    store().deleteMessage(alice, "b", first.id());
    assertThat(texts("a")).containsExactly("first, edited", "second", "third");
    assertThat(texts("b")).containsExactly("second, elsewhere", "fourth");
    store().delete(alice, "a");
    assertThat(texts("b")).containsExactly("second, elsewhere", "fourth");
    assertThat(store().find(alice, "b").orElseThrow().forkedFrom())
        .contains(new ForkOrigin("a", second.id()));
  }

  @Test
  @DisplayName("5.18: deleting a fork leaves the original whole; a fork without an id gets one")
  void row_5_18_theOriginalStays() {
    chat("a");
    StoredMessage first = say("a", "first").get(0);
    Conversation fork = store().fork(alice, "a", first.id(), "again");
    assertThat(fork.title()).isEqualTo("again");
    assertThat(store().fork(alice, fork.id(), first.id(), "and again").forkedFrom())
        .contains(new ForkOrigin(fork.id(), first.id()));
    store().delete(alice, fork.id());
    assertThat(texts("a")).containsExactly("first");
  }

  @Test
  @DisplayName("5.18: a fork of what is not there, or to what is there, is refused")
  void row_5_18_refusedForks() {
    chat("a");
    StoredMessage first = say("a", "first").get(0);
    StoredMessage deleted = say("a", "deleted").get(0);
    store().deleteMessage(alice, "a", deleted.id());
    NewConversation fork = NewConversation.ofId("b");
    assertThatThrownBy(() -> store().fork(alice, "none", first.id(), fork))
        .isInstanceOf(ConversationNotFoundException.class);
    assertThatThrownBy(() -> store().fork(user("bob"), "a", first.id(), fork))
        .isInstanceOf(ConversationNotFoundException.class);
    assertThatThrownBy(() -> store().fork(alice, "a", new UUID(0, 77), fork))
        .isInstanceOf(MessageNotFoundException.class);
    assertThatThrownBy(() -> store().fork(alice, "a", deleted.id(), fork))
        .isInstanceOf(MessageNotFoundException.class);
    assertThatThrownBy(() -> store().fork(alice, "a", first.id(), NewConversation.ofId("a")))
        .isInstanceOf(ConversationExistsException.class);
    assertThat(store().find(alice, "b")).isEmpty();
    assertThat(texts("a")).containsExactly("first");
  }

  @Test
  @DisplayName("3.5: saving twice changes nothing, messages without ids included")
  void row_3_5_saveTwiceChangesNothing() {
    ConversationDocument document =
        ConversationDocument.of(
            NewConversation.ofId("a").withTitle("t"),
            List.of(Message.user("x"), Message.user("x"), Message.assistant("y")));
    store().save(alice, document);
    List<StoredMessage> first = Walks.messages(store(), alice, "a");
    tick();
    store().save(alice, List.of(document));
    assertThat(Walks.messages(store(), alice, "a")).isEqualTo(first);
    assertThat(first).extracting(StoredMessage::seq).containsExactly(1L, 2L, 3L);
  }

  @Test
  @DisplayName("3.5: a save never deletes messages that it does not contain")
  void row_3_5_saveKeepsWhatItDoesNotName() {
    chat("other");
    say("other", "kept");
    chat("a");
    say("a", "first");
    store()
        .save(
            alice,
            ConversationDocument.of(
                NewConversation.ofId("a").withTitle("saved"), List.of(Message.user("second"))));
    assertThat(texts("a")).containsExactly("first", "second");
    assertThat(texts("other")).containsExactly("kept");
    Conversation saved = store().find(alice, "a").orElseThrow();
    assertThat(saved.title()).isEqualTo("saved");
    assertThat(saved.generation()).isEqualTo(1);
    assertThat(saved.messageCount()).isEqualTo(2);
  }

  @Test
  @DisplayName("3.5: a save updates the header, except the status")
  void row_3_5_saveUpdatesTheHeader() {
    store()
        .create(
            alice,
            NewConversation.ofId("a")
                .withTags("x")
                .withMetadata(Map.of("k", 1))
                .withPinned(true)
                .withExpiresAt(Instant.parse("2100-01-01T00:00:00Z")));
    store().archive(alice, "a");
    NewConversation header = NewConversation.ofId("a").withTitle("t").withSettings(Map.of("s", 2));
    store().save(alice, ConversationDocument.of(header, List.of()));
    Conversation saved = store().find(alice, "a").orElseThrow();
    assertThat(saved.title()).isEqualTo("t");
    assertThat(saved.settings()).isEqualTo(Map.of("s", 2L));
    assertThat(saved.metadata()).isEmpty();
    assertThat(saved.tags()).isEmpty();
    assertThat(saved.pinned()).isFalse();
    assertThat(saved.expiresAt()).isNull();
    assertThat(saved.status()).isEqualTo(ConversationStatus.ARCHIVED);
  }

  @Test
  @DisplayName("3.5: a message under the same explicit id gets the new content")
  void row_3_5_saveEditsByExplicitId() {
    UUID id = UUID.randomUUID();
    Message first = Message.user("before").withId(id);
    NewConversation header = NewConversation.ofId("a");
    store().save(alice, ConversationDocument.of(header, List.of(first, Message.user("next"))));
    store()
        .save(
            alice,
            ConversationDocument.of(
                header, List.of(first.withContent(Message.user("x").content()))));
    List<StoredMessage> read = Walks.messages(store(), alice, "a");
    assertThat(read).extracting(StoredMessage::text).containsExactly("x", "next");
    assertThat(read.get(0).id()).isEqualTo(id);
    assertThat(read.get(0).seq()).isEqualTo(1);
    assertThat(read.get(0).editedAt()).isNotNull();
  }

  @Test
  @DisplayName("3.5: a whole conversation is read at once; saving it again changes nothing")
  void row_3_5_readAndSaveChangesNothing() {
    store()
        .create(
            alice,
            NewConversation.ofId("a")
                .withTitle("t")
                .withTags("x", "y")
                .withMetadata(Map.of("k", 1))
                .withSettings(Map.of("s", "v"))
                .withPinned(true)
                .withExpiresAt(Instant.parse("2100-01-01T00:00:00Z")));
    List<StoredMessage> said = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      said.addAll(say("a", numbered(i + "-", 50)));
      tick();
    }
    store().deleteMessage(alice, "a", said.remove(101).id());
    said.set(7, store().edit(alice, "a", said.get(7).id(), MessageEdit.text("edited")));
    Conversation header = store().find(alice, "a").orElseThrow();

    ConversationDocument document = store().read(alice, "a");
    assertThat(document.messages())
        .isEqualTo(
            said.stream()
                .map(m -> ConversationDocument.Entry.of(m.message()).withCreatedAt(m.createdAt()))
                .toList());
    tick();
    store().save(alice, document);
    assertThat(Walks.messages(store(), alice, "a")).isEqualTo(said);
    Conversation saved = store().find(alice, "a").orElseThrow();
    assertThat(saved.updatedAt()).isAfterOrEqualTo(header.updatedAt());
    assertThat(Answer.fact(saved)).isEqualTo(Answer.fact(header));
    assertThat(store().read(alice, "a")).isEqualTo(document);

    store().delete(alice, "a");
    assertThatThrownBy(() -> store().read(alice, "a"))
        .isInstanceOf(ConversationNotFoundException.class);
    store().save(alice, document);
    assertThat(store().read(alice, "a")).isEqualTo(document);
    imports();
  }

  @Test
  @DisplayName("3.5: a conversation without messages is read; an absent one is a clear error")
  void row_3_5_readWithoutMessages() {
    chat("a");
    assertThat(store().read(alice, "a"))
        .isEqualTo(ConversationDocument.of(NewConversation.ofId("a"), List.of()));
    assertThatThrownBy(() -> store().read(alice, "none"))
        .isInstanceOf(ConversationNotFoundException.class);
    assertThatThrownBy(() -> store().read(user("bob"), "a"))
        .isInstanceOf(ConversationNotFoundException.class);
  }

  @Test
  @DisplayName("3.5: a save does not bring back a deleted message")
  void row_3_5_saveDoesNotReviveMessages() {
    Message message = Message.user("gone").withId(UUID.randomUUID());
    ConversationDocument document =
        ConversationDocument.of(NewConversation.ofId("a"), List.of(message, Message.user("stays")));
    store().save(alice, document);
    for (StoredMessage stored : Walks.messages(store(), alice, "a")) {
      if (stored.text().equals("gone")) {
        assertThat(store().deleteMessage(alice, "a", stored.id())).isTrue();
      }
    }
    store().save(alice, document);
    assertThat(texts("a")).containsExactly("stays");
  }

  @Test
  @DisplayName("3.5: many conversations at once, all or none")
  void row_3_5_saveIsAllOrNone() {
    List<ConversationDocument> documents = new ArrayList<>();
    for (int i = 0; i < 25; i++) {
      documents.add(
          ConversationDocument.of(
              NewConversation.ofId("c" + i), List.of(Message.user("m"), Message.user("n"))));
    }
    List<ConversationDocument> broken = new ArrayList<>(documents);
    broken.add(
        ConversationDocument.of(
            NewConversation.ofId("deep").withMetadata(InputContract.nested(70)), List.of()));
    assertThatThrownBy(() -> store().save(alice, broken))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(store().count(alice)).isEqualTo(new OwnerCounts(0, 0));
    store().save(alice, documents);
    assertThat(store().count(alice)).isEqualTo(new OwnerCounts(25, 50));
    store().save(alice, List.of());
    assertThat(store().count(alice)).isEqualTo(new OwnerCounts(25, 50));
  }

  @Test
  @DisplayName("3.5: two documents or two messages with the same id are rejected")
  void row_3_5_ambiguousSavesAreRefused() {
    ConversationDocument document = ConversationDocument.of(NewConversation.ofId("a"), List.of());
    assertThatThrownBy(() -> store().save(alice, List.of(document, document)))
        .isInstanceOf(IllegalArgumentException.class);
    Message message = Message.user("x").withId(UUID.randomUUID());
    assertThatThrownBy(
            () ->
                store()
                    .save(
                        alice,
                        ConversationDocument.of(
                            NewConversation.ofId("a"), List.of(message, message))))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(store().find(alice, "a")).isEmpty();
  }

  @Test
  @DisplayName("5.10: an import keeps its own times")
  void row_5_10_importedTimesAreKept() {
    imports();
    Instant time = Instant.parse("2019-03-04T05:06:07.123456Z");
    store()
        .save(
            alice,
            ConversationDocument.ofEntries(
                NewConversation.ofId("a"),
                List.of(
                    Entry.of(Message.user("old")).withCreatedAt(time),
                    Entry.of(Message.user("older")).withCreatedAt(time.minusSeconds(1)),
                    Entry.of(Message.user("new")))));
    List<StoredMessage> read = Walks.messages(store(), alice, "a");
    assertThat(read).extracting(StoredMessage::text).containsExactly("old", "older", "new");
    assertThat(read.get(0).createdAt()).isEqualTo(time);
    assertThat(read.get(1).createdAt()).isEqualTo(time.minusSeconds(1));
    assertThat(read.get(2).createdAt()).isAfter(time);
    assertThat(store().history(alice, MessageQuery.first(2)).items())
        .extracting(StoredMessage::text)
        .containsExactly("older", "old");
  }

  @Test
  @DisplayName("3.5: more messages than an append may hold are saved in order")
  void row_3_5_saveOfALongConversation() {
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < 2_500; i++) {
      messages.add(Message.user("m" + i));
    }
    store().save(alice, ConversationDocument.of(NewConversation.ofId("a"), messages));
    assertThat(texts("a")).isEqualTo(messages.stream().map(Message::text).toList());
  }
}
