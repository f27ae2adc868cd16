package io.conversationstore.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.conversationstore.ContentPart;
import io.conversationstore.Owner;
import java.util.Map;

/** What reading messages and headers share. */
final class LenientJson {

  private LenientJson() {}

  /** Keeps a value that has no place of its own, unless the metadata has that name already. */
  static void keep(ObjectNode metadata, String name, JsonNode value) {
    if (!value.isMissingNode() && !value.isNull() && !metadata.has(name)) {
      metadata.set(name, value);
    }
  }

  /** Takes the metadata out of an object, or makes it; what is no object is kept in it. */
  static ObjectNode takeMetadata(ObjectNode json) {
    JsonNode given = json.path("metadata");
    json.remove("metadata");
    if (given.isObject()) {
      return (ObjectNode) given;
    }
    ObjectNode metadata = json.objectNode();
    keep(metadata, "metadata", given);
    return metadata;
  }

  /** {@code NaN} and the infinities, which no store can hold as numbers, become their names. */
  static void replaceNonFinite(JsonNode json) {
    if (json instanceof ObjectNode object) {
      for (Map.Entry<String, JsonNode> field : object.properties()) {
        if (isNonFinite(field.getValue())) {
          field.setValue(TextNode.valueOf(field.getValue().asText()));
        } else {
          replaceNonFinite(field.getValue());
        }
      }
    } else if (json instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        if (isNonFinite(array.get(i))) {
          array.set(i, TextNode.valueOf(array.get(i).asText()));
        } else {
          replaceNonFinite(array.get(i));
        }
      }
    }
  }

  private static boolean isNonFinite(JsonNode json) {
    return json.isDouble() && !Double.isFinite(json.doubleValue());
  }

  /** Whether it can be an id or a name: 1 to 255 characters that every store can hold. */
  static boolean isName(JsonNode json) {
    String text = json.textValue();
    return text != null
        && !text.isEmpty()
        && text.length() <= Owner.MAX_ID_LENGTH
        && clean(text).equals(text);
  }

  /** The text in its canonical form. */
  static String clean(String text) {
    return new ContentPart.Text(text).text();
  }
}
