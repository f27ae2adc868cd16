package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ActiveUser;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.ConversationStatus;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreOperator;
import io.conversationstore.StoreState;
import io.conversationstore.StoreStatistics;
import io.conversationstore.StoredMessage;
import io.conversationstore.testkit.StoreFixture.Capability;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Operator calls over all owners. */
abstract class OperatorContract extends ContractBase {

  private static final Instant LONG_AGO = Instant.parse("2001-02-03T04:05:06Z");
  private static final Duration YEARS = Duration.ofDays(5_000);

  private void importOld(Owner owner, String id, boolean pinned, int count) {
    imports();
    List<Entry> old =
        IntStream.range(0, count)
            .mapToObj(
                i -> Entry.of(Message.user("old " + i)).withCreatedAt(LONG_AGO.plusSeconds(i)))
            .toList();
    store()
        .save(
            owner,
            ConversationDocument.ofEntries(NewConversation.ofId(id).withPinned(pinned), old));
  }

  @Test
  @DisplayName(
      "0.5, 4.6: retention deletes messages older than N days, returns their number and keeps"
          + " pinned ones")
  void row_0_5_retention() {
    StoreOperator operator = store().operator();
    operator.deleteMessagesOlderThan(YEARS);
    importOld(alice, "a", false, 3);
    say("a", "new");
    importOld(alice, "pinned", true, 2);
    Owner bob = owner(tenant() + "-2", "bob");
    importOld(bob, "b", false, 2);
    assertThat(operator.deleteMessagesOlderThan(YEARS)).isEqualTo(5);
    assertThat(operator.deleteMessagesOlderThan(YEARS)).isZero();
    assertThat(texts("a")).containsExactly("new");
    assertThat(texts("pinned")).containsExactly("old 0", "old 1");
    assertThat(store().find(bob, "b").orElseThrow().messageCount()).isZero();
  }

  @Test
  @DisplayName("0.5: the next import does not bring back what retention deleted")
  void row_0_5_retentionIsADelete() {
    store().operator().deleteMessagesOlderThan(YEARS);
    importOld(alice, "a", false, 3);
    store().operator().deleteMessagesOlderThan(YEARS);
    importOld(alice, "a", false, 3);
    assertThat(texts("a")).isEmpty();
    assertThat(say("a", "next").get(0).seq()).isEqualTo(4);
  }

  @Test
  @DisplayName("0.5: purging deleted rows changes nothing that a reader sees")
  void row_0_5_purge() {
    chat("a");
    List<StoredMessage> said = say("a", "one", "two", "three");
    store().deleteMessage(alice, "a", said.get(2).id());
    chat("gone");
    say("gone", "x");
    store().delete(alice, "gone");
    StoreOperator operator = store().operator();
    assertThat(operator.purgeDeleted(YEARS)).isZero();
    operator.purgeDeleted(Duration.ZERO);
    assertThat(texts("a")).containsExactly("one", "two");
    assertThat(say("a", "four").get(0).seq()).isEqualTo(4);
    assertThat(store().find(alice, "gone")).isEmpty();
    chat("gone");
    assertThat(texts("gone")).isEmpty();
    assertThat(say("gone", "y").get(0).seq()).isEqualTo(1);
  }

  @Test
  @DisplayName("0.5: retention compares the exact age")
  void row_0_5_retentionByAge() {
    needs(Capability.MANUAL_CLOCK);
    chat("a");
    store().operator().deleteMessagesOlderThan(Duration.ofDays(6));
    say("a", "one");
    fixture().advance(Duration.ofDays(3));
    say("a", "two");
    fixture().advance(Duration.ofDays(4));
    StoreOperator operator = store().operator();
    assertThat(operator.deleteMessagesOlderThan(StoreOperator.DEFAULT_RETENTION)).isZero();
    fixture().advance(Duration.ofMillis(1));
    assertThat(operator.deleteMessagesOlderThan(StoreOperator.DEFAULT_RETENTION)).isEqualTo(1);
    assertThat(texts("a")).containsExactly("two");
  }

  @Test
  @DisplayName("2.6: idle conversations are archived")
  void row_2_6_archiveIdle() {
    needs(Capability.MANUAL_CLOCK);
    StoreOperator operator = store().operator();
    operator.archiveIdle(Duration.ZERO);
    chat("idle");
    Instant lastUse = store().find(alice, "idle").orElseThrow().updatedAt();
    chat("used");
    fixture().advance(Duration.ofDays(60));
    say("used", "hello");
    fixture().advance(Duration.ofDays(40));
    assertThat(operator.archiveIdle(StoreOperator.DEFAULT_ARCHIVE_AFTER)).isEqualTo(1);
    assertThat(operator.archiveIdle(StoreOperator.DEFAULT_ARCHIVE_AFTER)).isZero();
    assertThat(status("idle")).isEqualTo(ConversationStatus.ARCHIVED);
    assertThat(status("used")).isEqualTo(ConversationStatus.ACTIVE);
    assertThat(store().find(alice, "idle").orElseThrow().updatedAt())
        .as("archiving is not a use")
        .isEqualTo(lastUse);
  }

