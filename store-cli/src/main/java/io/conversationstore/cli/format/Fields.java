package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.ContentPart;
import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Access to the fields of JSON that other programs wrote. */
final class Fields {

  private Fields() {}

  /** The first of these fields that is a text with a character other than a blank. */
  static @Nullable String text(JsonNode object, List<String> names) {
    for (String name : names) {
      String value = object.path(name).textValue();
      if (value != null && !value.isBlank()) {
        return value;
      }
    }
    return null;
  }

  /** A text field, or null. */
  static @Nullable String text(JsonNode object, String name) {
    return object.path(name).textValue();
  }

  /** The first of these fields that is a text or a whole number, as an id. */
  static @Nullable String id(JsonNode object, List<String> names) {
    for (String name : names) {
      JsonNode value = object.path(name);
      if (isName(value.textValue())) {
        return value.textValue();
      }
      if (value.isIntegralNumber()) {
        return value.asText();
      }
    }
    return null;
  }

  /** Whether a text can be an id or a name: 1 to 255 characters that every store can hold. */
  static boolean isName(@Nullable String text) {
    return text != null
        && !text.isBlank()
        && text.length() <= Owner.MAX_ID_LENGTH
        && new ContentPart.Text(text).text().equals(text);
  }

  /** A JSON value as compact text. */
  static String json(JsonNode value) {
    return value.isTextual() ? value.textValue() : value.toString();
  }

  /** Moves a field to the metadata, unless the metadata has one of that name. */
  static void keep(ObjectNode object, String name, ObjectNode metadata) {
    JsonNode value = object.remove(name);
    keep(metadata, name, value);
  }

  static void keep(ObjectNode metadata, String name, @Nullable JsonNode value) {
    if (value != null && !value.isNull() && !value.isMissingNode() && !metadata.has(name)) {
      metadata.set(name, value);
    }
  }

  /** The object's metadata, removed from it; a value that is no object is kept inside. */
  static ObjectNode takeMetadata(ObjectNode object) {
    JsonNode given = object.remove("metadata");
    if (given instanceof ObjectNode metadata) {
      return metadata;
    }
    ObjectNode metadata = object.objectNode();
    keep(metadata, "metadata", given);
    return metadata;
  }

  static Map<String, @Nullable Object> map(String what, JsonNode object) {
    return Json.toMap(what, object);
  }
}
