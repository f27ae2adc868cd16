package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.json.ModelJson;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Messages in the words of programs: chat messages of model APIs, ShareGPT, Gemini, LangChain and
 * the like. An unknown field is kept in the metadata.
 */
final class MessageMapper {

  private static final List<String> SPEAKERS = List.of("role", "sender", "from", "speaker", "type");
  private static final List<String> IS_USER = List.of("is_user", "isUser", "isCreatedByUser");
  private static final List<String> CONTENTS =
      List.of("content", "text", "parts", "message", "value", "body", "mes");
  private static final List<String> TIMES =
      List.of(
          "created_at",
          "createdAt",
          "timestamp",
          "create_time",
          "time",
          "date",
          "ts",
          "created",
          "datetime",
          "sent_at",
          "send_date");

  private MessageMapper() {}

  /** Whether a value looks like a message: an object with a speaker. */
  static boolean isMessage(JsonNode json) {
    if (!json.isObject()) {
      return false;
    }
    JsonNode inner = json.path("message");
    return role(json) != null || (inner.isObject() && role(inner) != null);
  }

  private static @Nullable Role role(JsonNode json) {
    for (String name : SPEAKERS) {
      Role role = Roles.of(json.path(name).textValue());
      if (role != null) {
        return role;
      }
    }
    JsonNode author = json.path("author");
    Role role = Roles.of(author.isObject() ? author.path("role").textValue() : author.textValue());
    if (role != null) {
      return role;
    }
    for (String name : IS_USER) {
      if (json.path(name).isBoolean()) {
        return json.path(name).booleanValue() ? Role.USER : Role.ASSISTANT;
      }
    }
    return null;
  }

  /**
   * Reads a message; several if it holds results of tools.
   *
   * @throws IllegalArgumentException naming the field, never its value
   */
  static List<ImportedMessage> read(JsonNode given) {
    if (!given.isObject()) {
      throw new IllegalArgumentException("a message must be a JSON object");
    }
    ObjectNode message = unwrapped((ObjectNode) given);
    ObjectNode metadata = Fields.takeMetadata(message);
    Role role = takeRole(message, metadata);
    message.put("role", role.wireName());
    boolean isCall = "function_call".equals(Fields.text(given, List.of("from", "role")));
    takeContent(message);
    Instant createdAt = takeTime(message, TIMES);
    Instant editedAt = LenientTime.of(message.path("edited_at"));
    message.remove("edited_at");
    message.remove("created_at");
    takeId(message, metadata);
    keepOddShapes(message, metadata);
    ToolCalls.normalize(message, isCall);
    if (!metadata.isEmpty()) {
      message.set("metadata", metadata);
    }
    List<ContentPart> content = content(message.path("content"));
    JsonNode parts = message.path("content");
    message.putNull("content");
    Message read = ModelJson.readMessage(message);
    if (!hasToolParts(parts)) {
      return List.of(new ImportedMessage(read.withContent(content), createdAt, editedAt));
    }
    return split(read, parts, createdAt);
  }

  /** Takes a message out of an envelope as LangChain and others have it. */
  private static ObjectNode unwrapped(ObjectNode given) {
    for (String envelope : List.of("message", "data")) {
      JsonNode inner = given.path(envelope);
      boolean speaks = role(inner) != null || inner.has("content");
      if (inner.isObject() && speaks && (role(given) == null || !given.has("content"))) {
        ObjectNode message = ((ObjectNode) inner).deepCopy();
        given
            .properties()
            .forEach(
                field -> {
                  if (!field.getKey().equals(envelope) && !message.has(field.getKey())) {
                    message.set(field.getKey(), field.getValue().deepCopy());
                  }
                });
        if (role(inner) == null || Roles.of(given.path("type").textValue()) != null) {
          message.set("type", given.path("type"));
        }
        return message;
      }
    }
    return given.deepCopy();
  }

  private static Role takeRole(ObjectNode message, ObjectNode metadata) {
    Role role = role(message);
    if (role == null) {
      throw new IllegalArgumentException(
          message.path("role").isTextual()
              ? "role must be one of system, user, assistant, tool"
              : "role is missing");
    }
    for (String name : SPEAKERS) {
      if (Roles.of(message.path(name).textValue()) != null) {
        message.remove(name);
      }
    }
    JsonNode author = message.path("author");
    if (author.isTextual() && Roles.of(author.textValue()) != null) {
      message.remove("author");
    } else if (author.isObject() && Fields.isName(author.path("name").textValue())) {
      message.set("name", author.get("name"));
      message.remove("author");
    } else if (author.isObject()) {
      message.remove("author");
    }
    IS_USER.forEach(message::remove);
    Fields.keep(message, "role", metadata);
    return role;
  }

  private static void takeContent(ObjectNode message) {
    for (String name : CONTENTS) {
      JsonNode value = message.path(name);
      boolean empty =
          value.isMissingNode() || value.isNull() || (value.isArray() && value.isEmpty());
      if (!empty) {
        message.remove(name);
        message.set("content", value);
        return;
      }
    }
    CONTENTS.forEach(
        name -> {
          if (message.path(name).isArray() || message.path(name).isNull()) {
            message.remove(name);
          }
        });
    message.putNull("content");
  }

