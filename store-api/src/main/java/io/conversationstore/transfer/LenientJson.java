package io.conversationstore.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.conversationstore.ContentPart;
import io.conversationstore.Owner;
import java.math.BigDecimal;
import java.util.Map;

/** Shared functions for reading messages and headers. */
final class LenientJson {

  /** The limit of the canonical form of JSON. */
  private static final int MOST_DIGITS = 1_100;

  private LenientJson() {}

  /** Keeps a value in the metadata, unless the metadata has that name already. */
  static void keep(ObjectNode metadata, String name, JsonNode value) {
    if (!value.isMissingNode() && !value.isNull() && !metadata.has(name)) {
      metadata.set(name, value);
    }
  }

  /**
   * Removes the metadata from an object and returns it, or creates it; a value of another type is
   * kept in it.
   */
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

  /**
   * Converts numbers that no store can hold to text: {@code NaN}, the infinities, and numbers with
   * too many digits. Digits are computed, not written out.
   */
  static void replaceUnholdable(JsonNode json) {
    if (json instanceof ObjectNode object) {
      for (Map.Entry<String, JsonNode> field : object.properties()) {
        if (isUnholdable(field.getValue())) {
          field.setValue(TextNode.valueOf(field.getValue().asText()));
        } else {
          replaceUnholdable(field.getValue());
        }
      }
    } else if (json instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        if (isUnholdable(array.get(i))) {
          array.set(i, TextNode.valueOf(array.get(i).asText()));
        } else {
          replaceUnholdable(array.get(i));
        }
      }
    }
  }

  private static boolean isUnholdable(JsonNode json) {
    if (json.isDouble()) {
      return !Double.isFinite(json.doubleValue());
    }
    if (json.isBigDecimal() || json.isBigInteger()) {
      BigDecimal number = json.decimalValue();
      return (long) number.precision() + Math.abs((long) number.scale()) > MOST_DIGITS;
    }
    return false;
  }

  /** Whether a value can be an id or a name: 1 to 255 characters that every store can hold. */
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
