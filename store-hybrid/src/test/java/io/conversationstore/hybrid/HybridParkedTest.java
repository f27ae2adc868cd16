package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.ParkedChange;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An operator inspects parked changes and retries or discards them. */
class HybridParkedTest extends OnTestbed {

  private static final NewConversation CHAT = NewConversation.ofId("chat");

  private final UUID id = UUID.randomUUID();
  private ConversationStore store;
  private ConversationStore direct;

  /** A node with a parked append: another node has used the id of its message. */
  @BeforeEach
  void park() {
    store = bed.node("a");
    direct = bed.direct();
    store.createIfAbsent(alice, CHAT);
    Testbed.awaitDrained(store);
    bed.goDown(store);
    store.append(alice, "chat", Message.user("mine").withId(id), Message.user("beside"));
    direct.append(alice, "chat", Message.user("another's").withId(id));
    bed.comeBack();
    Testbed.awaitDrained(store);
  }

  private List<String> texts(ConversationStore of) {
    return of.last(alice, "chat", 100).stream().map(StoredMessage::text).toList();
  }

  private ParkedChange parked() {
    List<ParkedChange> parked = store.operator().parked();
    assertThat(parked).hasSize(1);
    return parked.get(0);
  }

  @Test
  void row_5_6_whatIsParkedCanBeLookedAtAlsoAfterARestart() {
    for (int i = 0; i < 2; i++) {
      ParkedChange parked = parked();
      assertThat(parked.kind()).isEqualTo("append messages");
      assertThat(parked.messages()).extracting(Message::text).containsExactly("mine", "beside");
      assertThat(parked.rejected().owner()).isEqualTo(alice);
      assertThat(parked.rejected().conversationId()).isEqualTo("chat");
      assertThat(parked.rejected().reason()).contains(id.toString());
      assertThat(parked.toString()).doesNotContain("mine");
      assertThat(store.state().rejected()).containsExactly(parked.rejected());
      store.close();
      store = bed.node("a");
    }
  }

  @Test
  void row_5_6_aRetryAppendsAtTheEndOrIsParkedAgain() {
    UUID first = parked().rejected().changeId();
    assertThat(store.operator().retryParked(first)).isTrue();
    Testbed.await("it is parked again", () -> !store.operator().parked().isEmpty());
    Testbed.awaitDrained(store);
    UUID second = parked().rejected().changeId();
    assertThat(second).isNotEqualTo(first);
    assertThat(store.operator().retryParked(first)).isFalse();

    // In a new generation of the conversation the id would be free, but an append to the old one
    // would not enter it.
    bed.goDown(store);
    assertThat(store.operator().retryParked(second)).isTrue();
    assertThat(store.state().pending().changes()).isEqualTo(1);
    direct.delete(alice, "chat");
    direct.createIfAbsent(alice, CHAT);
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(store.operator().parked()).isEmpty();
    assertThat(texts(direct)).isEmpty();
    assertThat(store.state().rejected()).singleElement().extracting("parked").isEqualTo(false);
  }

  @Test
  void row_5_6_aRetriedAppendThatCreatesDoesNotBringBackAConversationThatWasDeleted() {
    direct.createIfAbsent(alice, NewConversation.ofId("new"));
    UUID id = direct.append(alice, "new", Message.user("another's")).get(0).id();
    bed.goDown();
    store.close();
    store = bed.node("empty");
    store.append(alice, NewConversation.ofId("new"), Message.user("mine").withId(id));
    bed.comeBack();
    Testbed.await("it is parked", () -> !store.operator().parked().isEmpty());
    Testbed.awaitDrained(store);
    for (int i = 0; i < 17; i++) { // more than the database remembers of a conversation
      direct.update(alice, "new", ConversationUpdate.touch().withTitle("title " + i));
    }
    assertThat(store.delete(alice, "new")).isTrue();
    assertThat(store.operator().retryParked(parked().rejected().changeId())).isTrue();
    Testbed.awaitDrained(store);
    assertThat(direct.find(alice, "new")).isEmpty();
    assertThat(store.find(alice, "new")).isEmpty();
    assertThat(store.operator().parked()).isEmpty();
    assertThat(store.state().rejected()).singleElement().extracting("parked").isEqualTo(false);
  }

