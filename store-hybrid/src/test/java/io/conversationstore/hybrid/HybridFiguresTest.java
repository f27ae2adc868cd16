package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ActiveUser;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreStatistics;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Statistics and active users include the pending changes of the queried node. */
class HybridFiguresTest extends OnTestbed {

  private static final Duration HOUR = Duration.ofHours(1);

  private final Owner bob = Owner.of("acme", "bob");
  private final Owner carol = Owner.of("other", "carol");

  /** Whether the database accepts the node's changes. */
  private volatile boolean sending = true;

  private ConversationStore node;

  @BeforeEach
  void openNode() {
    node =
        bed.interposed(
                "a",
                HybridOptions.defaults(),
                primary ->
                    primary.before(
                        (method, arguments) -> {
                          if (!sending && method.getName().startsWith("apply")) {
                            throw new EngineFailureException(
                                FailureKind.CONTENTION, false, "of the test", null);
                          }
                        }),
                local -> {})
            .store();
    Testbed.awaitDrained(node);
  }

  private static UUID id(int number) {
    return new UUID(7, number);
  }

  private void append(Owner owner, String id, int... numbers) {
    for (int number : numbers) {
      node.append(owner, id, Message.user("m" + number).withId(id(number)));
    }
  }

  private StoreStatistics statistics(String tenant) {
    return node.operator().statistics(tenant);
  }

  private List<ActiveUser> active(String tenant, int limit) {
    return node.operator().activeUsers(tenant, HOUR, limit);
  }

  private void makeTwo() {
    node.createIfAbsent(alice, NewConversation.ofId("a"));
    node.createIfAbsent(bob, NewConversation.ofId("b"));
    append(alice, "a", 1, 2, 3);
    append(bob, "b", 4);
  }

  /** The figures must be the same now and after everything is sent. */
  private void requireThenAndAfterwards(Runnable figures) {
    assertThat(node.state().databaseInUse()).isTrue();
    assertThat(node.state().pending().changes()).isPositive();
    figures.run();
    sending = true;
    Testbed.awaitDrained(node);
    figures.run();
  }

  @Test
  void row_4_5_whatWaitsIsCounted() {
    makeTwo();
    assertThat(statistics(null)).isEqualTo(new StoreStatistics(1, 2, 2, 4, 4));
    sending = false;
    append(alice, "a", 5, 6);
    node.deleteMessage(alice, "a", id(1));
    node.createIfAbsent(alice, NewConversation.ofId("new"));
    append(alice, "new", 7);
    node.createIfAbsent(carol, NewConversation.ofId("c"));
    append(carol, "c", 8);
    requireThenAndAfterwards(
        () -> {
          assertThat(statistics(null)).isEqualTo(new StoreStatistics(2, 3, 4, 7, 7));
          assertThat(statistics("acme")).isEqualTo(new StoreStatistics(1, 2, 3, 6, 6));
          assertThat(statistics("other")).isEqualTo(new StoreStatistics(1, 1, 1, 1, 1));
        });
  }

  @Test
  void row_4_5_whatIsToBeDeletedIsNot() {
    makeTwo();
    node.createIfAbsent(carol, NewConversation.ofId("c"));
    append(carol, "c", 8);
    sending = false;
    node.erase(carol);
    node.delete(alice, "a");
    requireThenAndAfterwards(
        () -> {
          assertThat(statistics(null)).isEqualTo(new StoreStatistics(1, 1, 1, 1, 1));
          assertThat(statistics("other")).isEqualTo(new StoreStatistics(0, 0, 0, 0, 0));
          assertThat(active("other", 10)).isEmpty();
          assertThat(active("acme", 10)).extracting(ActiveUser::owner).containsExactly(bob);
        });
  }

  @Test
  void row_4_4_theLatestComeFirstAlsoBeforeTheyAreSent() {
    makeTwo();
    assertThat(active("acme", 10)).extracting(ActiveUser::owner).containsExactly(bob, alice);
    sending = false;
    append(alice, "a", 5);
    node.deleteMessage(alice, "a", id(2));
    requireThenAndAfterwards(
        () -> {
          assertThat(active("acme", 10)).extracting(ActiveUser::owner).containsExactly(alice, bob);
          assertThat(active("acme", 10)).extracting(ActiveUser::messages).containsExactly(3L, 1L);
          assertThat(active("acme", 1)).extracting(ActiveUser::owner).containsExactly(alice);
        });
  }

  @Test
  void anOutageLeavesNobodyToAsk() {
    makeTwo();
    bed.goDown(node);
    assertThatThrownBy(() -> statistics(null))
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("statistics needs the database");
  }
}
