package io.conversationstore.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.examples.chat.answers.DemoModel;
import io.conversationstore.examples.chat.story.ChatClient;
import io.conversationstore.examples.chat.story.Followed;
import io.conversationstore.examples.chat.story.Wait;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server while its database is away. */
class OutageTest {

  @TempDir Path directory;

  @Test
  void writesGoOnTheStateSaysSoAndAllIsThereAfterwards() throws Exception {
    try (TestPostgres postgres = TestPostgres.start()) {
      String database = postgres.createDatabase();
      try (TestServer server =
          TestServer.start(postgres, database, directory.resolve("data"), new DemoModel(0))) {
        ChatClient alice = server.user("alice");
        alice.append("before", "online", "1").expect(201);
        Wait.until("the local copy has it", () -> mirrored(server));
        try (Followed follower = alice.follow("/events?conversation=before")) {
          postgres.kill();
          JsonNode pending = alice.append("before", "offline", "2").expect(201).body();
          assertThat(pending.at("/messages/0/seq").isNull()).isTrue();
          alice.ask("during", "Count the words of this", "3").expect(202);
          Followed.Received away =
              follower.await(
                  "no state", event -> event.data().path("mode").asText().equals("offline"));
          assertThat(mode(server)).isEqualTo("offline");
          server.nobody().send("GET", "/health/live").expect(200);
          server.nobody().send("GET", "/health/ready").expect(200);
          Wait.until("the answer has ended", () -> count(alice, "during") == 5);
          assertThat(alice.send("GET", "/search?q=offline").body().get("hits")).hasSize(1);
          assertThat(alice.send("GET", "/conversations/elsewhere").expect(503).problem())
              .isEqualTo("unknown-while-offline");
          postgres.restart();
          String since = away.data().get("since").asText();
          follower.await(
              "no state online",
              event ->
                  event.data().path("mode").asText().equals("online")
                      && event.data().get("since").asText().compareTo(since) > 0);
        }
        Wait.until("nothing is pending", () -> server.store().state().pending().changes() == 0);
        alice.append("before", "offline", "2").expect(201);
        assertThat(count(alice, "before")).isEqualTo(2);
      }
      try (var direct =
          PostgresStore.open(
              PostgresOptions.url(postgres.jdbcUrl(database))
                  .withLogin(postgres.user(), postgres.password()))) {
        Owner alice = Owner.of("default", "alice");
        assertThat(direct.last(alice, "before", 10))
            .extracting(StoredMessage::text)
            .containsExactly("online", "offline");
        List<StoredMessage> during = direct.last(alice, "during", 10);
        assertThat(during).hasSize(5);
        assertThat(during.get(1).toolCalls()).hasSize(1);
        assertThat(during.get(3).text()).startsWith("Your question has **5** words.");
      }
    }
  }

  private static boolean mirrored(TestServer server) {
    var mirror = server.store().state().mirror();
    return mirror != null && mirror.asOf() != null;
  }

  private static String mode(TestServer server) throws Exception {
    return server.nobody().send("GET", "/api/health").body().at("/database/state").asText();
  }

  private static int count(ChatClient user, String conversation) throws Exception {
    return user.send("GET", "/conversations/" + conversation).body().path("messages").size();
  }
}
