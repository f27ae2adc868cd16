package io.conversationstore.adk;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.BeanDescription;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationConfig;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.BeanSerializerModifier;
import com.fasterxml.jackson.databind.type.MapType;
import com.google.adk.JsonBaseModel;
import com.google.adk.events.Event;
import com.google.adk.events.ToolConfirmation;
import com.google.adk.sessions.State;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * An event as a tree: ADK's own JSON, so that fields of later versions are kept, but with the types
 * of values that are any object, such as those of a state or the arguments of a function ({@link
 * TypedJson}). Thread-safe.
 */
final class EventJson {

  private static final ObjectMapper MAPPER = mapper();

  private EventJson() {}

  private static ObjectMapper mapper() {
    SimpleModule types = new SimpleModule("conversation-store-types");
    types.setSerializerModifier(
        new BeanSerializerModifier() {
          private static final long serialVersionUID = 1L;

          @Override
          public JsonSerializer<?> modifyMapSerializer(
              SerializationConfig config,
              MapType type,
              BeanDescription description,
              JsonSerializer<?> serializer) {
            return type.getContentType().hasRawClass(Object.class) ? new AnyValue() : serializer;
          }
        });
    return JsonBaseModel.getMapper()
        .copy()
        .registerModule(types)
        .addMixIn(ToolConfirmation.class, AnyPayload.class)
        .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
        .disable(SerializationFeature.WRITE_DURATIONS_AS_TIMESTAMPS);
  }

  /** Keeps the type of a value that is any object. */
  private static final class AnyValue extends JsonSerializer<Object> {
    @Override
    public void serialize(@Nullable Object value, JsonGenerator out, SerializerProvider serializers)
        throws IOException {
      Json.writeValue(out, TypedJson.write(value));
    }
  }

  /** How Jackson sees {@link ToolConfirmation}. */
  abstract static class AnyPayload {
    @JsonSerialize(using = AnyValue.class)
    abstract Object payload();
  }

  /**
   * The event, without {@code temp:} state and without fields that say nothing.
   *
   * @throws IllegalArgumentException if a value has no JSON form; never shows content
   */
  static ObjectNode write(Event event) {
    ObjectNode tree;
    try {
      tree = MAPPER.valueToTree(withoutTemp(event));
    } catch (IllegalArgumentException e) {
      throw refused(e);
    }
    dropIf(tree, JsonNode::isNull);
    if (tree.get("actions") instanceof ObjectNode actions) {
      dropIf(actions, value -> value.isObject() && value.isEmpty());
      if (actions.isEmpty()) {
        tree.remove("actions");
      }
    }
    return tree;
  }

  /** Jackson quotes values in its errors; only errors of this module are passed on. */
  private static IllegalArgumentException refused(Exception e) {
    for (Throwable each = e; each != null; each = each.getCause()) {
      if (each instanceof TypedJson.UnsupportedValueException ours) {
        return ours;
      }
    }
    return new IllegalArgumentException(
        "the event has no JSON form (" + e.getClass().getName() + ")");
  }

  private static Event withoutTemp(Event event) {
    Map<String, Object> delta = event.actions().stateDelta();
    if (delta.keySet().stream().noneMatch(key -> key.startsWith(State.TEMP_PREFIX))) {
      return event;
    }
    Map<String, Object> kept = new LinkedHashMap<>(delta);
    kept.keySet().removeIf(key -> key.startsWith(State.TEMP_PREFIX));
    return event.toBuilder().actions(event.actions().toBuilder().stateDelta(kept).build()).build();
  }

  private static void dropIf(ObjectNode node, Predicate<JsonNode> condition) {
    List<String> dropped = new ArrayList<>();
    node.properties()
        .forEach(
            each -> {
              if (condition.test(each.getValue())) {
                dropped.add(each.getKey());
              }
            });
    node.remove(dropped);
  }

  /**
   * The event of a tree that {@link TypedJson#node} made.
   *
   * @throws IllegalArgumentException if it is none; never shows content
   */
  static Event read(JsonNode tree) {
    try {
      return MAPPER.treeToValue(tree, Event.class);
    } catch (JsonProcessingException e) {
      throw refused(e);
    }
  }
}
