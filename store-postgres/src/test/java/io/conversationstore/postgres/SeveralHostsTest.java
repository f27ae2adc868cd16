package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.TestPostgres;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** One cluster under the addresses of its members. */
class SeveralHostsTest {

  private final TestPostgres server = TestPostgres.shared();
  private Databases databases;

  @BeforeEach
  void createDatabase() {
    databases = Databases.on(server);
  }

  private PostgresOptions options(int... ports) {
    StringBuilder hosts = new StringBuilder();
    for (int port : ports) {
      hosts.append(hosts.isEmpty() ? "" : ",").append(server.host()).append(':').append(port);
    }
    return PostgresOptions.url("jdbc:postgresql://" + hosts + "/" + databases.name)
        .withLogin(server.user(), server.password())
        .withPoolTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(20))
        .withNetworkTimeouts(Duration.ofSeconds(4), Duration.ofSeconds(4));
  }

  @ParameterizedTest
  @EnumSource(names = {"REFUSE", "RESET", "BLACK_HOLE"})
  void aFirstHostThatIsAwayDoesNotHideTheSecond(FaultProxy.Mode mode) {
    try (FaultProxy first = FaultProxy.to(server)) {
      first.setMode(mode);
      try (ConversationStore store = PostgresStore.open(options(first.port(), server.port()))) {
        store.append(ALICE, NewConversation.ofId("chat"), Message.user("hello"));
        assertThat(store.last(ALICE, "chat", 2)).hasSize(1);
      }
    }
  }

  @Test
  void aClusterWithoutAPrimaryIsUnavailableAndSaysWhy() throws Exception {
    databases.text("ALTER DATABASE " + databases.name + " SET default_transaction_read_only = on");
    PostgresOptions options = options(server.port(), server.port());
    assertThatThrownBy(
            () -> {
              try (ConversationStore store =
                  PostgresStore.open(
                      options.withPoolTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(1)))) {
                store.find(ALICE, "chat");
              }
            })
        .isInstanceOf(StoreUnavailableException.class)
        .hasMessageContaining("none of the servers accepts writes");
  }
}
