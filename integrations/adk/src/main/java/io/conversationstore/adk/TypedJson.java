package io.conversationstore.adk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.adk.JsonBaseModel;
import com.google.adk.sessions.State;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * JSON that keeps the Java type of each value. Values whose type JSON shows are written plainly:
 * text, booleans, lists, objects, integers as {@link Integer} (or {@link Long} where they need it)
 * and fractions as {@link Double}. All others are an object with one key, {@code $} and the type,
 * such as {@code {"$Instant": "2026-01-01T00:00:00Z"}}. Thread-safe.
 */
final class TypedJson {

  /** A type whose values are written as text. */
  private record Scalar<T>(
      Class<T> type, Function<T, String> writer, Function<String, ? extends Object> reader) {

    String write(Object value) {
      return writer.apply(type.cast(value));
    }
  }

  private static final String REMOVED = "$Removed";
  private static final String ENUM = "$Enum";
  private static final String SET = "$Set";
  private static final String MAP = "$Map";

  private static final Map<String, Scalar<?>> SCALARS = scalars();

  private TypedJson() {}

  private static Map<String, Scalar<?>> scalars() {
    Map<String, Scalar<?>> all = new LinkedHashMap<>();
    add(all, Integer.class, Object::toString, Integer::valueOf);
    add(all, Long.class, Object::toString, Long::valueOf);
    add(all, Double.class, Object::toString, Double::valueOf);
    add(all, Float.class, Object::toString, Float::valueOf);
    add(all, Short.class, Object::toString, Short::valueOf);
    add(all, Byte.class, Object::toString, Byte::valueOf);
    add(all, BigInteger.class, Object::toString, BigInteger::new);
    add(all, BigDecimal.class, Object::toString, BigDecimal::new);
    add(
        all,
        Character.class,
        each -> Integer.toString(each),
        text -> (char) Integer.parseInt(text));
    add(all, String.class, TypedJson::units, TypedJson::ofUnits);
    add(
        all,
        byte[].class,
        each -> Base64.getEncoder().encodeToString(each),
        text -> Base64.getDecoder().decode(text));
    add(all, UUID.class, Object::toString, UUID::fromString);
    add(all, URI.class, Object::toString, URI::create);
    add(all, Instant.class, Object::toString, Instant::parse);
    add(all, Duration.class, Object::toString, Duration::parse);
    add(all, LocalDate.class, Object::toString, LocalDate::parse);
    add(all, LocalTime.class, Object::toString, LocalTime::parse);
    add(all, LocalDateTime.class, Object::toString, LocalDateTime::parse);
    add(all, OffsetDateTime.class, Object::toString, OffsetDateTime::parse);
    add(all, ZonedDateTime.class, Object::toString, ZonedDateTime::parse);
    return all;
  }

  private static <T> void add(
      Map<String, Scalar<?>> all,
      Class<T> type,
      Function<T, String> writer,
      Function<String, ? extends Object> reader) {
    all.put("$" + type.getSimpleName(), new Scalar<>(type, writer, reader));
  }

  /**
   * The value as canonical JSON of the store.
   *
   * @throws IllegalArgumentException if a value has no JSON form; names its class
   */
  static @Nullable Object write(@Nullable Object value) {
    if (value == null || value instanceof Boolean) {
      return value;
    }
    if (value == State.REMOVED) {
      return Map.of(REMOVED, true);
    }
    if (value instanceof String text && isClean(text)) {
      return text;
    }
    if (value instanceof Integer number) {
      return number.longValue();
    }
    if (value instanceof Long number && number.intValue() != number) {
      return value;
    }
    if (value instanceof Double number && isPlain(number)) {
      return new BigDecimal(number.toString());
    }
    if (value instanceof Enum<?> constant) {
      return Map.of(ENUM, constant.getDeclaringClass().getName() + "#" + constant.name());
    }
    if (value instanceof Set<?> set) {
      return Map.of(SET, list(set));
    }
    if (value instanceof Collection<?> collection) {
      return list(collection);
    }
    if (value instanceof Map<?, ?> map) {
      return map(map);
    }
    Scalar<?> scalar = SCALARS.get("$" + value.getClass().getSimpleName());
    if (scalar != null && scalar.type() == value.getClass()) {
      return Map.of("$" + value.getClass().getSimpleName(), scalar.write(value));
    }
    return write(fields(value));
  }

