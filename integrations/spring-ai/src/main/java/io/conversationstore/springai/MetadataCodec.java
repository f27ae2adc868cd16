package io.conversationstore.springai;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.Period;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.util.ClassUtils;
import org.springframework.util.MimeType;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * Turns metadata of any types into plain JSON and back. Other readers of the store see ordinary
 * JSON; what JSON cannot say is noted beside it, as a map from JSON pointers (RFC 6901) to type
 * names.
 *
 * <p>These types come back as they were: text, booleans, all numbers of {@code java.lang} and
 * {@code java.math}, byte arrays, enums, sets, lists, maps, the types of {@code java.time} listed
 * below, {@code Date}, {@code UUID}, {@code URI}, {@code Locale} and {@code MimeType}. Other
 * objects, such as records, come back as the maps and lists that Jackson makes of them. A type that
 * no longer exists, such as a renamed enum, comes back as text.
 */
final class MetadataCodec {

  /** JSON that is the value, and types that are missing in it. */
  record Encoded(Map<String, @Nullable Object> json, Map<String, String> types) {}

  private static final int DEEPEST = 500;
  private static final String ENUM = "enum:";
  private static final String SET = "set";
  private static final String LONG = "long";
  private static final String SHORT = "short";
  private static final String BYTE = "byte";

  /** An object without properties would lose all that it holds. */
  private static final JsonMapper MAPPER =
      JsonMapper.builder().enable(SerializationFeature.FAIL_ON_EMPTY_BEANS).build();

  /** A type that is stored as text. */
  private record Textual<T>(
      String name, Class<T> type, Function<T, String> write, Function<String, T> read) {

    String text(Object value) {
      return write.apply(type.cast(value));
    }
  }

  @SuppressWarnings("JavaUtilDate") // metadata of models and applications holds it
  private static final List<Textual<?>> TEXTUAL =
      List.of(
          new Textual<>(
              "bytes",
              byte[].class,
              Base64.getEncoder()::encodeToString,
              Base64.getDecoder()::decode),
          new Textual<>("double", Double.class, Object::toString, Double::valueOf),
          new Textual<>("float", Float.class, Object::toString, Float::valueOf),
          new Textual<>("decimal", BigDecimal.class, Object::toString, BigDecimal::new),
          new Textual<>("integer", BigInteger.class, Object::toString, BigInteger::new),
          new Textual<>("char", Character.class, Object::toString, text -> text.charAt(0)),
          new Textual<>("instant", Instant.class, Object::toString, Instant::parse),
          new Textual<>("date", LocalDate.class, Object::toString, LocalDate::parse),
          new Textual<>("time", LocalTime.class, Object::toString, LocalTime::parse),
          new Textual<>("date-time", LocalDateTime.class, Object::toString, LocalDateTime::parse),
          new Textual<>("offset", OffsetDateTime.class, Object::toString, OffsetDateTime::parse),
          new Textual<>("zoned", ZonedDateTime.class, Object::toString, ZonedDateTime::parse),
          new Textual<>("duration", Duration.class, Object::toString, Duration::parse),
          new Textual<>("period", Period.class, Object::toString, Period::parse),
          new Textual<>(
              "java.util.Date",
              Date.class,
              date -> Instant.ofEpochMilli(date.getTime()).toString(),
              text -> new Date(Instant.parse(text).toEpochMilli())),
          new Textual<>("uuid", UUID.class, Object::toString, UUID::fromString),
          new Textual<>("uri", URI.class, Object::toString, URI::create),
          new Textual<>("locale", Locale.class, Locale::toLanguageTag, Locale::forLanguageTag),
          new Textual<>("mime", MimeType.class, Object::toString, MimeType::valueOf));

  private MetadataCodec() {}

  /**
   * Encodes metadata.
   *
   * @throws IllegalArgumentException if a value has no JSON form; the error names its key and class
   *     and never its content
   */
  static Encoded encode(Map<String, ?> metadata) {
    Map<String, String> types = new TreeMap<>();
    return new Encoded(encodeMap(metadata, "", types, 1), types);
  }

