package io.conversationstore.adk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.adk.events.Event;
import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.json.ModelJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * How events are stored: what they say in the store's own fields, so that other readers and the
 * search understand it, the rest in the metadata of the message under {@value #NOTE}:
 *
 * <table>
 * <caption>Note</caption>
 * <tr><td>{@code event}<td>the event as ADK's JSON, see {@link EventJson}, without what {@link
 *     PartCodec} has moved
 * <tr><td>{@code messages}<td>the number of messages of the event, if there are several: each of
 *     its function responses is a message of its own, because the field for the id of a call holds
 *     one
 * <tr><td>{@code follows}<td>instead of the above in the second message of an event (1) and the
 *     later ones
 * </table>
 */
final class EventMessages {

  static final String NOTE = "adk";
  private static final String EVENT = "event";
  private static final String MESSAGES = "messages";
  private static final String FOLLOWS = "follows";

  private static final int MAX_NAME = 255;

  private EventMessages() {}

  /**
   * The messages of an event, of which there is at least one, with ids that follow from the id of
   * the event.
   *
   * @throws IllegalArgumentException if the event has no JSON form; never shows content
   */
  static List<Message> write(Event event) {
    ObjectNode tree = EventJson.write(event);
    PartCodec.Moved moved = new PartCodec.Moved();
    int parts = 0;
    for (JsonNode part : tree.path("content").path("parts")) {
      PartCodec.move((ObjectNode) part, moved);
      parts++;
    }
    List<Message> messages = new ArrayList<>();
    if (parts == 0 || moved.results.size() < parts) {
      messages.add(spoken(event, moved));
    }
    messages.addAll(moved.results);
    return withNotes(messages, tree, firstId(event.id()));
  }

  private static Message spoken(Event event, PartCodec.Moved moved) {
    boolean user =
        moved.calls.isEmpty()
            && (event.author() == null
                ? event.content().flatMap(each -> each.role()).orElse("").equals("user")
                : event.author().equals("user"));
    Message message =
        Message.of(user ? Role.USER : Role.ASSISTANT)
            .withContent(moved.content)
            .withToolCalls(moved.calls);
    return user || !isName(event.author()) ? message : message.withName(event.author());
  }

  private static boolean isName(@Nullable String name) {
    return name != null && !name.isEmpty() && name.length() <= MAX_NAME && TypedJson.isClean(name);
  }

  private static List<Message> withNotes(List<Message> messages, ObjectNode tree, UUID firstId) {
    List<Message> noted = new ArrayList<>(messages.size());
    for (int i = 0; i < messages.size(); i++) {
      Map<String, @Nullable Object> note = new LinkedHashMap<>();
      if (i == 0) {
        note.put(EVENT, TypedJson.plain(tree));
        if (messages.size() > 1) {
          note.put(MESSAGES, messages.size());
        }
      } else {
        note.put(FOLLOWS, i);
      }
      Message message = messages.get(i);
      if (i == 0) {
        message = message.withUsage(usage(tree));
        String model = tree.path("modelVersion").asText();
        message = isName(model) ? message.withModel(model) : message;
      }
      noted.add(
          message
              .withId(i == 0 ? firstId : derivedId(firstId + "/" + i))
              .withMetadata(Map.of(NOTE, note)));
    }
    return noted;
  }

  private static @Nullable TokenUsage usage(ObjectNode tree) {
    JsonNode usage = tree.path("usageMetadata");
    long prompt = usage.path("promptTokenCount").asLong();
    long completion =
        usage.path("candidatesTokenCount").asLong() + usage.path("thoughtsTokenCount").asLong();
    long total = usage.path("totalTokenCount").asLong(prompt + completion);
    return usage.isMissingNode() || prompt < 0 || completion < 0 || total < 0
        ? null
        : new TokenUsage(prompt, completion, total);
  }

  /** The id of an event if it is a UUID, else one that follows from it; a new one for none. */
  private static UUID firstId(@Nullable String eventId) {
    if (eventId == null) {
      return UUID.randomUUID();
    }
    try {
      UUID id = UUID.fromString(eventId);
      return id.toString().equals(eventId) ? id : derivedId(eventId);
    } catch (IllegalArgumentException otherText) {
      return derivedId(eventId);
    }
  }

