package io.conversationstore.examples.localdev;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** The conversations of the example, the same in each process. */
final class Data {

  static final Owner OWNER = Owner.of("local-dev", "me");

  private static final int GENERATED = 1_000;
  private static final int MOST = 1_000;

  /** A conversation whose messages have ids. */
  record Chat(String id, String title, List<Message> messages) {}

  private Data() {}

  /**
   * Reads conversations.
   *
   * @param file JSON Lines, a conversation with its messages a line, of which the first 1,000
   *     count; {@code -} for generated ones
   * @param copies how often each is there, under ids of their own
   */
  static List<Chat> read(String file, int copies) throws IOException {
    List<Chat> chats = new ArrayList<>();
    if (file.equals("-")) {
      for (int i = 0; i < GENERATED; i++) {
        List<Message> messages = new ArrayList<>();
        for (int j = 0; j < 4 + i % 12; j++) {
          String text = "Message " + j + " of conversation " + i + ": tea, as always.";
          messages.add(j % 2 == 0 ? Message.user(text) : Message.assistant(text));
        }
        add(chats, "chat-" + i, "Conversation " + i, messages, copies);
      }
      return chats;
    }
    List<String> lines;
    try (var read = Files.lines(Path.of(file))) {
      lines = read.filter(line -> !line.isBlank()).limit(MOST).toList();
    }
    for (String line : lines) {
      JsonNode json = Json.parse(line);
      List<Message> messages =
          Json.array(json, "messages").stream().map(ModelJson::readMessage).toList();
      String title = Json.optionalString(json, "title");
      add(
          chats,
          Json.string(json, "conversation_id"),
          title == null ? "" : title,
          messages,
          copies);
    }
    return chats;
  }

  private static void add(
      List<Chat> chats, String id, String title, List<Message> messages, int copies) {
    for (int copy = 0; copy < copies; copy++) {
      String own = copy == 0 ? id : id + "~" + copy;
      List<Message> named = new ArrayList<>();
      for (int i = 0; i < messages.size(); i++) {
        named.add(messages.get(i).withId(id(own + "#" + i)));
      }
      chats.add(new Chat(own, title, List.copyOf(named)));
    }
  }

  /** A turn that is added later. */
  static List<Message> turn(int number) {
    return List.of(
        Message.user("Turn " + number).withId(id("turn " + number + " question")),
        Message.assistant("Answer " + number).withId(id("turn " + number + " answer")));
  }

  private static UUID id(String name) {
    return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
  }
}