  private static Map<String, @Nullable Object> encodeMap(
      Map<?, ?> map, String pointer, Map<String, String> types, int depth) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    map.forEach(
        (key, value) -> {
          String name = String.valueOf(key);
          json.put(name, encodeValue(value, pointer + "/" + escaped(name), types, depth));
        });
    return json;
  }

  private static @Nullable Object encodeValue(
      @Nullable Object value, String pointer, Map<String, String> types, int depth) {
    if (depth > DEEPEST) {
      throw new IllegalArgumentException(
          "metadata " + pointer + " is nested deeper than " + DEEPEST + " levels");
    }
    if (value == null
        || value instanceof String
        || value instanceof Boolean
        || value instanceof Integer) {
      return value;
    }
    if (value instanceof CharSequence chars) {
      return chars.toString();
    }
    if (value instanceof Long || value instanceof Short || value instanceof Byte) {
      return encodeInteger((Number) value, pointer, types);
    }
    if (value instanceof Double number && isPlain(number)) {
      return number;
    }
    if (value instanceof Enum<?> constant) {
      types.put(pointer, ENUM + constant.getDeclaringClass().getName());
      return constant.name();
    }
    if (value instanceof Map<?, ?> map
        && map.keySet().stream().allMatch(String.class::isInstance)) {
      return encodeMap(map, pointer, types, depth + 1);
    }
    if (value instanceof Collection<?> collection) {
      if (value instanceof Set) {
        types.put(pointer, SET);
      }
      List<@Nullable Object> list = new ArrayList<>();
      for (Object element : collection) {
        list.add(encodeValue(element, pointer + "/" + list.size(), types, depth + 1));
      }
      return list;
    }
    for (Textual<?> textual : TEXTUAL) {
      if (textual.type().isInstance(value)) {
        types.put(pointer, textual.name());
        return textual.text(value);
      }
    }
    return encodeValue(tree(value, pointer), pointer, types, depth + 1);
  }

  private static long encodeInteger(Number number, String pointer, Map<String, String> types) {
    if (number instanceof Short) {
      types.put(pointer, SHORT);
    } else if (number instanceof Byte) {
      types.put(pointer, BYTE);
    } else if (number.longValue() == number.intValue()) {
      types.put(pointer, LONG);
    }
    return number.longValue();
  }

  /** Whether the canonical form of numbers in JSON keeps it a double. */
  private static boolean isPlain(double number) {
    return Double.isFinite(number) && number != Math.rint(number);
  }

  private static @Nullable Object tree(Object value, String pointer) {
    try {
      Object tree = MAPPER.convertValue(value, Object.class);
      if (tree == null || !tree.getClass().equals(value.getClass())) {
        return tree;
      }
    } catch (JacksonException | IllegalArgumentException notJson) {
      throw unstorable(value, pointer, notJson);
    }
    throw unstorable(value, pointer, null);
  }

  private static IllegalArgumentException unstorable(
      Object value, String pointer, @Nullable Exception cause) {
    // The message of the cause may hold content, so only its class is shown.
    return new IllegalArgumentException(
        "metadata "
            + pointer
            + " holds a "
            + value.getClass().getName()
            + ", which has no JSON form"
            + (cause == null ? "" : " (" + cause.getClass().getSimpleName() + ")")
            + "; use text, numbers, lists, maps or a record");
  }

  /** Decodes JSON with its missing types. */
  static Map<String, Object> decode(Map<String, ? extends @Nullable Object> json, Map<?, ?> types) {
    return decodeMap(json, "", types);
  }

  @SuppressWarnings("NullAway") // Spring declares no null values, and its maps hold them
  private static Map<String, Object> decodeMap(Map<?, ?> json, String pointer, Map<?, ?> types) {
    Map<String, Object> metadata = new LinkedHashMap<>();
    json.forEach(
        (key, value) -> {
          String name = String.valueOf(key);
          metadata.put(name, decodeValue(value, pointer + "/" + escaped(name), types));
        });
    return metadata;
  }

  private static @Nullable Object decodeValue(
      @Nullable Object value, String pointer, Map<?, ?> types) {
    String type = types.get(pointer) instanceof String name ? name : "";
    if (value instanceof Map<?, ?> map) {
      return decodeMap(map, pointer, types);
    }
    if (value instanceof List<?> list) {
      Collection<@Nullable Object> decoded =
          type.equals(SET) ? new LinkedHashSet<>() : new ArrayList<>();
      for (int i = 0; i < list.size(); i++) {
        decoded.add(decodeValue(list.get(i), pointer + "/" + i, types));
      }
      return decoded;
    }
    if (value instanceof Long number) {
      return decodeInteger(number, type);
    }
    if (value instanceof BigDecimal number) {
      return decodeDecimal(number);
    }
    return value instanceof String text ? decodeText(text, type) : value;
  }

  private static Number decodeInteger(Long number, String type) {
    return switch (type) {
      case SHORT -> number.shortValue();
      case BYTE -> number.byteValue();
      case LONG -> number;
      default -> number == number.intValue() ? (Number) number.intValue() : number;
    };
  }

  private static Number decodeDecimal(BigDecimal number) {
    if (number.scale() <= 0) {
      return number.toBigInteger();
    }
    double nearest = number.doubleValue();
    return Double.isFinite(nearest) && BigDecimal.valueOf(nearest).compareTo(number) == 0
        ? (Number) nearest
        : number;
  }

  private static Object decodeText(String text, String type) {
    if (type.startsWith(ENUM)) {
      return constant(text, type.substring(ENUM.length()));
    }
    for (Textual<?> textual : TEXTUAL) {
      if (textual.name().equals(type)) {
        try {
          return textual.read().apply(text);
        } catch (RuntimeException changedByOthers) {
          return text;
        }
      }
    }
    return text;
  }

  /** Only enums are looked up, so that stored data never runs code of other classes. */
  private static Object constant(String text, String className) {
    try {
      Class<?> type = Class.forName(className, false, ClassUtils.getDefaultClassLoader());
      if (type.isEnum()) {
        for (Object constant : type.getEnumConstants()) {
          if (((Enum<?>) constant).name().equals(text)) {
            return constant;
          }
        }
      }
    } catch (ClassNotFoundException renamed) {
      return text;
    }
    return text;
  }

  private static String escaped(String key) {
    return key.replace("~", "~0").replace("/", "~1");
  }
}
