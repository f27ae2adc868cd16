package io.conversationstore.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamWriteConstraints;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.NullNode;
import io.conversationstore.StoreLimits;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reading and writing JSON values: the product's shared Jackson settings, and access to fields.
 * Errors name the field and never show a value. Thread-safe.
 */
public final class Json {

  /** Writes JSON to a generator. */
  @FunctionalInterface
  public interface Writer {
    void write(JsonGenerator out) throws IOException;
  }

  /** More levels than the objects around a value (a message, a change, a line) have. */
  private static final int LEVELS_AROUND = 100;

  private static final int DEEPEST = StoreLimits.MAX_JSON_DEPTH + LEVELS_AROUND;

  /**
   * Reads everything that {@link StoreLimits} accepts, and files of versions with larger limits.
   */
  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          // An attack on the symbol table must not make accepted data unreadable.
          .disable(JsonFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxStringLength(2 * StoreLimits.MAX_BYTES)
                  .maxNameLength(2 * StoreLimits.MAX_BYTES)
                  .maxNumberLength(4 * StoreLimits.MAX_NUMBER_DIGITS)
                  .maxNestingDepth(2 * DEEPEST)
                  .build())
          .streamWriteConstraints(StreamWriteConstraints.builder().maxNestingDepth(DEEPEST).build())
          .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
          .build();