  @Test
  void row_5_6_aLateFirstAttemptOfAParkedAppendCreatesNothing() {
    direct.createIfAbsent(alice, NewConversation.ofId("new"));
    UUID message = direct.append(alice, "new", Message.user("another's")).get(0).id();
    Testbed.Interposition node = bed.interposed("late", HybridOptions.defaults());
    AtomicReference<Change> attempt = new AtomicReference<>();
    node.primary()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("apply")
                  && attempt.compareAndSet(null, (Change) arguments[0])) {
                throw new EngineFailureException(
                    FailureKind.UNAVAILABLE, true, "the request is still on its way", null);
              }
            });
    NewConversation creates = NewConversation.ofId("new");
    node.store().append(alice, creates, Message.user("mine").withId(message));
    Testbed.awaitDrained(node.store());
    assertThat(node.store().operator().parked()).hasSize(1);
    assertThat(direct.delete(alice, "new")).isTrue();
    assertThatThrownBy(() -> node.primary().engine().apply(attempt.get(), ApplyMode.LIVE))
        .isInstanceOf(ConversationNotFoundException.class);
    assertThat(direct.find(alice, "new")).isEmpty();
  }

  @Test
  void row_5_6_anAppendIsSentAgainIfTheConversationThatRejectedItEndsBeforeItIsParked() {
    direct.createIfAbsent(alice, NewConversation.ofId("new"));
    UUID message = direct.append(alice, "new", Message.user("another's")).get(0).id();
    bed.goDown();
    Testbed.Interposition node = bed.interposed("empty", HybridOptions.defaults());
    node.primary()
        .before(
            (method, arguments) -> {
              if (method.getName().equals("recordJoin")) {
                direct.delete(alice, "new");
              }
            });
    node.store().append(alice, NewConversation.ofId("new"), Message.user("mine").withId(message));
    bed.comeBack();
    Testbed.awaitDrained(node.store());
    assertThat(node.store().operator().parked()).isEmpty();
    assertThat(direct.last(alice, "new", 10))
        .extracting(StoredMessage::text)
        .containsExactly("mine");
  }

  @Test
  void row_5_6_aDiscardedChangeIsGone() {
    UUID change = parked().rejected().changeId();
    assertThat(store.operator().discardParked(UUID.randomUUID())).isFalse();
    assertThat(store.operator().discardParked(change)).isTrue();
    assertThat(store.operator().discardParked(change)).isFalse();
    assertThat(store.operator().parked()).isEmpty();
    assertThat(store.state().rejected()).isEmpty();
    store.close();
    store = bed.node("a");
    assertThat(store.operator().parked()).isEmpty();
    Testbed.awaitDrained(store);
    assertThat(texts(direct)).containsExactly("another's");
  }

  @Test
  void row_5_6_aParkedChangeThatCannotBeReadStopsNothingAndCanBeDiscarded() {
    UUID change = parked().rejected().changeId();
    store.close();
    store =
        bed.interposed(
                "a",
                HybridOptions.defaults(),
                primary -> {},
                local ->
                    local.before(
                        (method, arguments) -> {
                          if (method.getName().equals("parkedChange")) {
                            throw new StoreDamagedException("a line is damaged", null);
                          }
                        }))
            .store();
    ParkedChange unreadable = parked();
    assertThat(unreadable.rejected().changeId()).isEqualTo(change);
    assertThat(unreadable.kind()).contains("unreadable");
    assertThat(unreadable.messages()).isEmpty();
    store.append(alice, "chat", Message.user("goes on"));
    assertThatThrownBy(() -> store.operator().retryParked(change))
        .isInstanceOf(StoreDamagedException.class);
    assertThat(parked().rejected().changeId()).isEqualTo(change);
    assertThat(store.operator().discardParked(change)).isTrue();
    assertThat(store.operator().parked()).isEmpty();
    Testbed.awaitDrained(store);
    assertThat(texts(direct)).containsExactly("another's", "goes on");
  }

  @Test
  void row_5_7_anErasureTakesWhatIsParked() {
    assertThat(inFiles("beside")).isTrue();
    store.erase(alice);
    assertThat(store.operator().parked()).isEmpty();
    assertThat(store.state().rejected()).noneMatch(StoreState.Rejected::parked);
    assertThat(inFiles("beside")).isFalse();
  }

  @Test
  void row_5_7_anErasureInAnOutageTakesWhatIsParked() {
    bed.goDown(store);
    store.erase(alice);
    assertThat(store.operator().parked()).isEmpty();
    assertThat(store.state().rejected()).noneMatch(StoreState.Rejected::parked);
    assertThat(inFiles("beside")).isFalse();
    bed.comeBack();
    Testbed.awaitDrained(store);
    assertThat(store.operator().parked()).isEmpty();
    assertThat(direct.count(alice).messages()).isZero();
  }

  @Test
  void row_5_7_anErasureByAnotherNodeTakesWhatIsParkedHere() {
    direct.erase(alice);
    Testbed.await("the text is gone", () -> store.operator().parked().isEmpty());
    Testbed.await(
        "the state tells of it no more",
        () -> store.state().rejected().stream().noneMatch(StoreState.Rejected::parked));
    store.close();
    assertThat(inFiles("beside")).isFalse();
  }

  private boolean inFiles(String text) {
    try (Stream<Path> files = Files.walk(bed.directory("a"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (Files.readString(file, StandardCharsets.ISO_8859_1).contains(text)) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
