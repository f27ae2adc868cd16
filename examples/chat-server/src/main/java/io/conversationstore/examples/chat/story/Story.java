package io.conversationstore.examples.chat.story;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Two users chat through the server. PostgreSQL is killed; they go on. The server is killed in the
 * middle of an answer and starts again; PostgreSQL starts again. Then the database is compared with
 * everything that the server acknowledged.
 */
public final class Story {

  private final Path root;
  private final TestPostgres postgres;
  private final String database;
  private final Acknowledged acknowledged = new Acknowledged();
  private ServerProcess server;

  private Story(Path root, TestPostgres postgres) throws IOException {
    this.root = root;
    this.postgres = postgres;
    this.database = postgres.createDatabase();
    this.server = start();
  }

  /** Plays the story; exits with 1 if the database differs. */
  public static void main(String[] arguments) throws Exception {
    Path root = Files.createTempDirectory("conversation-store-chat-server");
    boolean same;
    try (TestPostgres postgres = TestPostgres.builder().durable(true).start()) {
      Story story = new Story(root, postgres);
      try {
        story.play();
      } finally {
        story.server.close();
      }
      same = story.compare();
    } finally {
      remove(root);
    }
    System.exit(same ? 0 : 1);
  }

  static void remove(Path root) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }

  private ServerProcess start() throws IOException {
    Map<String, String> variables = new HashMap<>(ServerProcess.database(postgres, database));
    variables.put("CHAT_DEMO_WORDS_PER_S", "100");
    variables.put("CHAT_SAVE_MS", "100");
    return ServerProcess.start(root, variables);
  }

  private static void note(String text) {
    System.out.println("--- " + text);
  }

  private ChatClient user(String name) {
    return ChatClient.of(server.port(), name);
  }

  private void play() throws Exception {
    note("the server runs, with PostgreSQL: " + state());
    append("alice", "coffee", "One chai latte, please");
    askToTheEnd("alice", "tea", "Which tea do you have?");
    append("bob", "coffee", "Bob has a conversation of the same id");

    postgres.kill();
    note("PostgreSQL is killed");
    append("alice", "coffee", "Make it two");
    askToTheEnd("bob", "new", "Count the words of this question");
    user("alice").patch("/conversations/coffee", "title", "Coffee order").expect(200);
    JsonNode hits = user("alice").send("GET", "/search?q=latte").expect(200).body().get("hits");
    note("a search finds " + hits.size() + " message; " + state());

    String broken = ask("alice", "tea", "Tell me more").get("answer_id").asText();
    String saved = "/conversations/tea/messages/" + broken;
    Wait.until("the answer has begun", () -> user("alice").send("GET", saved).status() == 200);
    JsonNode seen = user("alice").send("GET", saved).expect(200).body();
    server.kill();
    note("the server is killed in the middle of an answer");
    server = start();
    note("the server runs again, without PostgreSQL: " + state());
    JsonNode kept = user("alice").send("GET", saved).expect(200).body();
    String before = seen.get("content").asText();
    if (!kept.get("content").asText().startsWith(before)) {
      throw new IllegalStateException("the answer has lost text that was shown");
    }
    acknowledged.add("alice", kept);
    note("the answer has the " + before.length() + " characters that were stored before, or more");
    append("bob", "new", "Still here");

    postgres.restart();
    note("PostgreSQL starts again");
    Wait.until("all changes are sent", () -> state().equals("online, 0 pending"));
    note("all is sent: " + state());
    append("alice", "coffee", "Thank you");
    if (!server.end()) {
      throw new IllegalStateException("the server did not end in a minute");
    }
  }

  private String state() throws Exception {
    JsonNode database =
        user("nobody").send("GET", "/api/health").expect(200).body().get("database");
    return database.get("state").asText() + ", " + database.get("pending") + " pending";
  }

  private void append(String name, String conversation, String text) throws Exception {
    JsonNode message =
        user(name).append(conversation, text, text).expect(201).body().at("/messages/0");
    acknowledged.add(name, message);
    System.out.println(name + " in " + conversation + ": " + text);
  }

  private JsonNode ask(String name, String conversation, String question) throws Exception {
    System.out.println(name + " in " + conversation + ": " + question);
    JsonNode asked = user(name).ask(conversation, question, question).expect(202).body();
    acknowledged.add(name, asked.get("question"));
    return asked;
  }

  private void askToTheEnd(String name, String conversation, String question) throws Exception {
    String answer = ask(name, conversation, question).get("answer_id").asText();
    String path = "/conversations/" + conversation;
    Wait.until("answer " + answer + " has ended", () -> hasEnd(name, path, answer));
    for (JsonNode message : user(name).send("GET", path).expect(200).body().get("messages")) {
      acknowledged.add(name, message);
      if (message.get("id").asText().equals(answer)) {
        System.out.println("  demo: " + message.get("content").asText().split("\n", 2)[0]);
      }
    }
  }

  private boolean hasEnd(String name, String path, String answer) throws Exception {
    for (JsonNode message : user(name).send("GET", path).body().path("messages")) {
      if (message.at("/metadata/finishes").asText("").equals(answer)) {
        return true;
      }
    }
    return false;
  }

  private boolean compare() {
    List<String> wrong = acknowledged.compare(postgres, database, "default");
    wrong.forEach(each -> System.out.println("WRONG: " + each));
    System.out.printf(
        Locale.ROOT,
        "CHAT-SERVER %s: %d conversations, %d messages compared, %d differ%n",
        wrong.isEmpty() ? "passed" : "FAILED",
        acknowledged.conversations(),
        acknowledged.messages(),
        wrong.size());
    return wrong.isEmpty();
  }
}
