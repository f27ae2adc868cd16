package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Open WebUI's export: each chat has a tree of messages ({@code chat.history}), of which the branch
 * that ends at {@code currentId} is shown.
 */
final class OpenWebUiMapper implements RecordMapper {

  private static final Set<String> TREE = Set.of("parentId", "childrenIds");

  static boolean isChat(JsonNode json) {
    JsonNode chat = json.path("chat");
    return chat.path("history").path("messages").isObject() || chat.path("messages").isArray();
  }

  @Override
  public void map(SourceRecord record, Consumer<MappedConversation> into) {
    JsonNode json = record.json();
    if (!isChat(json)) {
      throw new IllegalArgumentException("it has no chat with messages");
    }
    JsonNode chat = json.path("chat");
    ObjectNode header = header(json, chat);
    String named = Fields.id(json, List.of("id"));
    Branch<JsonNode> branch = branch(chat);
    List<ImportedMessage> messages = new ArrayList<>();
    long number = 0;
    for (JsonNode each : branch.nodes()) {
      number++;
      ObjectNode message = ((ObjectNode) each).deepCopy();
      message.remove(TREE);
      if (message.path("models").isArray() && message.has("model")) {
        message.remove("models");
      }
      try {
        messages.addAll(MessageMapper.read(message));
      } catch (IllegalArgumentException e) {
        throw new BadRecordException(named, number, String.valueOf(e.getMessage()), e);
      }
    }
    String id =
        named != null ? named : MessageIds.ofConversation(record.place().record(), messages);
    into.accept(new MappedConversation(Headers.read(header, id), messages, branch.notes()));
  }

  private static ObjectNode header(JsonNode json, JsonNode chat) {
    ObjectNode header = ((ObjectNode) json).deepCopy();
    header.remove("chat");
    for (Map.Entry<String, JsonNode> field : chat.properties()) {
      boolean messages = field.getKey().equals("history") || field.getKey().equals("messages");
      boolean empty = field.getValue().isContainerNode() && field.getValue().isEmpty();
      if (!messages && !empty && !header.has(field.getKey())) {
        header.set(field.getKey(), field.getValue());
      }
    }
    JsonNode tags = json.path("meta").path("tags");
    if (tags.isArray() && !header.path("tags").isArray()) {
      header.set("tags", tags);
    }
    return header;
  }

  private static Branch<JsonNode> branch(JsonNode chat) {
    JsonNode history = chat.path("history").path("messages");
    if (!history.isObject() || history.isEmpty()) {
      List<JsonNode> all = new ArrayList<>();
      chat.path("messages").forEach(all::add);
      return new Branch<>(all, 0);
    }
    Map<String, JsonNode> tree = new LinkedHashMap<>();
    history.properties().forEach(node -> tree.put(node.getKey(), node.getValue()));
    return Branch.to(
        chat.path("history").path("currentId").textValue(),
        tree,
        node -> node.path("parentId").textValue());
  }
}
