package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.ToolCall;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * ChatGPT's export: each conversation is a tree of messages ({@code mapping}), of which the branch
 * that ends at {@code current_node} is shown.
 */
final class ChatGptMapper implements RecordMapper {

  private static final Set<String> PLAIN_TEXT = Set.of("text", "multimodal_text");

  static boolean isConversation(JsonNode json) {
    JsonNode mapping = json.path("mapping");
    if (!mapping.isObject()) {
      return false;
    }
    for (JsonNode node : mapping) {
      if (node.has("parent") || node.has("children") || node.has("message")) {
        return true;
      }
    }
    return mapping.isEmpty();
  }

  @Override
  public void map(SourceRecord record, Consumer<MappedConversation> into) {
    JsonNode json = record.json();
    if (!json.isObject() || !isConversation(json)) {
      throw new IllegalArgumentException("it has no mapping, the tree of its messages");
    }
    Map<String, JsonNode> tree = new LinkedHashMap<>();
    json.path("mapping").properties().forEach(node -> tree.put(node.getKey(), node.getValue()));
    Branch<JsonNode> branch =
        Branch.to(
            json.path("current_node").textValue(), tree, node -> node.path("parent").textValue());
    ObjectNode header = ((ObjectNode) json).deepCopy();
    header.remove(List.of("mapping", "current_node"));
    String named = Fields.id(json, List.of("conversation_id", "id"));
    List<ImportedMessage> messages = new ArrayList<>();
    Map<String, String> calls = new HashMap<>();
    for (JsonNode node : branch.nodes()) {
      JsonNode message = node.path("message");
      if (message.isObject()) {
        try {
          add(message, node.path("parent").asText(), calls, messages);
        } catch (IllegalArgumentException e) {
          throw new BadRecordException(
              named, messages.size() + 1L, String.valueOf(e.getMessage()), e);
        }
      }
    }
    String id =
        named != null ? named : MessageIds.ofConversation(record.place().record(), messages);
    into.accept(new MappedConversation(Headers.read(header, id), messages, branch.notes()));
  }

  private static void add(
      JsonNode json, String parent, Map<String, String> calls, List<ImportedMessage> into) {
    Role role = Roles.of(json.path("author").path("role").textValue());
    if (role == null) {
      throw new IllegalArgumentException("author.role is missing or unknown");
    }
    JsonNode content = json.path("content");
    String type = content.path("content_type").asText("text");
    String recipient = json.path("recipient").asText("all");
    String id = json.path("id").asText("");
    Message message = Message.of(role).withId(MessageMapper.uuid(id)).withMetadata(metadata(json));
    String name = json.path("author").path("name").textValue();
    message = message.withName(Fields.isName(name) ? name : null);
    String model = json.path("metadata").path("model_slug").textValue();
    message = message.withModel(Fields.isName(model) ? model : null);
    List<ContentPart> parts = parts(type, content);
    if (role == Role.SYSTEM && parts.isEmpty()) {
      // The empty beginning of every conversation.
      return;
    }
    if (role == Role.ASSISTANT && !recipient.equals("all") && Fields.isName(recipient)) {
      calls.put(id, id);
      message = message.withToolCalls(ToolCall.function(id, recipient, text(content)));
    } else {
      message = message.withContent(parts);
    }
    if (role == Role.TOOL) {
      message = message.withToolCallId(calls.getOrDefault(parent, parent));
    }
    Instant created = LenientTime.of(json.path("create_time"));
    into.add(new ImportedMessage(message, created, null));
  }

  private static Map<String, @org.jspecify.annotations.Nullable Object> metadata(JsonNode json) {
    ObjectNode metadata =
        json.path("metadata") instanceof ObjectNode given
            ? given.deepCopy()
            : ((ObjectNode) json).objectNode();
    metadata.remove("model_slug");
    if (MessageMapper.uuid(json.path("id").textValue()) == null) {
      Fields.keep(metadata, "id", json.get("id"));
    }
    for (String name : List.of("status", "recipient", "channel")) {
      String value = json.path(name).asText("");
      if (!value.equals("finished_successfully") && !value.equals("all")) {
        Fields.keep(metadata, name, json.get(name));
      }
    }
    return Fields.map("metadata", metadata);
  }

  private static List<ContentPart> parts(String type, JsonNode content) {
    List<ContentPart> parts = new ArrayList<>();
    if (PLAIN_TEXT.contains(type)) {
      for (JsonNode part : content.path("parts")) {
        if (part.isTextual()) {
          if (!part.textValue().isEmpty()) {
            parts.add(new ContentPart.Text(part.textValue()));
          }
        } else if (part.isObject()) {
          // An image, an audio file: a reference to a file of the export.
          parts.add(MessageMapper.unknown(part));
        }
      }
      if (parts.isEmpty() && content.path("text").isTextual()) {
        parts.add(new ContentPart.Text(content.path("text").textValue()));
      }
    } else if (type.equals("code") || type.equals("execution_output")) {
      parts.add(new ContentPart.Text(text(content)));
    } else if (type.equals("thoughts")) {
      for (JsonNode thought : content.path("thoughts")) {
        parts.add(new ContentPart.Reasoning(thought.path("content").asText(""), null));
      }
    } else if (content.isObject()) {
      parts.add(MessageMapper.unknown(content));
    }
    return parts;
  }

  private static String text(JsonNode content) {
    if (content.path("text").isTextual()) {
      return content.path("text").textValue();
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content.path("parts")) {
      text.append(Fields.json(part));
    }
    return text.toString();
  }
}
