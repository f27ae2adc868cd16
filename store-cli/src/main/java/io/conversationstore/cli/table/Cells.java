package io.conversationstore.cli.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.json.Json;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Values of a row as JSON. */
final class Cells {
  private static final Set<String> JSON_TYPES = Set.of("json", "jsonb");

  /** Columns that hold JSON as text where the database has no type for it. */
  private static final Set<String> JSON_TEXTS =
      Set.of("message", "messages", "metadata", "settings", "tags", "tool_calls", "usage");

  private Cells() {}

  /**
   * Columns of a row as an object, by their names in lower case; those without a value are left
   * out.
   *
   * @param first the number of the first of them in the result, from 1
   */
  static ObjectNode object(ResultSet row, int first, List<String> columns, Set<String> without)
      throws SQLException {
    ObjectNode object = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < columns.size(); i++) {
      String name = columns.get(i);
      JsonNode value = without.contains(name) ? null : value(row, first + i);
      if (value != null) {
        object.set(name.toLowerCase(Locale.ROOT), value);
      }
    }
    return object;
  }

  /** A value as text; null if there is none. */
  static @Nullable String text(ResultSet row, int column) throws SQLException {
    JsonNode value = value(row, column);
    return value == null ? null : value.isTextual() ? value.textValue() : value.toString();
  }

  private static @Nullable JsonNode value(ResultSet row, int column) throws SQLException {
    String type = row.getMetaData().getColumnTypeName(column).toLowerCase(Locale.ROOT);
    if (type.equals("timestamptz")) {
      OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
      return time == null ? null : JsonNodeFactory.instance.textNode(time.toString());
    }
    if (type.equals("timestamp") && row.getObject(column) instanceof Timestamp time) {
      // Without a zone; as programs on servers write it, in UTC.
      return JsonNodeFactory.instance.textNode(
          time.toLocalDateTime().atOffset(ZoneOffset.UTC).toString());
    }
    Object value = row.getObject(column);
    if (value == null) {
      return null;
    }
    JsonNodeFactory json = JsonNodeFactory.instance;
    if (value instanceof Boolean flag) {
      return json.booleanNode(flag);
    }
    if (value instanceof BigDecimal number) {
      return json.numberNode(number);
    }
    if (value instanceof Double || value instanceof Float) {
      return json.numberNode(((Number) value).doubleValue());
    }
    if (value instanceof Number number) {
      return json.numberNode(number.longValue());
    }
    if (value instanceof byte[] bytes) {
      return json.textNode(Base64.getEncoder().encodeToString(bytes));
    }
    String text = row.getString(column);
    String name = row.getMetaData().getColumnLabel(column).toLowerCase(Locale.ROOT);
    boolean isJson = JSON_TYPES.contains(type) || JSON_TEXTS.contains(name);
    return isJson ? parsed(text) : json.textNode(text);
  }

  private static JsonNode parsed(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try {
      return Json.parse(bytes, 0, bytes.length);
    } catch (IllegalArgumentException notJson) {
      return JsonNodeFactory.instance.textNode(text);
    }
  }
}