  /** Whether every store returns this text unchanged. */
  static boolean isClean(String text) {
    for (int i = 0; i < text.length(); i++) {
      char unit = text.charAt(i);
      if (unit == 0) {
        return false;
      }
      if (Character.isSurrogate(unit)) {
        if (Character.isLowSurrogate(unit)
            || i + 1 == text.length()
            || !Character.isLowSurrogate(text.charAt(i + 1))) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  /** Whether JSON shows that this number is a fraction. */
  private static boolean isPlain(double number) {
    return Double.isFinite(number)
        && number != Math.rint(number)
        && Math.abs(number) > 1e-30
        && Math.abs(number) < 1e30;
  }

  private static List<@Nullable Object> list(Collection<?> values) {
    List<@Nullable Object> list = new ArrayList<>(values.size());
    for (Object each : values) {
      list.add(write(each));
    }
    return list;
  }

  private static Map<String, @Nullable Object> map(Map<?, ?> map) {
    boolean plain =
        map.keySet().stream()
            .allMatch(key -> key instanceof String text && isClean(text) && !text.startsWith("$"));
    Map<String, @Nullable Object> written = new LinkedHashMap<>();
    if (plain) {
      map.forEach((key, value) -> written.put((String) key, write(value)));
      return written;
    }
    List<@Nullable Object> entries = new ArrayList<>(map.size());
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      List<@Nullable Object> pair = new ArrayList<>(2);
      pair.add(write(entry.getKey()));
      pair.add(write(entry.getValue()));
      entries.add(pair);
    }
    written.put(MAP, entries);
    return written;
  }

  /** An object of an application's class, as ADK's own JSON shows it. */
  private static @Nullable Object fields(Object value) {
    try {
      return JsonBaseModel.getMapper().convertValue(value, Object.class);
    } catch (IllegalArgumentException e) {
      // Jackson quotes values in its errors, so the cause is left out.
      throw new UnsupportedValueException(
          "a value of class "
              + value.getClass().getName()
              + " has no JSON form; use text, numbers, lists or maps");
    }
  }

  /** A value that has no JSON form. */
  static final class UnsupportedValueException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    UnsupportedValueException(String message) {
      super(message);
    }
  }

  /**
   * A tree that Jackson made, as canonical JSON of the store: bytes as Base64, and numbers and text
   * that the store cannot hold in a form that {@link #node} reads.
   */
  static @Nullable Object plain(JsonNode node) {
    if (node instanceof ObjectNode object) {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      object.properties().forEach(each -> map.put(each.getKey(), plain(each.getValue())));
      return map;
    }
    if (node instanceof ArrayNode array) {
      List<@Nullable Object> list = new ArrayList<>(array.size());
      array.forEach(each -> list.add(plain(each)));
      return list;
    }
    if (node.isNumber()) {
      return number(node);
    }
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    if (node.isNull()) {
      return null;
    }
    // Text, and bytes as Base64.
    return write(node.asText());
  }

  private static Object number(JsonNode node) {
    if (node.isIntegralNumber() && node.canConvertToLong()) {
      return node.longValue();
    }
    if (node.isBigInteger() || node.isBigDecimal()) {
      return node.decimalValue();
    }
    String text = node.numberValue().toString();
    double number = node.doubleValue();
    // Readers of numbers take these from text.
    return !Double.isFinite(number) || (number == 0 && text.startsWith("-"))
        ? text
        : new BigDecimal(text);
  }

  /** The value that was written. Unknown types come back as their JSON. */
  static @Nullable Object read(@Nullable Object json) {
    if (json instanceof Long number && number.intValue() == number) {
      return number.intValue();
    }
    if (json instanceof BigDecimal number) {
      return number.doubleValue();
    }
    if (json instanceof List<?> list) {
      return readList(list);
    }
    return json instanceof Map<?, ?> map ? readMap(map) : json;
  }

  private static List<@Nullable Object> readList(List<?> list) {
    List<@Nullable Object> values = new ArrayList<>(list.size());
    for (Object each : list) {
      values.add(read(each));
    }
    return values;
  }

  private static @Nullable Object readMap(Map<?, ?> map) {
    Object tagged = readTagged(map);
    if (tagged != null) {
      return tagged;
    }
    Map<@Nullable Object, @Nullable Object> values = new LinkedHashMap<>();
    map.forEach((key, value) -> values.put(key, read(value)));
    return values;
  }

  private static @Nullable Object readTagged(Map<?, ?> map) {
    if (map.size() != 1) {
      return null;
    }
    Map.Entry<?, ?> only = map.entrySet().iterator().next();
    Scalar<?> scalar = SCALARS.get(only.getKey());
    if (scalar != null && only.getValue() instanceof String text) {
      return scalar.reader().apply(text);
    }
    if (REMOVED.equals(only.getKey())) {
      return State.REMOVED;
    }
    if (ENUM.equals(only.getKey()) && only.getValue() instanceof String text) {
      return constant(text);
    }
    if (SET.equals(only.getKey()) && only.getValue() instanceof List<?> list) {
      return new LinkedHashSet<>(readList(list));
    }
    if (MAP.equals(only.getKey()) && only.getValue() instanceof List<?> entries) {
      return ofEntries(entries);
    }
    return null;
  }

  private static Map<@Nullable Object, @Nullable Object> ofEntries(List<?> entries) {
    Map<@Nullable Object, @Nullable Object> values = new LinkedHashMap<>();
    for (Object entry : entries) {
      if (entry instanceof List<?> pair && pair.size() == 2) {
        values.put(read(pair.get(0)), read(pair.get(1)));
      }
    }
    return values;
  }

  /** The JSON as a tree for Jackson, in which values with a type are the objects themselves. */
  static JsonNode node(@Nullable Object json) {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    if (json instanceof Map<?, ?> map) {
      Object tagged = readTagged(map);
      if (tagged instanceof Map<?, ?> entries
          && entries.keySet().stream().allMatch(String.class::isInstance)) {
        ObjectNode object = nodes.objectNode();
        ((List<?>) map.values().iterator().next())
            .forEach(
                pair ->
                    object.set(
                        String.valueOf(read(((List<?>) pair).get(0))),
                        node(((List<?>) pair).get(1))));
        return object;
      }
      if (tagged instanceof String text) {
        return nodes.textNode(text);
      }
      if (tagged != null) {
        return nodes.pojoNode(tagged);
      }
      ObjectNode object = nodes.objectNode();
      map.forEach((key, value) -> object.set(String.valueOf(key), node(value)));
      return object;
    }
    if (json instanceof List<?> list) {
      ArrayNode array = nodes.arrayNode(list.size());
      list.forEach(each -> array.add(node(each)));
      return array;
    }
    Object value = read(json);
    if (value instanceof String text) {
      return nodes.textNode(text);
    }
    if (value instanceof Boolean bool) {
      return nodes.booleanNode(bool);
    }
    if (value instanceof Integer number) {
      return nodes.numberNode(number);
    }
    if (value instanceof Long number) {
      return nodes.numberNode(number);
    }
    return value instanceof Double number ? nodes.numberNode(number) : nodes.nullNode();
  }

  /** The constant, or its name where its class is gone. Only enum classes are looked at. */
  private static Object constant(String text) {
    int end = text.indexOf('#');
    String name = text.substring(end + 1);
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    Class<?> type;
    try {
      type =
          Class.forName(
              text.substring(0, Math.max(end, 0)),
              false,
              loader == null ? TypedJson.class.getClassLoader() : loader);
    } catch (ClassNotFoundException gone) {
      return name;
    }
    if (type.isEnum()) {
      for (Object constant : type.getEnumConstants()) {
        if (((Enum<?>) constant).name().equals(name)) {
          return constant;
        }
      }
    }
    return name;
  }

  /** Text with U+0000 or lone surrogates, which no store keeps, as its UTF-16 units. */
  private static String units(String text) {
    byte[] bytes = new byte[2 * text.length()];
    for (int i = 0; i < text.length(); i++) {
      bytes[2 * i] = (byte) (text.charAt(i) >> 8);
      bytes[2 * i + 1] = (byte) text.charAt(i);
    }
    return new String(Base64.getEncoder().encode(bytes), StandardCharsets.US_ASCII);
  }

  private static String ofUnits(String encoded) {
    byte[] bytes = Base64.getDecoder().decode(encoded);
    StringBuilder text = new StringBuilder(bytes.length / 2);
    for (int i = 0; i + 1 < bytes.length; i += 2) {
      text.append((char) (((bytes[i] & 0xff) << 8) | (bytes[i + 1] & 0xff)));
    }
    return text.toString();
  }
}
