package io.conversationstore.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.examples.chat.answers.DemoModel;
import io.conversationstore.examples.chat.story.ChatClient;
import io.conversationstore.examples.chat.story.Followed;
import io.conversationstore.examples.chat.story.Wait;
import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers that grow, and those who follow, on two servers over one database. */
class StreamTest {

  @TempDir Path directory;
  private final StepModel model = new StepModel();
  private TestServer server;
  private TestServer other;

  @BeforeEach
  void start() {
    TestPostgres postgres = TestPostgres.shared();
    String database = postgres.createDatabase();
    server = TestServer.start(postgres, database, directory.resolve("one"), model);
    other = TestServer.start(postgres, database, directory.resolve("two"), new DemoModel(0));
  }

  @AfterEach
  void stop() {
    model.end();
    server.close();
    other.close();
  }

  private static List<JsonNode> messages(ChatClient user) throws Exception {
    JsonNode all = user.send("GET", "/conversations/c").expect(200).body().get("messages");
    return StreamSupport.stream(all.spliterator(), false).toList();
  }

  private static String text(ChatClient user, int index) throws Exception {
    List<JsonNode> all = messages(user);
    return all.size() <= index ? "" : all.get(index).get("content").asText();
  }

  @Test
  void anAnswerIsStoredWhileItGrowsAndFinishedOnce() throws Exception {
    ChatClient alice = server.user("alice");
    JsonNode asked = alice.ask("c", "What is it?", "k").expect(202).body();
    assertThat(asked.at("/question/content").asText()).isEqualTo("What is it?");
    Wait.until("the beginning is stored", () -> text(alice, 1).equals("the model begins. "));
    model.say("More. ");
    // The second piece is saved with the next one after the interval.
    Wait.until(
        "a later piece is stored",
        () -> {
          model.say("x");
          return text(alice, 1).startsWith("the model begins. More. x");
        });
    assertThat(messages(alice)).as("not finished").hasSize(2);
    model.end();
    Wait.until("the end is stored", () -> messages(alice).size() == 3);
    List<JsonNode> all = messages(alice);
    String answer = asked.get("answer_id").asText();
    assertThat(all.get(1).get("id").asText()).isEqualTo(answer);
    assertThat(all.get(2).at("/metadata/finishes").asText()).isEqualTo(answer);
    assertThat(all.get(2).at("/metadata/finish_reason").asText()).isEqualTo("complete");
    assertThat(all.get(2).at("/usage/prompt_tokens").asInt()).isEqualTo(1);
    JsonNode again = alice.ask("c", "What is it?", "k").expect(200).body();
    assertThat(again.get("answer_id").asText()).isEqualTo(answer);
    assertThat(again.get("growing").asBoolean()).isFalse();
    assertThat(messages(alice)).hasSize(3);
  }

  @Test
  void aNewConnectionBeginsWithTheWholeTextSoFar() throws Exception {
    ChatClient alice = server.user("alice");
    alice.append("c", "before", "b").expect(201);
    try (Followed first = alice.follow("/events?conversation=c")) {
      alice.ask("c", "What is it?", "k").expect(202);
      first.await("no piece", event -> event.name().equals("delta"));
      model.say("One. ");
      first.await("no second piece", event -> event.data().path("text").asText().equals("One. "));
    }
    model.say("Two. ");
    try (Followed second = alice.follow("/events?conversation=c")) {
      Followed.Received whole =
          second.await("no text so far", event -> event.name().equals("delta"));
      assertThat(whole.data().get("from").asInt()).isZero();
      assertThat(whole.data().get("text").asText()).startsWith("the model begins. One. ");
      model.say("Three.");
      second.await(
          "no further piece", event -> event.data().path("text").asText().equals("Three."));
      model.end();
      second.await(
          "no end",
          event ->
              event.name().equals("messages")
                  && event.data().at("/messages/0/metadata").has("finishes"));
    }
    assertThat(text(alice, 2)).isEqualTo("the model begins. One. Two. Three.");
  }

  @Test
  void aGrowingAnswerCanBeStoppedAndNotEdited() throws Exception {
    ChatClient alice = server.user("alice");
    String answer = alice.ask("c", "What is it?", "k").body().get("answer_id").asText();
    Wait.until("the beginning is stored", () -> !text(alice, 1).isEmpty());
    String path = "/conversations/c/messages/" + answer;
    assertThat(alice.patch(path, "content", "mine").expect(409).problem())
        .isEqualTo("answer-grows");
    String stop = "/conversations/c/answers/" + answer;
    server.user("mallory").send("DELETE", stop).expect(404);
    alice.send("DELETE", stop).expect(204);
    model.say("not wanted");
    Wait.until("the end is stored", () -> messages(alice).size() == 3);
    assertThat(messages(alice).get(2).at("/metadata/finish_reason").asText()).isEqualTo("stopped");
    assertThat(text(alice, 1)).isEqualTo("the model begins. ");
  }

  @Test
  void aShutdownStoresTheEndOfWhatGrows() throws Exception {
    ChatClient alice = server.user("alice");
    alice.ask("c", "What is it?", "k").expect(202);
    Wait.until("the beginning is stored", () -> !text(alice, 1).isEmpty());
    Thread closing = new Thread(() -> server.close());
    closing.start();
    Wait.until(
        "it has stopped",
        () -> {
          model.say("late");
          return !closing.isAlive();
        });
    List<JsonNode> all = messages(other.user("alice"));
    assertThat(all).hasSize(3);
    assertThat(all.get(2).at("/metadata/finish_reason").asText()).isEqualTo("interrupted");
  }

  @Test
  void followersHearOfOtherServers() throws Exception {
    ChatClient here = server.user("alice");
    ChatClient there = other.user("alice");
    here.append("c", "here", "1").expect(201);
    try (Followed follower = there.follow("/events?conversation=c")) {
      follower.await("not the present messages", event -> holds(event, "messages", "here"));
      String edited = messages(here).get(0).get("id").asText();
      here.append("c", "and here", "2").expect(201);
      follower.await("no append", event -> holds(event, "messages", "and here"));
      here.patch("/conversations/c/messages/" + edited, "content", "changed").expect(200);
      follower.await("no edit", event -> holds(event, "messages", "changed"));
      here.patch("/conversations/c", "title", "A new title").expect(200);
      follower.await("no rename", event -> holds(event, "conversation", "A new title"));
      here.send("DELETE", "/conversations/c/messages/" + edited).expect(204);
      follower.await("no removal", event -> holds(event, "removed", edited));
      here.send("DELETE", "/conversations/c").expect(204);
      follower.await("no delete", event -> holds(event, "deleted", "\"c\""));
    }
  }

  private static boolean holds(Followed.Received event, String name, String text) {
    return event.name().equals(name) && event.data().toString().contains(text);
  }
}