  private static @Nullable Instant takeTime(ObjectNode message, List<String> names) {
    for (String name : names) {
      Instant time = LenientTime.of(message.path(name));
      if (time != null) {
        message.remove(name);
        return time;
      }
    }
    return null;
  }

  private static void takeId(ObjectNode message, ObjectNode metadata) {
    for (String name : List.of("id", "uuid", "messageId", "message_id")) {
      UUID id = uuid(message.path(name).textValue());
      if (id != null) {
        message.remove(name);
        Fields.keep(message, "id", metadata);
        message.put("id", id.toString());
        return;
      }
    }
    Fields.keep(message, "id", metadata);
  }

  /** A text as a UUID, or null. */
  static @Nullable UUID uuid(@Nullable String text) {
    if (text == null || text.length() != 36) {
      return null;
    }
    try {
      return UUID.fromString(text);
    } catch (IllegalArgumentException notAUuid) {
      return null;
    }
  }

  /** Keeps known fields of another shape in the metadata. */
  private static void keepOddShapes(ObjectNode message, ObjectNode metadata) {
    for (String name : List.of("name", "model")) {
      if (message.has(name) && !Fields.isName(message.path(name).textValue())) {
        Fields.keep(message, name, metadata);
      }
    }
    if (message.has("tool_call_id") && !message.path("tool_call_id").isTextual()) {
      Fields.keep(message, "tool_call_id", metadata);
    }
    if (message.has("is_error") && !message.path("is_error").isBoolean()) {
      Fields.keep(message, "is_error", metadata);
    }
    JsonNode usage = message.path("usage");
    if (!usage.isMissingNode() && !isUsage(usage)) {
      Fields.keep(message, "usage", metadata);
    }
    // Fields of stored messages that are read elsewhere, or follow from the place.
    message.remove(List.of("conversation_id", "seq"));
  }

  private static boolean isUsage(JsonNode usage) {
    for (String name : List.of("prompt_tokens", "completion_tokens", "total_tokens")) {
      if (usage.has(name) && !usage.path(name).isIntegralNumber()) {
        return false;
      }
    }
    return usage.isObject() && usage.has("prompt_tokens");
  }

  /** Content in any of the usual shapes. */
  static List<ContentPart> content(JsonNode content) {
    if (content.isMissingNode() || content.isNull()) {
      return List.of();
    }
    if (content.isNumber() || content.isBoolean()) {
      return List.of(new ContentPart.Text(content.asText()));
    }
    ArrayNode parts = JsonNodeFactory.instance.arrayNode();
    if (content.isTextual()) {
      return List.of(new ContentPart.Text(content.textValue()));
    } else if (content.isObject()) {
      parts.add(content);
    } else {
      parts.addAll((ArrayNode) content);
    }
    List<ContentPart> read = new ArrayList<>();
    for (JsonNode part : parts) {
      if (!part.isNull()) {
        read.add(part(part));
      }
    }
    return List.copyOf(read);
  }

  /** One part; a text in a list is a text part. */
  static ContentPart part(JsonNode part) {
    if (!part.isObject()) {
      return new ContentPart.Text(Fields.json(part));
    }
    String text = part.path("text").textValue();
    if (part.size() == 1 && text != null) {
      return new ContentPart.Text(text);
    }
    if (part.path("type").asText().equals("thinking") && part.path("thinking").isTextual()) {
      return new ContentPart.Reasoning(
          part.path("thinking").textValue(), part.path("signature").textValue());
    }
    return ModelJson.readContent(JsonNodeFactory.instance.arrayNode().add(part)).get(0);
  }

  private static boolean hasToolParts(JsonNode parts) {
    for (JsonNode part : parts) {
      String type = part.path("type").asText();
      if (part.isObject() && (type.equals("tool_use") || type.equals("tool_result"))) {
        return true;
      }
    }
    return false;
  }

  /** Tool calls and results as parts, as Anthropic's API has them. */
  static List<ImportedMessage> split(Message speaker, JsonNode parts, @Nullable Instant createdAt) {
    SplitMessages split = new SplitMessages(speaker, createdAt);
    boolean onlyResults = true;
    for (JsonNode part : parts) {
      String type = part.path("type").asText();
      if (type.equals("tool_use")) {
        onlyResults = false;
        split.call(Fields.text(part, "id"), Fields.text(part, "name"), part.path("input"));
      } else if (type.equals("tool_result")) {
        split.result(
            Fields.text(part, "tool_use_id"),
            Fields.text(part, "name"),
            content(part.path("content")),
            part.path("is_error").asBoolean());
      } else if (!part.isNull()) {
        onlyResults = false;
        split.part(part(part));
      }
    }
    List<ImportedMessage> all = split.all();
    if (onlyResults && all.size() > 1) {
      // The speaker said nothing: the results stand alone, the first with the message's id.
      List<ImportedMessage> results = new ArrayList<>(all.subList(1, all.size()));
      ImportedMessage first = results.get(0);
      results.set(0, first.withMessage(first.message().withId(speaker.id())));
      return results;
    }
    return all;
  }

  /** An object as content: kept whole if the model does not know it. */
  static ContentPart unknown(JsonNode object) {
    return ModelJson.readContent(JsonNodeFactory.instance.arrayNode().add(object)).get(0);
  }
}
