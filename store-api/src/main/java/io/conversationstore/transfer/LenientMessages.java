package io.conversationstore.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.Message;
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
 * Messages as they stand in files of other programs. What has the shape of docs/json.md is read as
 * such; what stands under a known name in another shape is kept in the metadata under that name, as
 * an unknown field is. Only a message without a role that can be told is refused.
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
          Map.entry("model", "assistant"),
          Map.entry("function", "tool"));

  /** Where the time stands, the best name first. */
  private static final List<String> TIMES =
      List.of("created_at", "timestamp", "createdAt", "time", "date");

  private static final List<String> NAMES = List.of("tool_call_id", "name", "model");
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
    LenientJson.replaceNonFinite(message);
    ObjectNode metadata = LenientJson.takeMetadata(message);
    readRole(message, metadata);
    keepUnless(message, metadata, "id", LenientMessages::isUuid);
    readContent(message);
    keepUnless(message, metadata, "tool_calls", LenientMessages::areToolCalls);
    for (String name : NAMES) {
      keepUnless(message, metadata, name, LenientJson::isName);
    }
    keepUnless(message, metadata, "is_error", JsonNode::isBoolean);
    readUsage(message, metadata);
    Instant time = readTime(message, metadata, zone);
    message.set("metadata", metadata);
    Message read = ModelJson.readMessage(message);
    return new Entry(read, time);
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

  /** Text in a list becomes a part; a number or a truth value becomes its text. */
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
          parts.add(part);
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
        || (json.isIntegralNumber() && json.canConvertToLong() && json.longValue() >= 0);
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
    // What is left under the one name that a message knows would be passed over.
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
      if (!LenientJson.isName(call.path("id"))
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
