package io.conversationstore.examples.quickstart;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The conversations to store, with message ids that are the same in every run. */
final class Input {

  private static final int USERS = 8;

  /**
   * A conversation.
   *
   * @param messages in order, each with an id
   * @param turns the messages again, as they are appended: a user's message alone, and what follows
   *     it until the next
   */
  record Chat(
      Owner owner, String id, String title, List<Message> messages, List<List<Message>> turns) {
    NewConversation header() {
      return NewConversation.titled(title).withId(id);
    }
  }

  private Input() {}

  /** Reads the file, or the sample, as often as asked. */
  static List<Chat> read(@Nullable Path file, int copies) throws Arguments.Wrong {
    String name = file == null ? "the sample" : file.toString();
    if (file != null && !Files.exists(file)) {
      throw new Arguments.Wrong(name + ": no such file");
    }
    try (BufferedReader lines = file == null ? sample() : Files.newBufferedReader(file)) {
      List<Chat> chats = new ArrayList<>();
      Set<String> ids = new HashSet<>();
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (!line.isBlank()) {
          add(chats, ids, line, name + ": line " + number + ": ", copies);
        }
      }
      if (chats.isEmpty()) {
        throw new Arguments.Wrong(name + ": contains no conversation");
      }
      return List.copyOf(chats);
    } catch (MalformedInputException e) {
      throw new Arguments.Wrong(name + ": is not UTF-8 text");
    } catch (IOException e) {
      throw new Arguments.Wrong(name + ": cannot be read (" + e.getClass().getSimpleName() + ")");
    }
  }

  private static BufferedReader sample() {
    InputStream stream = Input.class.getResourceAsStream("sample.jsonl");
    if (stream == null) {
      throw new IllegalStateException("the sample is missing from the jar");
    }
    return new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8));
  }

  private static void add(List<Chat> chats, Set<String> ids, String line, String where, int copies)
      throws Arguments.Wrong {
    try {
      JsonNode json = Json.parse(line);
      String id = Json.string(json, "conversation_id");
      String title = Json.optionalString(json, "title");
      List<JsonNode> messages = Json.array(json, "messages");
      if (messages.isEmpty()) {
        throw new IllegalArgumentException("messages is missing or empty");
      }
      List<Message> read = new ArrayList<>();
      for (int i = 0; i < messages.size(); i++) {
        try {
          read.add(ModelJson.readMessage(messages.get(i)));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException("messages[" + i + "]: " + e.getMessage(), e);
        }
      }
      for (int copy = 0; copy < copies; copy++) {
        String own = copy == 0 ? id : id + "~" + copy;
        if (!ids.add(own)) {
          throw new IllegalArgumentException("conversation_id is used on an earlier line");
        }
        chats.add(chat(chats.size(), own, title == null ? "" : title, read));
      }
    } catch (IllegalArgumentException e) {
      // A parse error counts lines within what it parsed, which is this one line.
      String what = String.valueOf(e.getMessage());
      throw new Arguments.Wrong(
          where + what.replace("invalid JSON at line 1, ", "invalid JSON at "));
    }
  }

  private static Chat chat(int number, String id, String title, List<Message> messages) {
    List<Message> named = new ArrayList<>();
    List<List<Message>> turns = new ArrayList<>();
    List<Message> answer = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      byte[] name = (id + "#" + i).getBytes(StandardCharsets.UTF_8);
      Message message = messages.get(i).withId(UUID.nameUUIDFromBytes(name));
      named.add(message);
      if (message.role() == Role.USER) {
        if (!answer.isEmpty()) {
          turns.add(List.copyOf(answer));
          answer.clear();
        }
        turns.add(List.of(message));
      } else {
        answer.add(message);
      }
    }
    if (!answer.isEmpty()) {
      turns.add(List.copyOf(answer));
    }
    Chat chat =
        new Chat(
            Owner.of("quickstart", "user-" + number % USERS),
            id,
            title,
            List.copyOf(named),
            List.copyOf(turns));
    chat.header();
    return chat;
  }
}
