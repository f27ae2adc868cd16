package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.Message;
import io.conversationstore.Role;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Claude's export: conversations with {@code chat_messages}, whose parts hold texts, tool calls and
 * their results.
 */
final class ClaudeMapper implements RecordMapper {

  /** Fields that are read, or say nothing that others do not. */
  private static final Set<String> READ =
      Set.of(
          "uuid", "text", "content", "sender", "created_at", "updated_at", "parent_message_uuid");

  private static final List<String> PART_TIMES = List.of("start_timestamp", "stop_timestamp");

  @Override
  public void map(SourceRecord record, Consumer<MappedConversation> into) {
    JsonNode json = record.json();
    if (!json.path("chat_messages").isArray()) {
      throw new IllegalArgumentException("it has no chat_messages");
    }
    ObjectNode header = ((ObjectNode) json).deepCopy();
    header.remove(List.of("chat_messages", "current_leaf_message_uuid"));
    String named = Fields.id(json, List.of("uuid", "id"));
    Branch<JsonNode> branch = branch(json);
    List<ImportedMessage> messages = new ArrayList<>();
    long number = 0;
    for (JsonNode message : branch.nodes()) {
      number++;
      try {
        messages.addAll(read(message));
      } catch (IllegalArgumentException e) {
        throw new BadRecordException(named, number, String.valueOf(e.getMessage()), e);
      }
    }
    String id =
        named != null ? named : MessageIds.ofConversation(record.place().record(), messages);
    into.accept(new MappedConversation(Headers.read(header, id), messages, branch.notes()));
  }

  /** All messages in order, unless they name their parents and one has two children. */
  private static Branch<JsonNode> branch(JsonNode json) {
    Map<String, JsonNode> tree = new LinkedHashMap<>();
    Map<String, Integer> children = new LinkedHashMap<>();
    List<JsonNode> all = new ArrayList<>();
    for (JsonNode message : json.path("chat_messages")) {
      all.add(message);
      tree.put(message.path("uuid").asText(), message);
      String parent = message.path("parent_message_uuid").textValue();
      if (parent != null) {
        children.merge(parent, 1, Integer::sum);
      }
    }
    boolean forked =
        tree.size() == all.size() && children.values().stream().anyMatch(count -> count > 1);
    return forked
        ? Branch.to(
            json.path("current_leaf_message_uuid").textValue(),
            tree,
            message -> message.path("parent_message_uuid").textValue())
        : new Branch<>(all, 0);
  }

  private static List<ImportedMessage> read(JsonNode json) {
    Role role = Roles.of(json.path("sender").textValue());
    if (role == null) {
      throw new IllegalArgumentException("sender is missing or unknown");
    }
    ObjectNode metadata = ((ObjectNode) json).objectNode();
    json.properties()
        .forEach(
            field -> {
              boolean empty = field.getValue().isContainerNode() && field.getValue().isEmpty();
              if (!READ.contains(field.getKey()) && !empty) {
                Fields.keep(metadata, field.getKey(), field.getValue());
              }
            });
    String uuid = json.path("uuid").textValue();
    if (MessageMapper.uuid(uuid) == null) {
      Fields.keep(metadata, "uuid", json.get("uuid"));
    }
    Message speaker =
        Message.of(role)
            .withId(MessageMapper.uuid(uuid))
            .withMetadata(Fields.map("metadata", metadata));
    Instant created = LenientTime.of(json.path("created_at"));
    ArrayNode parts = plain(json.path("content"));
    if (parts.isEmpty()) {
      String text = json.path("text").asText("");
      if (!text.isEmpty()) {
        parts.addObject().put("type", "text").put("text", text);
      }
    }
    return MessageMapper.split(speaker, parts, created);
  }

  /** The parts without fields that hold nothing. */
  private static ArrayNode plain(JsonNode content) {
    ArrayNode parts = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.arrayNode();
    for (JsonNode part : content) {
      if (part instanceof ObjectNode object) {
        ObjectNode plain = object.deepCopy();
        plain.remove(PART_TIMES);
        JsonNode citations = plain.path("citations");
        if (citations.isNull() || (citations.isArray() && citations.isEmpty())) {
          plain.remove("citations");
        }
        if (plain.path("flags").isNull()) {
          plain.remove("flags");
        }
        parts.add(plain);
      } else {
        parts.add(part);
      }
    }
    return parts;
  }
}
