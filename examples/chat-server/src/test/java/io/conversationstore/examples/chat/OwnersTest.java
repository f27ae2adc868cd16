package io.conversationstore.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Owner;
import io.conversationstore.examples.chat.story.ChatClient;
import io.conversationstore.examples.chat.story.ChatClient.Reply;
import io.conversationstore.examples.chat.story.Followed;
import io.conversationstore.examples.chat.web.Route;
import io.conversationstore.json.Json;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The API description, and that no path of it leads to another owner. */
class OwnersTest {

  private static final String SECRET = "alicessecret";
  private static final List<String> METHODS = List.of("get", "post", "put", "patch", "delete");

  @TempDir Path directory;
  private TestServer server;

  @BeforeEach
  void start() {
    server = TestServer.inFiles(directory.resolve("data"));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static JsonNode description() throws Exception {
    try (InputStream in = OwnersTest.class.getResourceAsStream("/openapi.json")) {
      byte[] all = in.readAllBytes();
      return Json.parse(all, 0, all.length);
    }
  }

  private interface Operation {
    void take(String method, String path, JsonNode operation) throws Exception;
  }

  private static void forEach(Operation taker) throws Exception {
    JsonNode paths = description().get("paths");
    for (String path : (Iterable<String>) paths::fieldNames) {
      for (String method : METHODS) {
        if (paths.get(path).has(method)) {
          taker.take(method.toUpperCase(Locale.ROOT), path, paths.get(path).get(method));
        }
      }
    }
  }

  @Test
  void theDescriptionHasEveryRouteAndNoOther() throws Exception {
    Set<String> described = new TreeSet<>();
    forEach(
        (method, path, operation) -> {
          boolean open = operation.has("security") && operation.get("security").isEmpty();
          described.add(method + " " + path + (open ? " open" : ""));
        });
    Set<String> served = new TreeSet<>();
    for (Route route : server.server().routes()) {
      served.add(route.method() + " " + route.path() + (route.open() ? " open" : ""));
    }
    assertThat(described).isEqualTo(served).hasSizeGreaterThan(15);
  }

  @Test
  void everyRouteButTheOpenOnesRefusesARequestWithoutAUser() throws Exception {
    int[] refused = {0};
    forEach(
        (method, path, operation) -> {
          if (!operation.has("security")) {
            Reply reply = server.nobody().send(method, concrete(path, "c", "x"));
            assertThat(reply.status()).as(method + " " + path).isEqualTo(401);
            assertThat(reply.problem()).isEqualTo("owner-missing");
            refused[0]++;
          }
        });
    assertThat(refused[0]).isGreaterThan(10);
  }

  private static String concrete(String path, String conversation, String message) {
    return path.replace("{id}", conversation)
        .replace("{message}", message)
        .replace("{tool}", "search");
  }

  private static String query(String path) {
    return switch (path) {
      case "/search" -> "?q=" + SECRET;
      case "/events" -> "?conversation=private";
      default -> "";
    };
  }

  private static Json.Writer body(String path, String message) {
    return out -> {
      out.writeStartObject();
      if (path.endsWith("/answers")) {
        out.writeStringField("question", "mallory was here");
      } else if (path.endsWith("/messages")) {
        out.writeArrayFieldStart("messages");
        out.writeStartObject();
        out.writeStringField("role", "user");
        out.writeStringField("content", "mallory was here");
        out.writeEndObject();
        out.writeEndArray();
      } else if (path.endsWith("/forks")) {
        out.writeStringField("through", message);
      } else if (path.endsWith("/{message}")) {
        out.writeStringField("content", "mallory was here");
      } else {
        out.writeStringField("title", "mallory was here");
      }
      out.writeEndObject();
    };
  }

  @Test
  void noPathLeadsToAnotherOwner() throws Exception {
    ChatClient alice = server.user("alice");
    JsonNode appended = alice.append("private", SECRET, "k").expect(201).body();
    String message = appended.at("/messages/0/id").asText();
    String before = alice.send("GET", "/conversations/private/export").response().body();
    List<ChatClient> others =
        List.of(
            server.user("mallory"),
            server.user("ALICE"),
            new ChatClient(
                java.net.http.HttpClient.newHttpClient(),
                server.port(),
                "X-User",
                "alice",
                "X-Tenant",
                "another"));
    for (ChatClient other : others) {
      forEach(
          (method, path, operation) -> {
            String concrete = concrete(path, "private", message) + query(path);
            if (path.equals("/events")) {
              return;
            }
            Reply reply =
                operation.has("requestBody")
                    ? other.send(method, concrete, body(path, message))
                    : other.send(method, concrete);
            assertThat(reply.response().body()).as(method + " " + path).doesNotContain(SECRET);
            if (path.startsWith("/conversations/{id}")) {
              assertThat(reply.status()).as(method + " " + path).isEqualTo(404);
            }
          });
    }
    assertThat(alice.send("GET", "/conversations/private/export").response().body())
        .isEqualTo(before);
    assertThat(server.store().count(Owner.of("default", "alice")).conversations()).isEqualTo(1);
  }

  @Test
  void eventsReachTheirOwnerOnly() throws Exception {
    ChatClient alice = server.user("alice");
    alice.append("private", "first", "k").expect(201);
    try (Followed hers = alice.follow("/events?conversation=private");
        Followed his = server.user("mallory").follow("/events?conversation=private")) {
      his.await("no state", event -> event.name().equals("state"));
      alice.append("private", SECRET, "l").expect(201);
      hers.await("no message", event -> event.data().toString().contains(SECRET));
      server.user("mallory").append("private", "mine", "m").expect(201);
      his.await("no own message", event -> event.data().toString().contains("mine"));
      assertThat(his.events().toString()).doesNotContain(SECRET).doesNotContain("first");
      assertThat(hers.events().toString()).doesNotContain("mine");
    }
  }
}
