package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** An unreadable row or pending change is set aside, and all others continue. */
class HybridUnreadableTest extends OnTestbed {

  private static final String DEEP =
      "('{\"k\":' || repeat('[', 5000) || repeat(']', 5000) || '}')::jsonb";

  private static List<String> texts(ConversationStore store, Owner owner, String id) {
    return store.last(owner, id, 100).stream().map(StoredMessage::text).toList();
  }

  private static StoreHealth.Check check(ConversationStore store) {
    return store.operator().health().checks().stream()
        .filter(check -> check.name().equals("rows of the database"))
        .findFirst()
        .orElseThrow();
  }

  private void update(String sql) {
    server.execute(bed.database(), sql);
  }

  private void fill(ConversationStore direct) {
    for (String id : List.of("a", "b")) {
      direct.createIfAbsent(alice, NewConversation.ofId(id));
      for (int i = 0; i < 3; i++) {
        direct.append(alice, id, Message.user("text " + i));
      }
    }
  }

  @Test
  void aMessageThatCannotBeReadLeavesItsConversationIncompleteAndKeepsNoOther() {
    ConversationStore direct = bed.direct();
    fill(direct);
    direct.append(alice, "a", Message.user("deep"));
    update("UPDATE conversation_store.messages SET metadata = " + DEEP + " WHERE content = 'deep'");
    direct.append(alice, "b", Message.user("later"));
    ConversationStore store = bed.node("n");
    Testbed.await("the row is named", () -> !check(store).passed());
    assertThat(check(store).detail())
        .contains("1 cannot be read")
        .contains("messages, conversation_key ")
        .contains("seq 4")
        .doesNotContain("deep");
    Testbed.await("all else is copied", () -> store.state().mirror().asOf() != null);
    bed.goDown(store);
    assertThat(texts(store, alice, "b")).containsExactly("text 0", "text 1", "text 2", "later");
    assertThat(texts(store, alice, "a")).containsExactly("text 0", "text 1", "text 2");
    assertThat(store.messages(alice, "b", MessageQuery.last(9)).provenance().complete()).isTrue();
    assertThat(store.messages(alice, "a", MessageQuery.last(9)).provenance().complete()).isFalse();
    bed.comeBack();
    Testbed.awaitDrained(store);

    update("UPDATE conversation_store.messages SET metadata = NULL WHERE content = 'deep'");
    direct.append(alice, "a", Message.user("mended"));
    Testbed.await("it is whole again", () -> check(store).passed());
    bed.goDown(store);
    assertThat(texts(store, alice, "a"))
        .containsExactly("text 0", "text 1", "text 2", "deep", "mended");
    assertThat(store.messages(alice, "a", MessageQuery.last(9)).provenance().complete()).isTrue();
  }

  @Test
  void aConversationThatCannotBeReadIsNotKnownAndKeepsNoOther() {
    ConversationStore direct = bed.direct();
    fill(direct);
    update(
        "UPDATE conversation_store.conversations SET settings = "
            + DEEP
            + " WHERE conversation_id = 'a'");
    direct.append(alice, "b", Message.user("later"));
    ConversationStore store = bed.node("n");
    Testbed.await("the rows are named", () -> check(store).detail().startsWith("4 "));
    Testbed.await("all else is copied", () -> store.state().mirror().asOf() != null);
    for (int life = 0; life < 2; life++) {
      bed.goDown(store);
      assertThat(texts(store, alice, "b")).containsExactly("text 0", "text 1", "text 2", "later");
      assertThatThrownBy(() -> texts(store, alice, "a"))
          .isInstanceOf(UnknownWhileOfflineException.class);
      assertThat(store.history(alice, MessageQuery.last(9)).provenance().complete()).isFalse();
      bed.comeBack();
      Testbed.awaitDrained(store);
    }
  }

  /** Its line is damaged on disk. */
  @Test
  void aPendingChangeThatCannotBeReadIsParkedAndKeepsNoOther() throws IOException {
    ConversationStore direct = bed.direct();
    fill(direct);
    ConversationStore store = bed.node("n");
    Testbed.await("all is copied", () -> store.state().mirror().asOf() != null);
    bed.goDown(store);
    for (int i = 0; i < 3; i++) {
      store.append(alice, "a", Message.user("pending " + i));
      store.append(alice, "b", Message.user("pending " + i));
    }
    damage("pending 1");
    assertThat(texts(store, alice, "b")).endsWith("pending 0", "pending 1", "pending 2");
    assertThat(texts(store, alice, "a")).endsWith("pending 0", "pending 2");
    assertThat(store.messages(alice, "a", MessageQuery.last(9)).provenance().complete()).isFalse();
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(texts(direct, alice, "a")).endsWith("pending 0", "pending 2");
    assertThat(texts(direct, alice, "b")).endsWith("pending 0", "pending 1", "pending 2");
    assertThat(store.operator().parked()).hasSize(1);
    StoreState.Rejected rejected = store.operator().parked().get(0).rejected();
    assertThat(rejected.conversationId()).isEqualTo("a");
    assertThat(rejected.reason()).contains("log-").contains("byte ").doesNotContain("pending 1");
    assertThat(store.state().rejected()).hasSize(1);
    assertThatThrownBy(() -> store.operator().retryParked(rejected.changeId()))
        .isInstanceOf(StoreDamagedException.class);
    assertThat(store.operator().discardParked(rejected.changeId())).isTrue();
    assertThat(store.operator().parked()).isEmpty();
  }

  /** Its head is in memory already; head and content are left out from then on. */
  @Test
  void aPendingChangeThatIsDamagedAfterItsHeadWasReadIsLeftOut() throws IOException {
    fill(bed.direct());
    ConversationStore store = bed.node("n");
    Testbed.await("all is copied", () -> store.state().mirror().asOf() != null);
    bed.goDown(store);
    store.append(alice, "a", Message.user("pending 0"));
    UUID damaged = store.append(alice, "a", Message.user("pending 1")).get(0).id();
    store.append(alice, "a", Message.user("pending 2"));
    assertThat(texts(store, alice, "a")).endsWith("pending 0", "pending 1", "pending 2");
    damage("pending 1");
    assertThatThrownBy(() -> store.edit(alice, "a", damaged, MessageEdit.text("changed")))
        .isInstanceOf(UnknownWhileOfflineException.class);
    assertThat(texts(store, alice, "a")).endsWith("text 2", "pending 0", "pending 2");
    assertThat(store.messages(alice, "a", MessageQuery.last(9)).provenance().complete()).isFalse();
    assertThat(store.find(alice, "a").orElseThrow().messageCount()).isEqualTo(5);
    assertThat(store.search(alice, SearchQuery.of("pending")).items()).hasSize(2);
    assertThat(store.history(alice, MessageQuery.last(9)).items()).hasSize(8);
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(texts(bed.direct(), alice, "a")).endsWith("text 2", "pending 0", "pending 2");
    assertThat(store.operator().parked()).hasSize(1);
  }

  /** Changes a letter of the first pending line that contains the text. */
  private void damage(String text) throws IOException {
    try (Stream<Path> files = Files.list(bed.directory("n"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".jsonl")).toList()) {
        int at = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).indexOf(text);
        if (at >= 0) {
          try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[] {'P'}), at);
          }
          return;
        }
      }
    }
    throw new AssertionError("no line has the text");
  }
}
