package io.conversationstore.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.examples.chat.story.ChatClient;
import io.conversationstore.examples.chat.story.ChatClient.Reply;
import io.conversationstore.json.Json;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The routes, over files: what they do is the same with a database. */
class ApiTest {

  @TempDir static Path directory;
  private static TestServer server;

  @BeforeAll
  static void start() {
    server = TestServer.inFiles(directory.resolve("data"));
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** A user of their own for each test. */
  private static ChatClient somebody() {
    return server.user("user " + UUID.randomUUID());
  }

  private static String create(ChatClient user, String title) throws Exception {
    Reply made = user.send("POST", "/conversations", out -> writeTitle(out, title)).expect(201);
    assertThat(made.header("Location"))
        .isEqualTo("/conversations/" + made.body().get("id").asText());
    return made.body().get("id").asText();
  }

  private static void writeTitle(com.fasterxml.jackson.core.JsonGenerator out, String title)
      throws java.io.IOException {
    out.writeStartObject();
    out.writeStringField("title", title);
    out.writeEndObject();
  }

  private static List<String> texts(JsonNode messages) {
    List<String> texts = new ArrayList<>();
    messages.forEach(message -> texts.add(message.get("content").asText()));
    return texts;
  }

  @Test
  void aConversationIsCreatedRenamedArchivedAndDeleted() throws Exception {
    ChatClient user = somebody();
    String id = create(user, "Coffee");
    String path = "/conversations/" + id;
    assertThat(user.patch(path, "title", "Tea").expect(200).body().get("title").asText())
        .isEqualTo("Tea");
    user.patch(path, "status", "archived").expect(200);
    assertThat(user.send("GET", "/conversations?status=active").body().get("conversations"))
        .isEmpty();
    JsonNode archived =
        user.send("GET", "/conversations?status=archived").body().get("conversations");
    assertThat(archived).hasSize(1);
    assertThat(archived.get(0).get("title").asText()).isEqualTo("Tea");
    user.send("DELETE", path).expect(204);
    assertThat(user.send("GET", path).expect(404).problem()).isEqualTo("conversation-not-found");
    assertThat(user.send("DELETE", path).status()).isEqualTo(404);
  }

  @Test
  void aListIsReadInPages() throws Exception {
    ChatClient user = somebody();
    for (int i = 0; i < 5; i++) {
      create(user, "number " + i);
    }
    List<String> titles = new ArrayList<>();
    String cursor = "";
    int pages = 0;
    do {
      JsonNode page = user.send("GET", "/conversations?limit=2" + cursor).expect(200).body();
      page.get("conversations").forEach(each -> titles.add(each.get("title").asText()));
      cursor = page.get("cursor").isNull() ? "" : "&cursor=" + page.get("cursor").asText();
      pages++;
    } while (!cursor.isEmpty());
    assertThat(pages).isEqualTo(3);
    assertThat(titles).containsExactly("number 4", "number 3", "number 2", "number 1", "number 0");
  }

  @Test
  void messagesAreReadInPagesFromBothEnds() throws Exception {
    ChatClient user = somebody();
    for (int i = 0; i < 5; i++) {
      user.append("pages", "text " + i, "key " + i).expect(201);
    }
    JsonNode last = user.send("GET", "/conversations/pages?limit=2").expect(200).body();
    assertThat(texts(last.get("messages"))).containsExactly("text 3", "text 4");
    JsonNode before =
        user.send(
                "GET",
                "/conversations/pages/messages?order=backward&limit=2&cursor="
                    + last.get("cursor").asText())
            .expect(200)
            .body();
    assertThat(texts(before.get("messages"))).containsExactly("text 1", "text 2");
    JsonNode first = user.send("GET", "/conversations/pages/messages?order=forward&limit=3").body();
    assertThat(texts(first.get("messages"))).containsExactly("text 0", "text 1", "text 2");
  }

  @Test
  void aRepeatedRequestWithItsKeyChangesNothing() throws Exception {
    ChatClient user = somebody();
    JsonNode once = user.append("keys", "hello", "key").expect(201).body();
    JsonNode again = user.append("keys", "hello", "key").expect(201).body();
    assertThat(again).isEqualTo(once);
    assertThat(user.append("keys", "something else", "key").expect(409).problem())
        .isEqualTo("message-conflict");
    assertThat(texts(user.send("GET", "/conversations/keys").body().get("messages")))
        .containsExactly("hello");
    String first =
        user.send("POST", "/conversations", out -> writeTitle(out, "t"), "Idempotency-Key", "c")
            .expect(201)
            .body()
            .get("id")
            .asText();
    assertThat(
            user.send("POST", "/conversations", out -> writeTitle(out, "t"), "Idempotency-Key", "c")
                .expect(201)
                .body()
                .get("id")
                .asText())
        .isEqualTo(first);
    assertThat(
            server
                .user("another " + first)
                .send("POST", "/conversations", out -> writeTitle(out, "t"), "Idempotency-Key", "c")
                .body()
                .get("id")
                .asText())
        .as("another owner's key")
        .isNotEqualTo(first);
  }

  @Test
  void aTagProtectsAgainstLostUpdates() throws Exception {
    ChatClient user = somebody();
    String path = "/conversations/" + create(user, "one");
    String tag = user.send("GET", path).header("ETag");
    assertThat(user.send("GET", path, "If-None-Match", tag).status()).isEqualTo(304);
    String next = user.patch(path, "title", "two", "If-Match", tag).expect(200).header("ETag");
    assertThat(next).isNotEqualTo(tag);
    assertThat(user.patch(path, "title", "three", "If-Match", tag).expect(412).problem())
        .isEqualTo("changed-meanwhile");
    assertThat(user.send("DELETE", path, "If-Match", tag).status()).isEqualTo(412);
    assertThat(user.send("GET", path).header("ETag")).isEqualTo(next);
    String id = path.substring("/conversations/".length());
    user.append(id, "a message", "k").expect(201);
    assertThat(user.send("GET", path).header("ETag")).as("after an append").isNotEqualTo(next);
  }

  @Test
  void aMessageIsEditedUnderItsTagAndDeleted() throws Exception {
    ChatClient user = somebody();
    String id = user.append("edits", "before", "k").body().at("/messages/0/id").asText();
    String path = "/conversations/edits/messages/" + id;
    String tag = user.send("GET", path).expect(200).header("ETag");
    user.patch(path, "content", "after", "If-Match", tag).expect(200);
    assertThat(user.patch(path, "content", "lost", "If-Match", tag).status()).isEqualTo(412);
    assertThat(user.send("GET", path).body().get("content").asText()).isEqualTo("after");
    user.send("DELETE", path).expect(204);
    assertThat(user.send("GET", path).expect(404).problem()).isEqualTo("message-not-found");
  }

  @Test
  void anAppendCanRequireTheLastMessage() throws Exception {
    ChatClient user = somebody();
    String first = user.append("if-last", "one", "1").body().at("/messages/0/id").asText();
    user.append("if-last", "two", "2").expect(201);
    Reply refused =
        user.send(
            "POST",
            "/conversations/if-last/messages",
            out -> {
              out.writeStartObject();
              out.writeStringField("if_last", first);
              out.writeArrayFieldStart("messages");
              out.writeStartObject();
              out.writeStringField("role", "user");
              out.writeStringField("content", "three");
              out.writeEndObject();
              out.writeEndArray();
              out.writeEndObject();
            });
    assertThat(refused.expect(409).problem()).isEqualTo("append-condition-failed");
  }

  private static Json.Writer through(String message) {
    return out -> {
      out.writeStartObject();
      out.writeStringField("through", message);
      out.writeStringField("title", "Another way");
      out.writeEndObject();
    };
  }

  @Test
  void aForkTakesTheMessagesUpToOneAndIsMadeOnce() throws Exception {
    ChatClient user = somebody();
    String first = user.append("fork", "one", "1").body().at("/messages/0/id").asText();
    String second = user.append("fork", "two", "2").body().at("/messages/0/id").asText();
    user.append("fork", "three", "3").expect(201);
    String path = "/conversations/fork/forks";
    JsonNode fork =
        user.send("POST", path, through(second), "Idempotency-Key", "f").expect(201).body();
    String id = fork.get("id").asText();
    assertThat(fork.at("/metadata/forked_from/conversation_id").asText()).isEqualTo("fork");
    assertThat(
            user.send("POST", path, through(second), "Idempotency-Key", "f")
                .expect(201)
                .body()
                .get("id"))
        .isEqualTo(fork.get("id"));
    assertThat(
            user.send("POST", path, through(first), "Idempotency-Key", "f").expect(409).problem())
        .isEqualTo("conversation-exists");
    user.append(id, "another three", "4").expect(201);
    assertThat(texts(user.send("GET", "/conversations/" + id).body().get("messages")))
        .containsExactly("one", "two", "another three");
    assertThat(user.send("GET", "/conversations/fork").body().get("messages")).hasSize(3);
    assertThat(user.send("POST", path, through(somebodysMessage())).expect(404).problem())
        .isEqualTo("message-not-found");
  }

  private static String somebodysMessage() throws Exception {
    return somebody().append("other", "text", "1").body().at("/messages/0/id").asText();
  }

  @Test
  void aSearchShowsWhereTheWordsAre() throws Exception {
    ChatClient user = somebody();
    user.append("found", "One chai latte, please", "1").expect(201);
    user.append("found", "Nothing of that", "2").expect(201);
    JsonNode hits = user.send("GET", "/search?q=latte").expect(200).body().get("hits");
    assertThat(hits).hasSize(1);
    String snippet = hits.get(0).get("snippet").asText();
    int start = hits.get(0).at("/matches/0/start").asInt();
    int end = hits.get(0).at("/matches/0/end").asInt();
    assertThat(snippet.substring(start, end)).isEqualTo("latte");
    Reply refused = user.send("GET", "/search?q=%3F%3F").expect(400);
    assertThat(refused.problem()).isEqualTo("invalid-request");
  }

  @Test
  void aConversationIsExportedWhole() throws Exception {
    ChatClient user = somebody();
    for (int i = 0; i < 120; i++) {
      user.append("export", "line " + i, "k" + i).expect(201);
    }
    JsonNode all = user.send("GET", "/conversations/export/export").expect(200).body();
    assertThat(all.get("messages")).hasSize(120);
    assertThat(all.at("/messages/119/content").asText()).isEqualTo("line 119");
    String text =
        user.send("GET", "/conversations/export/export?format=markdown").response().body();
    assertThat(text).contains("line 0\n").contains("line 119\n");
  }

  @Test
  void errorsNameWhatIsWrongAndNeverAText() throws Exception {
    ChatClient user = somebody();
    Reply unknown =
        user.send(
            "POST",
            "/conversations/x/messages",
            out -> {
              out.writeStartObject();
              out.writeStringField("secret text", "secret text");
              out.writeEndObject();
            });
    assertThat(unknown.expect(400).header("Content-Type")).isEqualTo("application/problem+json");
    assertThat(unknown.body().get("detail").asText()).contains("messages").doesNotContain("secret");
    assertThat(user.send("GET", "/conversations?limit=0").expect(400).body().get("detail").asText())
        .contains("limit");
    assertThat(user.send("GET", "/nowhere").expect(404).problem()).isEqualTo("no-such-route");
    assertThat(user.send("PUT", "/conversations").expect(405).problem())
        .isEqualTo("no-such-method");
    user.append("conflict", "secret text", "k").expect(201);
    assertThat(user.append("conflict", "other secret", "k").expect(409).response().body())
        .doesNotContain("secret");
  }

  @Test
  void aWriteFromAPageOfAnotherSiteIsRefused() throws Exception {
    ChatClient user = somebody();
    create(user, "mine");
    Reply refused =
        user.send(
            "POST", "/conversations", out -> writeTitle(out, "x"), "Sec-Fetch-Site", "cross-site");
    assertThat(refused.expect(403).problem()).isEqualTo("other-site");
    assertThat(user.send("GET", "/conversations").body().get("conversations")).hasSize(1);
  }

  @Test
  void storageAndHealthAreOpenAndShowNoCredentials() throws Exception {
    ChatClient nobody = server.nobody();
    JsonNode config = nobody.send("GET", "/api/v1/storage/config").expect(200).body();
    assertThat(config.get("type").asText()).isEqualTo("jsonfile");
    assertThat(config).hasSize(2);
    JsonNode health = nobody.send("GET", "/api/health").expect(200).body();
    assertThat(health.at("/database/in_use").asBoolean()).isFalse();
    nobody.send("GET", "/health/live").expect(200);
    nobody.send("GET", "/health/ready").expect(200);
    assertThat(nobody.send("GET", "/metrics").expect(200).response().body())
        .contains("conversation_store_pending_changes")
        .contains("chat_requests_seconds_count");
  }

  @Test
  void thePageAllowsNoScriptButItsOwn() throws Exception {
    Reply page = server.nobody().send("GET", "/").expect(200);
    assertThat(page.header("Content-Security-Policy"))
        .contains("default-src 'none'")
        .contains("script-src 'self'")
        .doesNotContain("unsafe");
    assertThat(page.response().body())
        .contains("<title>Chat</title>")
        .doesNotContain("style=")
        .doesNotContainPattern("\\son[a-z]+=");
    String tag = page.header("ETag");
    assertThat(server.nobody().send("GET", "/", "If-None-Match", tag).status()).isEqualTo(304);
    assertThat(server.nobody().send("GET", "/markdown.js").expect(200).header("Content-Type"))
        .startsWith("text/javascript");
  }
}
