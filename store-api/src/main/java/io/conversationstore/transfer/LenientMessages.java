package io.conversationstore.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.Message;
import io.conversationstore.TokenUsage;
import io.conversationstore.json.ModelJson;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Messages in files of other programs. Fields in the shape of docs/json.md are read as such; a
 * known name with a value in another shape is kept in the metadata under that name, like an unknown
 * field. Only messages without a recognizable role are rejected.
 */
final class LenientMessages {

  private static final Map<String, String> ROLES =
      Map.ofEntries(
          Map.entry("system", "system"),
          Map.entry("user", "user"),
          Map.entry("assistant", "assistant"),
          Map.entry("tool", "tool"),
          Map.entry("developer", "system"),
          Map.entry("human", "user"),
          Map.entry("ai", "assistant"),
          Map.entry("bot", "assistant"),
          Map.entry("chatbot", "assistant"),
          Map.entry("gpt", "assistant"),
          Map.entry("chatgpt", "assistant"),
          Map.entry("model", "assistant"),
          Map.entry("function", "tool"));

  /** Field names of the speaker, other than role. */
  private static final List<String> SPEAKERS =
      List.of("sender", "author", "from", "speaker", "type");

  /** Booleans that say whether the user speaks. */
  private static final List<String> USER_FLAGS =
      List.of("is_user", "isUser", "fromUser", "isCreatedByUser");

  /** Field names of the text, other than content. */
  private static final List<String> TEXTS =
      List.of("text", "parts", "message", "value", "body", "mes");

  /** Field names of the time, the best first. */
  private static final List<String> TIMES =
      List.of(
          "created_at",
          "timestamp",
          "createdAt",
          "time",
          "date",
          "ts",
          "create_time",
          "created",
          "datetime",
          "sent_at",
          "send_date");

  private static final List<String> NAMES = List.of("name", "model");
  private static final Set<String> USAGE =
      Set.of("prompt_tokens", "completion_tokens", "total_tokens");

  private LenientMessages() {}

  /**
   * Reads a message.
   *
   * @throws IllegalArgumentException naming the field, never its value
   */
  static Entry read(JsonNode source, ZoneId zone) {
    if (!source.isObject()) {
      throw new IllegalArgumentException("a message must be a JSON object");
    }
    ObjectNode message = ((ObjectNode) source).deepCopy();
    LenientJson.replaceUnholdable(message);
    ObjectNode metadata = LenientJson.takeMetadata(message);
    unwrap(message, metadata);
    nameTheRole(message, metadata);
    nameTheContent(message, metadata);
    readRole(message, metadata);
    if (!message.has("id") && isUuid(message.path("uuid"))) {
      message.set("id", message.remove("uuid"));
    }
    keepUnless(message, metadata, "id", LenientMessages::isUuid);
    readContent(message);
    keepUnless(message, metadata, "tool_calls", LenientMessages::areToolCalls);
    keepUnless(message, metadata, "tool_call_id", JsonNode::isTextual);
    for (String name : NAMES) {
      keepUnless(message, metadata, name, LenientJson::isName);
    }
    keepUnless(message, metadata, "is_error", JsonNode::isBoolean);
    readUsage(message, metadata);
    Instant time = readTime(message, metadata, zone);
    message.set("metadata", metadata);
    Message read = ModelJson.readMessage(message);
    return Entry.of(read).withCreatedAt(time);
  }

  /** Whether a value looks like a message: it has a speaker with a known role, and content. */
  static boolean isMessage(JsonNode json) {
    if (!json.isObject()) {
      return false;
    }
    ObjectNode message = ((ObjectNode) json).deepCopy();
    ObjectNode metadata = message.objectNode();
    unwrap(message, metadata);
    nameTheRole(message, metadata);
    nameTheContent(message, metadata);
    String role = message.path("role").textValue();
    return role != null
        && ROLES.containsKey(role.strip().toLowerCase(Locale.ROOT))
        && (message.has("content") || message.has("tool_calls"));
  }

  /** A message in an envelope: {@code {"type": "human", "data": {…}}} and the like. */
  private static void unwrap(ObjectNode message, ObjectNode metadata) {
    for (String name : List.of("message", "data")) {
      JsonNode inner = message.path(name);
      boolean speaks = inner.has("role") || (inner.has("content") && speaker(message) != null);
      if (inner.isObject() && speaks && !message.has("content")) {
        message.remove(name);
        for (Map.Entry<String, JsonNode> field : inner.properties()) {
          if (!message.has(field.getKey())) {
            message.set(field.getKey(), field.getValue());
          } else {
            LenientJson.keep(metadata, name + "." + field.getKey(), field.getValue());
          }
        }
      }
    }
  }

  /** The name of the field with the speaker if it is not role; null if there is none. */
  private static @Nullable String speaker(ObjectNode message) {
    for (String name : SPEAKERS) {
      String word = message.path(name).textValue();
      if (word != null && ROLES.containsKey(word.strip().toLowerCase(Locale.ROOT))) {
        return name;
      }
    }
    return null;
  }

  private static void nameTheRole(ObjectNode message, ObjectNode metadata) {
    if (message.hasNonNull("role")) {
      return;
    }
    JsonNode author = message.path("author").path("role");
    String speaker = speaker(message);
    if (author.isTextual()) {
      LenientJson.keep(metadata, "author", message.remove("author"));
      message.set("role", author);
    } else if (speaker != null) {
      JsonNode word = message.remove(speaker);
      LenientJson.keep(metadata, speaker, word);
      message.put("role", ROLES.get(word.textValue().strip().toLowerCase(Locale.ROOT)));
    } else {
      for (String flag : USER_FLAGS) {
        if (message.path(flag).isBoolean() && !message.hasNonNull("role")) {
          message.put("role", message.path(flag).booleanValue() ? "user" : "assistant");
        }
      }
    }
  }