  private static final JsonMapper MAPPER =
      JsonMapper.builder(FACTORY)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final ObjectReader VALUES =
      MAPPER.reader().without(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private Json() {}

  /** The output of {@code writer}, in UTF-8. */
  public static byte[] bytes(Writer writer) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
    try (JsonGenerator out = FACTORY.createGenerator(bytes)) {
      writer.write(out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** The output of {@code writer} as text. */
  public static String text(Writer writer) {
    return new String(bytes(writer), StandardCharsets.UTF_8);
  }

  /**
   * Parses one JSON value.
   *
   * @throws IllegalArgumentException if it is not JSON; the error text gives line and column, no
   *     content
   */
  public static JsonNode parse(String json) {
    try {
      return require(MAPPER.readTree(json));
    } catch (JsonProcessingException e) {
      throw malformed(e);
    }
  }

  /** Like {@link #parse(String)} for UTF-8 in {@code length} bytes from {@code offset}. */
  public static JsonNode parse(byte[] json, int offset, int length) {
    try {
      return require(MAPPER.readTree(json, offset, length));
    } catch (JsonProcessingException e) {
      throw malformed(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads JSON step by step, for input larger than memory. Accepts {@code NaN} and the infinities,
   * which some writers produce although JSON excludes them.
   */
  public static JsonParser parser(InputStream in) throws IOException {
    return FACTORY
        .createParser(in)
        .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature());
  }

  /** Reads {@code length} bytes of UTF-8 from {@code offset} step by step. */
  public static JsonParser parser(byte[] json, int offset, int length) throws IOException {
    return FACTORY.createParser(json, offset, length);
  }

  /**
   * Checks that written JSON can be read again.
   *
   * @throws IllegalArgumentException if it cannot; the error text gives line and column, no content
   */
  public static void requireReadable(byte[] json) {
    try (JsonParser parser = FACTORY.createParser(json)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token.isNumeric()) {
          parser.getNumberValue();
        } else {
          parser.finishToken();
        }
      }
    } catch (JsonProcessingException e) {
      throw malformed(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads the value that begins at the parser's present token and stops after it. */
  public static JsonNode readValue(JsonParser parser) throws IOException {
    JsonNode value = VALUES.readTree(parser);
    return value == null ? NullNode.getInstance() : value;
  }

  /** Writes JSON step by step. */
  public static JsonGenerator generator(OutputStream out) throws IOException {
    return FACTORY.createGenerator(out);
  }

  private static JsonNode require(@Nullable JsonNode node) {
    if (node == null || node.isMissingNode()) {
      throw new IllegalArgumentException("invalid JSON: the input is empty");
    }
    return node;
  }

  /** Jackson's error text quotes the input; line and column are enough to find the place. */
  @SuppressWarnings("UnusedException")
  private static IllegalArgumentException malformed(JsonProcessingException e) {
    return new IllegalArgumentException(
        e.getLocation() == null
            ? "invalid JSON"
            : "invalid JSON at line "
                + e.getLocation().getLineNr()
                + ", column "
                + e.getLocation().getColumnNr());
  }

  /** A JSON object as plain Java values: String, Boolean, Number, List, Map, null. */
  public static Map<String, @Nullable Object> toMap(String what, JsonNode node) {
    if (!node.isObject()) {
      throw new IllegalArgumentException(what + " must be a JSON object");
    }
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : node.properties()) {
      map.put(field.getKey(), toValue(what, field.getValue()));
    }
    return map;
  }

  static @Nullable Object toValue(String what, JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> toMap(what, node);
      case ARRAY -> {
        List<@Nullable Object> list = new ArrayList<>(node.size());
        for (JsonNode element : node) {
          list.add(toValue(what, element));
        }
        yield list;
      }
      case STRING -> node.textValue();
      case NUMBER -> node.numberValue();
      case BOOLEAN -> node.booleanValue();
      case NULL -> null;
      default -> throw new IllegalArgumentException(what + " is not a JSON value");
    };
  }

  /** Writes a value of the kinds that {@link #toMap} returns. */
  public static void writeValue(JsonGenerator out, @Nullable Object value) throws IOException {
    if (value instanceof Map<?, ?> map) {
      out.writeStartObject();
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.writeFieldName((String) entry.getKey());
        writeValue(out, entry.getValue());
      }
      out.writeEndObject();
    } else if (value instanceof List<?> list) {
      out.writeStartArray();
      for (Object element : list) {
        writeValue(out, element);
      }
      out.writeEndArray();
    } else if (value instanceof Long number) {
      out.writeNumber(number);
    } else if (value instanceof BigDecimal number) {
      out.writeNumber(number);
    } else if (value instanceof Boolean bool) {
      out.writeBoolean(bool);
    } else if (value instanceof String string) {
      out.writeString(string);
    } else if (value == null) {
      out.writeNull();
    } else {
      throw new IllegalArgumentException(
          value.getClass().getName() + " has no canonical JSON form");
    }
  }

  /**
   * A time with six decimals, as in {@code 2026-01-02T03:04:05.000006Z}. Times outside the years 1
   * to 9999, which only a clock or a database can produce, are written as the nearest time within,
   * which can be read.
   */
  public static String time(Instant instant) {
    return JsonTime.format(instant);
  }

  // Fields

  /** A field's value; null if it is missing or JSON null. */
  public static @Nullable JsonNode field(JsonNode object, String name) {
    JsonNode value = object.get(name);
    return value == null || value.isNull() ? null : value;
  }

  /** The value of a required field. */
  public static JsonNode required(JsonNode object, String name) {
    JsonNode value = field(object, name);
    if (value == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
    return value;
  }

  public static @Nullable String optionalString(JsonNode object, String name) {
    JsonNode value = field(object, name);
    if (value == null) {
      return null;
    }
    if (!value.isTextual()) {
      throw new IllegalArgumentException(name + " must be a string");
    }
    return value.textValue();
  }

  public static String string(JsonNode object, String name) {
    required(object, name);
    String value = optionalString(object, name);
    if (value == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
    return value;
  }

  /** A whole number; {@code absent} if the field is missing. */
  public static long number(JsonNode object, String name, long absent) {
    JsonNode value = field(object, name);
    if (value == null) {
      return absent;
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong()) {
      throw new IllegalArgumentException(name + " must be a whole number");
    }
    return value.longValue();
  }

  /** False if the field is missing. */
  public static boolean bool(JsonNode object, String name) {
    JsonNode value = field(object, name);
    if (value == null) {
      return false;
    }
    if (!value.isBoolean()) {
      throw new IllegalArgumentException(name + " must be true or false");
    }
    return value.booleanValue();
  }

  public static @Nullable Instant optionalTime(JsonNode object, String name) {
    String value = optionalString(object, name);
    return value == null ? null : time(name, value);
  }

  /**
   * A time as text; the error names the field {@code name}. A time outside the years 1 to 9999,
   * written by versions without this limit, is read as the nearest one within.
   */
  public static Instant time(String name, String value) {
    Instant written = JsonTime.parse(value);
    if (written != null) {
      return written;
    }
    Instant limit = JsonTime.limit(value);
    if (limit != null) {
      return limit;
    }
    try {
      return DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(value, Instant::from);
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          name + " must be an ISO 8601 time with an offset, as in 2026-01-02T03:04:05Z", e);
    }
  }

  public static Instant time(JsonNode object, String name) {
    Instant value = optionalTime(object, name);
    if (value == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
    return value;
  }

  public static @Nullable UUID optionalUuid(JsonNode object, String name) {
    String value = optionalString(object, name);
    if (value == null) {
      return null;
    }
    if (value.length() != 36) {
      throw new IllegalArgumentException(name + " must be a UUID of 36 characters");
    }
    try {
      return UUID.fromString(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + " must be a UUID of 36 characters", e);
    }
  }

  public static UUID uuid(JsonNode object, String name) {
    UUID value = optionalUuid(object, name);
    if (value == null) {
      throw new IllegalArgumentException(name + " is missing");
    }
    return value;
  }

  /** An array's elements; empty if the field is missing. */
  public static List<JsonNode> array(JsonNode object, String name) {
    JsonNode value = field(object, name);
    if (value == null) {
      return List.of();
    }
    if (!value.isArray()) {
      throw new IllegalArgumentException(name + " must be an array");
    }
    List<JsonNode> elements = new ArrayList<>(value.size());
    value.forEach(elements::add);
    return elements;
  }
}