  @Test
  @DisplayName("2.6: archiving idle conversations works with any clock")
  void row_2_6_archiveIdleNow() {
    chat("a");
    tick();
    assertThat(store().operator().archiveIdle(Duration.ofDays(300))).isZero();
    assertThat(store().operator().archiveIdle(Duration.ZERO)).isPositive();
    assertThat(status("a")).isEqualTo(ConversationStatus.ARCHIVED);
    say("a", "still open");
  }

  private ConversationStatus status(String id) {
    return store().find(alice, id).orElseThrow().status();
  }

  @Test
  @DisplayName("4.5: statistics: messages, users, tenants, messages today")
  void row_4_5_statistics() {
    StoreStatistics before = store().operator().statistics(null);
    assertThat(store().operator().statistics(tenant()))
        .isEqualTo(new StoreStatistics(0, 0, 0, 0, 0));
    chat("a");
    chat("gone");
    say("gone", "x");
    store().delete(alice, "gone");
    importOld(alice, "a", false, 2);
    List<StoredMessage> said = say("a", "one", "two");
    store().deleteMessage(alice, "a", said.get(0).id());
    Owner bob = user("bob");
    store().create(bob, NewConversation.ofId("b"));
    Owner other = owner(tenant() + "-2", "bob");
    store().create(other, NewConversation.ofId("b"));
    store().append(other, "b", Message.user("three"));
    StoreStatistics own = store().operator().statistics(tenant());
    assertThat(own.tenants()).isEqualTo(1);
    assertThat(own.users()).isEqualTo(2);
    assertThat(own.conversations()).isEqualTo(2);
    assertThat(own.messages()).isEqualTo(3);
    // The day may end between the append and the query.
    assertThat(own.messagesToday()).isBetween(0L, 1L);
    StoreStatistics all = store().operator().statistics(null);
    assertThat(all.tenants() - before.tenants()).isEqualTo(2);
    assertThat(all.users() - before.users()).isEqualTo(3);
    assertThat(all.conversations() - before.conversations()).isEqualTo(3);
    assertThat(all.messages() - before.messages()).isEqualTo(4);
  }

  @Test
  @DisplayName("4.5: today begins at midnight UTC")
  void row_4_5_messagesToday() {
    needs(Capability.MANUAL_CLOCK);
    chat("a");
    say("a", "one");
    assertThat(store().operator().statistics(tenant()).messagesToday()).isEqualTo(1);
    fixture().advance(Duration.ofDays(1));
    say("a", "two", "three");
    assertThat(store().operator().statistics(tenant()).messagesToday()).isEqualTo(2);
  }

  @Test
  @DisplayName("4.4: recently active users of a tenant, the latest first")
  void row_4_4_activeUsers() {
    StoreOperator operator = store().operator();
    Duration window = Duration.ofDays(1);
    assertThat(operator.activeUsers(tenant(), window, 10)).isEmpty();
    chat("a");
    say("a", "one", "two");
    tick();
    Owner bob = user("bob");
    store().create(bob, NewConversation.ofId("b"));
    StoredMessage last = store().append(bob, "b", Message.user("three")).get(0);
    importOld(user("old"), "o", false, 2);
    store().create(user("silent"), NewConversation.ofId("s"));
    Owner other = owner(tenant() + "-2", "alice");
    store().create(other, NewConversation.ofId("c"));
    store().append(other, "c", Message.user("four"));
    List<ActiveUser> active = operator.activeUsers(tenant(), window, 10);
    assertThat(active).extracting(ActiveUser::owner).containsExactly(bob, alice);
    assertThat(active).extracting(ActiveUser::messages).containsExactly(1L, 2L);
    assertThat(active.get(0).lastActive()).isEqualTo(last.createdAt());
    assertThat(operator.activeUsers(tenant(), window, 1)).hasSize(1);
  }

  @Test
  @DisplayName("4.5: invalid arguments are rejected")
  void row_4_5_badArgumentsAreRefused() {
    StoreOperator operator = store().operator();
    Duration negative = Duration.ofDays(-1);
    assertThatThrownBy(() -> operator.deleteMessagesOlderThan(negative))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> operator.archiveIdle(negative))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> operator.purgeDeleted(negative))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> operator.activeUsers(tenant(), negative, 1))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> operator.activeUsers(tenant(), Duration.ZERO, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> operator.activeUsers(tenant(), Duration.ZERO, 1_001))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("4.9: health and state")
  void row_4_9_healthAndState() {
    StoreHealth health = store().operator().health();
    assertThat(health.healthy()).as("%s", health.checks()).isTrue();
    assertThat(health.checks()).isNotEmpty();
    StoreState state = store().state();
    assertThat(state.pending()).isEqualTo(StoreState.Pending.NONE);
    assertThat(state.rejected()).isEmpty();
    assertThat(state.databaseInUse()).isEqualTo(state.mode() == StoreState.Mode.ONLINE);
  }

  @Test
  @DisplayName("5.6: a listener can be added and removed")
  void row_5_6_listener() throws Exception {
    AutoCloseable added = store().onStateChange(state -> {});
    added.close();
    added.close();
  }
}