  static UUID derivedId(String of) {
    return UUID.nameUUIDFromBytes(("adk-event:" + of).getBytes(StandardCharsets.UTF_8));
  }

  /** The same messages under ids that also follow from their content. */
  static List<Message> underOtherIds(List<Message> messages) {
    return messages.stream()
        .map(each -> each.withId(derivedId(each.id() + ModelJson.digest(each))))
        .toList();
  }

  /** Whether a message begins an event; others belong to the event before. */
  static boolean begins(StoredMessage message) {
    return !note(message.message()).containsKey(FOLLOWS);
  }

  /** The number of events that begin in these messages. */
  static int count(List<StoredMessage> messages) {
    return (int) messages.stream().filter(EventMessages::begins).count();
  }

  /** The change of state that the event of this message makes, as typed JSON; null for none. */
  static @Nullable Object stateDelta(Message message) {
    return note(message).get(EVENT) instanceof Map<?, ?> event
            && event.get("actions") instanceof Map<?, ?> actions
        ? actions.get("stateDelta")
        : null;
  }

  /** When the event of this message happened, in milliseconds since 1970. */
  static long timestamp(StoredMessage message) {
    return note(message.message()).get(EVENT) instanceof Map<?, ?> event
            && event.get("timestamp") instanceof Long timestamp
        ? timestamp
        : message.createdAt().toEpochMilli();
  }

  /** A message without content that only changes a state. */
  static Message ofStateDelta(UUID id, Map<String, Object> delta) {
    Map<String, @Nullable Object> actions = new LinkedHashMap<>();
    actions.put("stateDelta", TypedJson.write(delta));
    return Message.of(Role.SYSTEM)
        .withId(id)
        .withMetadata(Map.of(NOTE, Map.of(EVENT, Map.of("actions", actions))));
  }

  private static Map<?, ?> note(Message message) {
    return message.metadata().get(NOTE) instanceof Map<?, ?> note ? note : Map.of();
  }

  /** The events of messages that follow each other. */
  static List<Event> read(List<StoredMessage> messages) {
    List<Event> events = new ArrayList<>();
    int begin = 0;
    while (begin < messages.size()) {
      int end = begin + 1;
      while (end < messages.size() && !begins(messages.get(end))) {
        end++;
      }
      events.add(readOne(messages.subList(begin, end)));
      begin = end;
    }
    return events;
  }

  private static Event readOne(List<StoredMessage> group) {
    StoredMessage first = group.get(0);
    JsonNode tree =
        note(first.message()).get(EVENT) instanceof Map<?, ?> event
            ? TypedJson.node(event)
            : ofAnotherWriter(first);
    boolean onlyResults = first.role() == Role.TOOL;
    List<ContentPart> content = onlyResults ? List.of() : first.message().content();
    List<Message> results =
        group.subList(onlyResults ? 0 : 1, group.size()).stream()
            .map(StoredMessage::message)
            .toList();
    PartCodec.Source source = new PartCodec.Source(content, first.toolCalls(), results);
    boolean whole = true;
    for (JsonNode part : tree.path("content").path("parts")) {
      whole &= PartCodec.restore((ObjectNode) part, source);
    }
    if (!whole || !source.isUsedUp()) {
      List<ObjectNode> parts = new ArrayList<>();
      PartCodec.describe(content, first.toolCalls(), results, parts);
      ObjectNode object = (ObjectNode) tree;
      ArrayNode array =
          (object.get("content") instanceof ObjectNode present
                  ? present
                  : object.putObject("content"))
              .putArray("parts");
      parts.forEach(array::add);
    }
    return EventJson.read(tree);
  }

  private static ObjectNode ofAnotherWriter(StoredMessage message) {
    ObjectNode tree = JsonNodeFactory.instance.objectNode();
    String name = message.message().name();
    boolean model = message.role() == Role.ASSISTANT;
    tree.put("id", message.id().toString());
    tree.put("author", model ? (name == null ? "model" : name) : message.role().wireName());
    tree.put("timestamp", message.createdAt().toEpochMilli());
    tree.putObject("content").put("role", model ? "model" : "user");
    return tree;
  }
}
