package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.Cursor;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Page;
import io.conversationstore.Provenance.Source;
import io.conversationstore.SearchHit;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolCall;
import io.conversationstore.ToolQuery;
import io.conversationstore.UnknownWhileOfflineException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Searching during an outage of the database and after its return. */
class HybridSearchTest extends OnTestbed {

  private List<String> found(ConversationStore store, String query, int limit) {
    List<String> texts = new ArrayList<>();
    Cursor cursor = null;
    Page<SearchHit> page;
    do {
      page = store.search(alice, SearchQuery.of(query).withLimit(limit).withCursor(cursor));
      page.forEach(hit -> texts.add(hit.message().text()));
      cursor = page.cursor();
    } while (page.hasMore());
    return texts;
  }

  private void finds(ConversationStore store, String query, String... texts) {
    for (int limit : new int[] {1, 2, 3, 1_000}) {
      assertThat(found(store, query, limit)).as("by %s", limit).containsExactly(texts);
    }
  }

  @Test
  void row_5_9_theLocalCopyFindsTheSameWithPendingChangesLaidOver() {
    ConversationStore node = bed.node("a");
    node.create(alice, NewConversation.ofId("a"));
    node.create(alice, NewConversation.ofId("b"));
    List<StoredMessage> said =
        node.append(
            alice, "a", Message.user("apple 1"), Message.user("apple 2"), Message.user("pear 3"));
    node.append(alice, "b", Message.user("apple 4"));
    finds(node, "apple", "apple 4", "apple 2", "apple 1");
    assertThat(node.search(alice, SearchQuery.of("apple")).provenance().source())
        .isEqualTo(Source.DATABASE);

    bed.goDown(node);
    finds(node, "apple", "apple 4", "apple 2", "apple 1");
    Page<SearchHit> local = node.search(alice, SearchQuery.of("apple"));
    assertThat(local.provenance().source()).isEqualTo(Source.LOCAL_FILES);
    assertThat(local.provenance().pending()).isFalse();

    node.append(alice, "a", Message.user("apple 5"), Message.user("nothing"));
    node.append(alice, "b", Message.user("apple 6"));
    node.edit(alice, "a", said.get(1).id(), MessageEdit.text("plum 2"));
    node.edit(alice, "a", said.get(2).id(), MessageEdit.text("apple 3"));
    finds(node, "apple", "apple 6", "apple 5", "apple 4", "apple 3", "apple 1");
    finds(node, "plum", "plum 2");
    finds(node, "pear");
    assertThat(node.search(alice, SearchQuery.of("apple")).provenance().pending()).isTrue();
    assertThat(
            node
                .search(alice, SearchQuery.of("apple").withConversationId("a").withLimit(3))
                .stream()
                .map(hit -> hit.message().text()))
        .containsExactly("apple 5", "apple 3", "apple 1");
    node.deleteMessage(alice, "a", said.get(0).id());
    node.delete(alice, "b");
    finds(node, "apple", "apple 5", "apple 3");
    assertThatThrownBy(() -> node.search(alice, SearchQuery.of("apple").withConversationId("b")))
        .isInstanceOf(ConversationNotFoundException.class);
    assertThatThrownBy(
            () -> node.search(alice, SearchQuery.of("apple").withConversationId("other")))
        .isInstanceOf(UnknownWhileOfflineException.class);

    bed.comeBack();
    Testbed.awaitDrained(node);
    finds(node, "apple", "apple 5", "apple 3");
    finds(bed.direct(), "apple", "apple 5", "apple 3");
    finds(bed.direct(), "plum", "plum 2");
  }

  @Test
  void row_3_3_toolsAreFoundWhileTheDatabaseIsAway() {
    ConversationStore node = bed.node("a");
    node.create(alice, NewConversation.ofId("a"));
    StoredMessage first = node.append(alice, "a", calling("weather")).get(0);
    bed.goDown(node);
    StoredMessage second = node.append(alice, "a", calling("weather")).get(0);
    node.append(alice, "a", calling("other"));
    assertThat(node.messagesByTool(alice, ToolQuery.of("weather")))
        .extracting(StoredMessage::id)
        .containsExactly(second.id(), first.id());
    node.deleteMessage(alice, "a", first.id());
    assertThat(node.messagesByTool(alice, ToolQuery.of("weather")))
        .extracting(StoredMessage::id)
        .containsExactly(second.id());
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(node.messagesByTool(alice, ToolQuery.of("weather")))
        .extracting(StoredMessage::id)
        .containsExactly(second.id());
  }

  private static Message calling(String tool) {
    return Message.calling(ToolCall.function("call", tool, "{}"));
  }

  @Test
  void row_5_9_aPendingErasureLeavesNothingToFind() {
    ConversationStore node = bed.node("a");
    node.create(alice, NewConversation.ofId("a"));
    node.append(alice, "a", Message.user("apple 1"));
    bed.goDown(node);
    node.append(alice, "a", Message.user("apple 2"));
    node.erase(alice);
    finds(node, "apple");
    node.createIfAbsent(alice, NewConversation.ofId("a"));
    node.append(alice, "a", Message.user("apple 3"));
    finds(node, "apple", "apple 3");
    bed.comeBack();
    Testbed.awaitDrained(node);
    finds(node, "apple", "apple 3");
    finds(bed.direct(), "apple", "apple 3");
  }

  @Test
  void row_5_9_aCursorAmongPendingMessagesSkipsNothingWhenTheyAreSent() {
    ConversationStore node = bed.node("a");
    node.create(alice, NewConversation.ofId("a"));
    node.append(alice, "a", Message.user("apple 1"), Message.user("apple 2"));
    bed.goDown(node);
    node.append(alice, "a", Message.user("apple 3"), Message.user("apple 4"));
    Page<SearchHit> first = node.search(alice, SearchQuery.of("apple").withLimit(1));
    assertThat(first.items().get(0).message().text()).isEqualTo("apple 4");
    bed.comeBack();
    Testbed.awaitDrained(node);
    assertThat(node.search(alice, SearchQuery.of("apple").withCursor(first.cursor())))
        .extracting(hit -> hit.message().text())
        .contains("apple 3", "apple 2", "apple 1");
  }
}
