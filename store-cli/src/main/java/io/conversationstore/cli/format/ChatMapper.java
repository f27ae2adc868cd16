package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.Message;
import io.conversationstore.spi.DerivedIds;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Chat messages, ShareGPT, and the shapes of {@code conversations.json}: a conversation is an
 * object with a list of messages, or such a list. It may be nested: below its id, the name of a
 * user, or a word that means conversations.
 */
final class ChatMapper implements RecordMapper {

  /** Field names of messages; below the first, any element is one. */
  private static final List<String> MESSAGES =
      List.of(
          "messages",
          "conversations",
          "conversation",
          "history",
          "chat_history",
          "chatHistory",
          "chat_messages",
          "message_history",
          "dialog",
          "dialogue",
          "entries",
          "exchanges",
          "items",
          "log",
          "transcript",
          "turns");

  private static final Set<String> WRAPPERS =
      Set.of(
          "chats", "conversations", "data", "histories", "items", "sessions", "threads", "users");

  private static final int MOST_DEPTH = 5;

  @Override
  public void map(SourceRecord record, Consumer<MappedConversation> into) {
    int found = find(record.path(), record.json(), record, into);
    if (found == 0) {
      throw new IllegalArgumentException(
          "it contains no messages; the fields for them are messages, history, turns and the like");
    }
  }

  /** Returns the number of conversations. */
  private int find(
      List<String> path, JsonNode json, SourceRecord record, Consumer<MappedConversation> into) {
    if (json.isArray()) {
      if (isMessages(json)) {
        ObjectNode none = ((ArrayNode) json).objectNode();
        into.accept(conversation(path, none, json, record));
        return 1;
      }
      return 0;
    }
    if (!json.isObject()) {
      return 0;
    }
    if (ChatGptMapper.isConversation(json)) {
      new ChatGptMapper().map(new SourceRecord(path, json, record.place()), into);
      return 1;
    }
    String messages = messagesOf(json);
    if (messages != null) {
      ObjectNode header = ((ObjectNode) json).deepCopy();
      header.remove(messages);
      into.accept(conversation(path, header, json.path(messages), record));
      return 1;
    }
    int found = 0;
    if (path.size() < MOST_DEPTH) {
      for (Map.Entry<String, JsonNode> field : json.properties()) {
        List<String> child = new ArrayList<>(path);
        if (!WRAPPERS.contains(field.getKey())) {
          child.add(field.getKey());
        }
        found += find(child, field.getValue(), record, into);
      }
    }
    if (found == 0 && isHeader(json)) {
      into.accept(conversation(path, (ObjectNode) json, ((ObjectNode) json).arrayNode(), record));
      return 1;
    }
    return found;
  }

  /** A conversation without messages names at least its title or its times. */
  private static boolean isHeader(JsonNode json) {
    return json.has("title") || json.has("created_at") || json.has("createdAt");
  }

  private static @Nullable String messagesOf(JsonNode object) {
    if (object.path(MESSAGES.get(0)).isContainerNode()) {
      return MESSAGES.get(0);
    }
    for (String name : MESSAGES) {
      if (isMessages(object.path(name))) {
        return name;
      }
    }
    return null;
  }

  private static boolean isMessages(JsonNode list) {
    for (JsonNode element : list) {
      if (!element.isNull()) {
        return MessageMapper.isMessage(element);
      }
    }
    return false;
  }

  private static MappedConversation conversation(
      List<String> path, ObjectNode header, JsonNode elements, SourceRecord record) {
    String named = path.isEmpty() ? Fields.id(header, Headers.IDS) : String.join("/", path);
    List<ImportedMessage> messages = new ArrayList<>();
    List<String> notes = new ArrayList<>();
    JsonNode system = header.path("system");
    if (system.isTextual()) {
      header.remove("system");
      if (!system.textValue().isBlank()) {
        messages.add(new ImportedMessage(Message.system(system.textValue()), null, null));
      }
    }
    long number = 0;
    for (JsonNode element : elements) {
      number++;
      if (element.isNull()) {
        notes.add("message " + number + " is null and left out");
        continue;
      }
      try {
        messages.addAll(MessageMapper.read(element));
      } catch (IllegalArgumentException e) {
        throw new BadRecordException(named, number, String.valueOf(e.getMessage()), e);
      }
    }
    String id;
    if (named == null) {
      id = MessageIds.ofConversation(record.place().record(), messages);
    } else {
      id = Fields.isName(named) ? named : DerivedIds.of("an imported id", 0, named).toString();
    }
    return new MappedConversation(Headers.read(header, id), messages, notes);
  }
}
