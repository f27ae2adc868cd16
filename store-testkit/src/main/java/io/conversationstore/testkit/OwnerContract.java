package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Preferences;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoredMessage;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Data of one owner: isolation, preferences, counts, erasure. */
abstract class OwnerContract extends ContractBase {

  private List<Owner> strangers() {
    return List.of(
        owner(tenant() + "-other", "alice"), user("bob"), user("ALICE"), owner("alice", tenant()));
  }

  @Test
  @DisplayName("0.3: no call reads another tenant's or user's data")
  void row_0_3_noCallReadsAnotherTenantsData() {
    store().create(alice, NewConversation.ofId("a").withTags("t"));
    UUID id = say("a", "secret").get(0).id();
    store().updatePreferences(alice, PreferencesUpdate.none().withSelectedModel("m"));
    for (Owner stranger : strangers()) {
      assertThat(store().find(stranger, "a")).isEmpty();
      assertThat(store().list(stranger, ConversationQuery.all()).items()).isEmpty();
      assertThat(store().list(stranger, ConversationQuery.all().withTag("t")).items()).isEmpty();
      assertThat(store().history(stranger, MessageQuery.last(10)).items()).isEmpty();
      assertThat(store().count(stranger)).isEqualTo(new OwnerCounts(0, 0));
      assertThat(store().preferences(stranger)).isEqualTo(Preferences.NONE);
      assertThatThrownBy(() -> store().last(stranger, "a", 10))
          .isInstanceOf(ConversationNotFoundException.class);
      assertThatThrownBy(() -> store().edit(stranger, "a", id, MessageEdit.text("x")))
          .isInstanceOf(ConversationNotFoundException.class);
    }
  }

  @Test
  @DisplayName("0.3: no call changes another tenant's or user's data")
  void row_0_3_noCallChangesAnotherTenantsData() {
    chat("a");
    StoredMessage message = say("a", "secret").get(0);
    store().updatePreferences(alice, PreferencesUpdate.none().withActiveConversation("a"));
    for (Owner stranger : strangers()) {
      assertThatThrownBy(() -> store().append(stranger, "a", Message.user("x")))
          .isInstanceOf(ConversationNotFoundException.class);
      assertThatThrownBy(
              () -> store().update(stranger, "a", ConversationUpdate.touch().withTitle("x")))
          .isInstanceOf(ConversationNotFoundException.class);
      assertThatThrownBy(() -> store().deleteMessage(stranger, "a", message.id()))
          .isInstanceOf(ConversationNotFoundException.class);
      assertThatThrownBy(
              () ->
                  store()
                      .updatePreferences(
                          stranger, PreferencesUpdate.none().withActiveConversation("a")))
          .isInstanceOf(ConversationNotFoundException.class);
      assertThat(store().delete(stranger, "a")).isFalse();
      store().create(stranger, NewConversation.ofId("a").withTitle("theirs"));
      store().append(stranger, "a", message.message().withContent(List.of()));
      store().deleteMessage(stranger, "a", message.id());
      store().delete(stranger, "a");
      store().erase(stranger);
    }
    assertThat(store().find(alice, "a").orElseThrow().title()).isEmpty();
    assertThat(Walks.messages(store(), alice, "a")).containsExactly(message);
    assertThat(store().preferences(alice).activeConversation()).isEqualTo("a");
  }

