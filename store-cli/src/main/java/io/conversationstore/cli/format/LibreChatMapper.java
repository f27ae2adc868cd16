package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.ContentPart;
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
 * LibreChat's export: one conversation a file, its messages in a list or nested below each other.
 * The branch of the last message is shown.
 */
final class LibreChatMapper implements RecordMapper {

  private static final Set<String> READ =
      Set.of(
          "messageId",
          "parentMessageId",
          "conversationId",
          "children",
          "text",
          "content",
          "sender",
          "isCreatedByUser",
          "createdAt",
          "updatedAt",
          "model",
          "_id",
          "__v",
          "user");

  static boolean isConversation(JsonNode json) {
    JsonNode first = json.path("messages").path(0);
    return json.path("messages").isArray()
        && (first.has("isCreatedByUser") || first.has("parentMessageId"));
  }

  @Override
  public void map(SourceRecord record, Consumer<MappedConversation> into) {
    JsonNode json = record.json();
    boolean empty = json.path("messages").isArray() && json.path("messages").isEmpty();
    if (!empty && !isConversation(json)) {
      throw new IllegalArgumentException("it has no messages with isCreatedByUser");
    }
    Map<String, JsonNode> tree = new LinkedHashMap<>();
    collect(json.path("messages"), "", tree);
    Branch<JsonNode> branch =
        Branch.to(null, tree, message -> message.path("parentMessageId").textValue());
    String named = Fields.id(json, List.of("conversationId", "conversation_id", "id"));
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
    ObjectNode header = ((ObjectNode) json).deepCopy();
    header.remove(List.of("messages", "branches", "recursive"));
    String id =
        named != null ? named : MessageIds.ofConversation(record.place().record(), messages);
    into.accept(new MappedConversation(Headers.read(header, id), messages, branch.notes()));
  }

  /** Puts the messages into the tree, the latest of all branches last. */
  private static void collect(JsonNode messages, String parent, Map<String, JsonNode> tree) {
    for (JsonNode each : messages) {
      if (!(each instanceof ObjectNode given)) {
        throw new IllegalArgumentException("a message must be a JSON object");
      }
      ObjectNode message = given.deepCopy();
      String id = message.path("messageId").asText("");
      if (id.isEmpty()) {
        id = "message " + tree.size();
      }
      if (!message.path("parentMessageId").isTextual() && !parent.isEmpty()) {
        message.put("parentMessageId", parent);
      }
      tree.put(id, message);
      collect(message.path("children"), id, tree);
    }
  }

  private static List<ImportedMessage> read(JsonNode json) {
    boolean user = json.path("isCreatedByUser").asBoolean();
    if (!json.path("isCreatedByUser").isBoolean()) {
      throw new IllegalArgumentException("isCreatedByUser is missing");
    }
    ObjectNode metadata = ((ObjectNode) json).objectNode();
    json.properties()
        .forEach(
            field -> {
              boolean empty =
                  (field.getValue().isContainerNode() && field.getValue().isEmpty())
                      || (field.getValue().isBoolean() && !field.getValue().booleanValue());
              if (!READ.contains(field.getKey()) && !empty) {
                Fields.keep(metadata, field.getKey(), field.getValue());
              }
            });
    String id = json.path("messageId").textValue();
    if (MessageMapper.uuid(id) == null) {
      Fields.keep(metadata, "messageId", json.get("messageId"));
    }
    String sender = json.path("sender").textValue();
    String model = json.path("model").textValue();
    Message speaker =
        Message.of(user ? Role.USER : Role.ASSISTANT)
            .withId(MessageMapper.uuid(id))
            .withName(!user && Fields.isName(sender) ? sender : null)
            .withModel(Fields.isName(model) ? model : null)
            .withMetadata(Fields.map("metadata", metadata));
    Instant created = LenientTime.of(json.path("createdAt"));
    SplitMessages split = new SplitMessages(speaker, created);
    for (JsonNode part : json.path("content")) {
      part(part, split);
    }
    String text = json.path("text").asText("");
    if (json.path("content").isEmpty() && !text.isEmpty()) {
      split.part(new ContentPart.Text(text));
    }
    return split.all();
  }

  private static void part(JsonNode part, SplitMessages split) {
    String type = part.path("type").asText();
    if (type.equals("text")) {
      JsonNode text = part.path("text");
      split.part(
          new ContentPart.Text(text.isObject() ? text.path("value").asText("") : text.asText("")));
    } else if (type.equals("think")) {
      split.part(new ContentPart.Reasoning(part.path("think").asText(""), null));
    } else if (type.equals("tool_call")) {
      JsonNode call = part.path("tool_call");
      split.call(Fields.text(call, "id"), Fields.text(call, "name"), call.path("args"));
      if (call.path("output").isTextual()) {
        split.result(
            Fields.text(call, "id"),
            Fields.text(call, "name"),
            List.of(new ContentPart.Text(call.path("output").textValue())),
            false);
      }
    } else if (part.isObject()) {
      split.part(MessageMapper.unknown(part));
    }
  }
}