  private static void nameTheContent(ObjectNode message, ObjectNode metadata) {
    JsonNode content = message.path("content");
    boolean missing =
        content.isMissingNode() || content.isNull() || (content.isArray() && content.isEmpty());
    for (String name : TEXTS) {
      JsonNode text = message.path(name);
      if (missing && (text.isTextual() || text.isArray())) {
        message.remove(name);
        message.set("content", text);
        missing = false;
      }
    }
    JsonNode parts = content.path("parts");
    JsonNode text = content.path("text");
    if (content.has("content_type") && (parts.isArray() || text.isTextual())) {
      // In exports of ChatGPT: the type of the content, and its pieces.
      if (!content.path("content_type").asText().equals("text")) {
        LenientJson.keep(metadata, "content_type", content.get("content_type"));
      }
      message.set("content", parts.isArray() ? parts : text);
    }
  }

  private static void readRole(ObjectNode message, ObjectNode metadata) {
    String given = message.path("role").textValue();
    if (given == null) {
      throw new IllegalArgumentException("role is missing or not a string");
    }
    String role = ROLES.get(given.strip().toLowerCase(Locale.ROOT));
    if (role == null) {
      throw new IllegalArgumentException("role must be one of system, user, assistant, tool");
    }
    if (!role.equals(given)) {
      LenientJson.keep(metadata, "role", message.get("role"));
      message.put("role", role);
    }
  }

  /** Text in a list becomes a part; a number or a boolean becomes text. */
  private static void readContent(ObjectNode message) {
    JsonNode content = message.path("content");
    if (content.isNumber() || content.isBoolean()) {
      message.put("content", content.asText());
    } else if (content.isObject()) {
      message.set("content", JsonNodeFactory.instance.arrayNode().add(content));
    } else if (content.isArray()) {
      ArrayNode parts = JsonNodeFactory.instance.arrayNode();
      for (JsonNode part : content) {
        if (part.isObject()) {
          parts.add(named((ObjectNode) part));
        } else if (!part.isNull()) {
          parts
              .addObject()
              .put("type", "text")
              .put("text", part.isTextual() ? part.textValue() : part.toString());
        }
      }
      message.set("content", parts);
    }
  }

  /** Adds the type to a part without one, like Gemini's. */
  private static ObjectNode named(ObjectNode part) {
    if (part.size() == 1 && part.path("text").isTextual()) {
      return part.objectNode().put("type", "text").set("text", part.get("text"));
    }
    JsonNode inline = part.has("inlineData") ? part.get("inlineData") : part.path("inline_data");
    String mimeType = inline.path("mimeType").textValue();
    if (mimeType == null) {
      mimeType = inline.path("mime_type").textValue();
    }
    if (part.size() == 1 && inline.size() == 2 && mimeType != null && inline.has("data")) {
      return part.objectNode()
          .put("type", "media")
          .put("mime_type", mimeType)
          .set("data", inline.get("data"));
    }
    return part;
  }

  private static void readUsage(ObjectNode message, ObjectNode metadata) {
    JsonNode usage = message.path("usage");
    boolean known = usage.isObject();
    boolean whole = known;
    for (Map.Entry<String, JsonNode> field : usage.properties()) {
      if (!USAGE.contains(field.getKey())) {
        whole = false;
      } else if (!isCount(field.getValue())) {
        known = false;
      }
    }
    if (!usage.isMissingNode() && !usage.isNull() && !(known && whole)) {
      LenientJson.keep(metadata, "usage", usage);
    }
    if (!known) {
      message.remove("usage");
    }
  }

  private static boolean isCount(JsonNode json) {
    return json.isNull()
        || (json.isIntegralNumber()
            && json.canConvertToLong()
            && json.longValue() >= 0
            && json.longValue() <= TokenUsage.MAX_PER_MESSAGE);
  }

  private static @Nullable Instant readTime(ObjectNode message, ObjectNode metadata, ZoneId zone) {
    Instant time = null;
    for (String name : TIMES) {
      JsonNode value = message.path(name);
      if (time == null && !value.isMissingNode()) {
        time = LenientTimes.of(value, zone);
        if (time != null) {
          message.remove(name);
        }
      }
    }
    // Reading a message would ignore a value left under this name.
    LenientJson.keep(metadata, "created_at", message.path("created_at"));
    message.remove("created_at");
    return time;
  }

  private interface Shape {
    boolean fits(JsonNode json);
  }

  private static void keepUnless(
      ObjectNode message, ObjectNode metadata, String name, Shape shape) {
    JsonNode value = message.path(name);
    if (!value.isMissingNode() && !value.isNull() && !shape.fits(value)) {
      LenientJson.keep(metadata, name, value);
      message.remove(name);
    }
  }

  private static boolean isUuid(JsonNode json) {
    String text = json.textValue();
    if (text == null || text.length() != 36) {
      return false;
    }
    try {
      return UUID.fromString(text).toString().equalsIgnoreCase(text);
    } catch (IllegalArgumentException notAUuid) {
      return false;
    }
  }

  private static boolean areToolCalls(JsonNode json) {
    if (!json.isArray()) {
      return false;
    }
    for (JsonNode call : json) {
      JsonNode function = call.path("function");
      if (!call.path("id").isTextual()
          || !(call.path("type").isMissingNode() || LenientJson.isName(call.path("type")))
          || !LenientJson.isName(function.path("name"))
          || !function.path("arguments").isTextual()
          || function.size() != 2
          || call.size() != (call.has("type") ? 3 : 2)) {
        return false;
      }
    }
    return true;
  }
}