  @Test
  @DisplayName("0.3: an empty tenant or user is rejected")
  void row_0_3_emptyOwnersAreRefused() {
    for (String bad : List.of("", " ", "\t\n", "\u0000", "a\u0000b", "\uD83D", "x".repeat(256))) {
      assertThatThrownBy(() -> Owner.of(bad, "u")).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> Owner.of("t", bad)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  @DisplayName("4.1: the same user in two tenants has two separate histories")
  void row_4_1_sameUserInTwoTenants() {
    Owner there = owner(tenant() + "-2", "alice");
    chat("a");
    store().create(there, NewConversation.ofId("a"));
    UUID id = UUID.randomUUID();
    store().append(alice, "a", Message.user("here").withId(id));
    store().append(there, "a", Message.user("there").withId(id));
    assertThat(store().last(alice, "a", 5)).extracting(StoredMessage::text).containsExactly("here");
    assertThat(store().last(there, "a", 5))
        .extracting(StoredMessage::text)
        .containsExactly("there");
  }

  @Test
  @DisplayName("0.3: owners whose concatenated names are equal are separate")
  void row_0_3_ownersDoNotMeetInJoinedNames() {
    Owner first = owner(tenant() + "/a", "b");
    Owner second = owner(tenant(), "a/b");
    store().create(first, NewConversation.ofId("c"));
    assertThat(store().find(second, "c")).isEmpty();
    Owner third = owner(tenant() + "|a", "b|c");
    Owner fourth = owner(tenant(), "a|b|c");
    store().create(third, NewConversation.ofId("c"));
    assertThat(store().find(fourth, "c")).isEmpty();
  }

  @Test
  @DisplayName("4.3: count, and clear a user's history in one tenant")
  void row_4_3_countAndClear() {
    Owner there = owner(tenant() + "-2", "alice");
    store().create(there, NewConversation.ofId("z"));
    store().append(there, "z", Message.user("stays"));
    assertThat(store().count(alice)).isEqualTo(new OwnerCounts(0, 0));
    chat("a");
    say("a", "one", "two");
    chat("b");
    UUID three = say("b", "three").get(0).id();
    assertThat(store().count(alice)).isEqualTo(new OwnerCounts(2, 3));
    store().deleteMessage(alice, "b", three);
    store().archive(alice, "b");
    assertThat(store().count(alice)).isEqualTo(new OwnerCounts(2, 2));
    store().erase(alice);
    assertThat(store().count(alice)).isEqualTo(new OwnerCounts(0, 0));
    assertThat(store().count(there)).isEqualTo(new OwnerCounts(1, 1));
  }

  @Test
  @DisplayName("0.6, 5.7: erasing takes everything and gives a receipt with counts")
  void row_0_6_eraseTakesEverything() {
    chat("a");
    say("a", "one", "two");
    chat("b");
    store().deleteMessage(alice, "b", say("b", "three", "four").get(0).id());
    chat("c");
    store().delete(alice, "c");
    store().updatePreferences(alice, PreferencesUpdate.none().withSelectedModel("m"));
    ErasureReceipt receipt = store().erase(alice);
    assertThat(receipt.owner()).isEqualTo(alice);
    assertThat(receipt.pending()).isFalse();
    assertThat(receipt.removed())
        .anySatisfy(
            line -> {
              assertThat(line.conversations()).isEqualTo(2);
              assertThat(line.messages()).isEqualTo(3);
            });
    assertThat(store().find(alice, "a")).isEmpty();
    assertThat(store().list(alice, ConversationQuery.all()).items()).isEmpty();
    assertThat(store().history(alice, MessageQuery.last(10)).items()).isEmpty();
    assertThat(store().preferences(alice)).isEqualTo(Preferences.NONE);
  }

  @Test
  @DisplayName("5.7: after an erasure the owner can write again at once")
  void row_5_7_startAnewAfterErasure() {
    chat("a");
    Message message = Message.user("old").withId(UUID.randomUUID());
    store().append(alice, "a", message);
    store().delete(alice, "a");
    chat("a");
    ErasureReceipt first = store().erase(alice);
    assertThat(store().create(alice, NewConversation.ofId("a")).generation()).isEqualTo(1);
    assertThat(texts("a")).isEmpty();
    assertThat(store().append(alice, "a", message).get(0).seq()).isEqualTo(1);
    ErasureReceipt second = store().erase(alice);
    assertThat(second.erasureId()).isNotEqualTo(first.erasureId());
    assertThat(store().erase(alice).removed())
        .allSatisfy(line -> assertThat(line.messages()).isZero());
  }

  @Test
  @DisplayName(
      "3.4: preferences: active conversation and selected model, independent of each other")
  void row_3_4_preferences() {
    assertThat(store().preferences(alice)).isEqualTo(Preferences.NONE);
    chat("a");
    PreferencesUpdate none = PreferencesUpdate.none();
    assertThat(store().updatePreferences(alice, none)).isEqualTo(Preferences.NONE);
    assertThat(store().updatePreferences(alice, none.withActiveConversation("a")))
        .isEqualTo(new Preferences("a", null));
    assertThat(store().updatePreferences(alice, none.withSelectedModel("m")))
        .isEqualTo(new Preferences("a", "m"));
    assertThat(store().preferences(alice)).isEqualTo(new Preferences("a", "m"));
    assertThat(store().updatePreferences(alice, none.withActiveConversation(null)))
        .isEqualTo(new Preferences(null, "m"));
    assertThat(store().updatePreferences(alice, none.withSelectedModel(null)))
        .isEqualTo(Preferences.NONE);
  }

  @Test
  @DisplayName("3.4: deleting the conversation clears the reference permanently")
  void row_3_4_deleteClearsTheActiveConversation() {
    chat("a");
    store()
        .updatePreferences(
            alice, PreferencesUpdate.none().withActiveConversation("a").withSelectedModel("m"));
    store().delete(alice, "a");
    assertThat(store().preferences(alice)).isEqualTo(new Preferences(null, "m"));
    chat("a");
    assertThat(store().preferences(alice))
        .as("the new conversation of that id is another one")
        .isEqualTo(new Preferences(null, "m"));
    store().updatePreferences(alice, PreferencesUpdate.none().withActiveConversation("a"));
    assertThat(store().preferences(alice).activeConversation()).isEqualTo("a");
  }

  @Test
  @DisplayName("3.4: the active conversation must exist, or nothing is written")
  void row_3_4_activeConversationMustExist() {
    assertThatThrownBy(
            () ->
                store()
                    .updatePreferences(
                        alice,
                        PreferencesUpdate.none()
                            .withActiveConversation("none")
                            .withSelectedModel("m")))
        .isInstanceOf(ConversationNotFoundException.class);
    assertThat(store().preferences(alice)).isEqualTo(Preferences.NONE);
  }
}
