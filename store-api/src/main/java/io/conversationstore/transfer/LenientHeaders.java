package io.conversationstore.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.ConversationStatus;
import io.conversationstore.NewConversation;
import io.conversationstore.json.Json;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Headers of conversations in files of other programs. Fields without a place in the store, times
 * included, are kept in the metadata under their own names.
 */
final class LenientHeaders {

  /** Field names of a conversation's own id, the best first. */
  private static final List<String> OWN_IDS =
      List.of(
          "id",
          "conversation_id",
          "conversationId",
          "session_id",
          "sessionId",
          "thread_id",
          "threadId",
          "chat_id",
          "chatId",
          "uuid");

  /** Other field names of a title. */
  private static final List<String> TITLES = List.of("name", "topic", "subject");

  /** The store sets its own times; {@link FileWriter} writes these back from the metadata. */
  static final List<String> TIMES = List.of("created_at", "updated_at");

  /** Field names of the time of creation, the best first. */
  private static final List<String> CREATED =
      List.of(
          "created_at",
          "createdAt",
          "create_time",
          "createTime",
          "created",
          "creation_time",
          "started_at",
          "start_time",
          "startTime");

  /** Field names of the time of last use, the best first. */
  private static final List<String> UPDATED =
      List.of(
          "updated_at",
          "updatedAt",
          "update_time",
          "updateTime",
          "updated",
          "last_updated",
          "lastUpdated",
          "last_message_at",
          "lastMessageAt",
          "last_activity",
          "lastActivity",
          "modified_at",
          "modified");

  /** Names that identify an object without messages as a conversation. */
  static final Set<String> FIELDS =
      Stream.concat(
              OWN_IDS.stream(),
              Stream.of(
                  "title",
                  "settings",
                  "metadata",
                  "tags",
                  "pinned",
                  "status",
                  "expires_at",
                  "created_at",
                  "updated_at",
                  "createdAt",
                  "updatedAt",
                  "create_time",
                  "update_time"))
          .collect(Collectors.toUnmodifiableSet());

  /**
   * A header.
   *
   * @param status null if the file names none
   * @param createdAt null if the file names none; like all times, also in the metadata
   * @param updatedAt null if the file names none
   */
  record Header(
      NewConversation conversation,
      @Nullable ConversationStatus status,
      @Nullable Instant createdAt,
      @Nullable Instant updatedAt) {

    /** The conversation for a store that accepts times. */
    NewConversation withoutTimes() {
      Map<String, @Nullable Object> metadata = new HashMap<>(conversation.metadata());
      removeTime(metadata, "created_at", createdAt);
      removeTime(metadata, "updated_at", updatedAt);
      return conversation.withMetadata(metadata);
    }

    private static void removeTime(
        Map<String, @Nullable Object> metadata, String name, @Nullable Instant time) {
      if (time != null) {
        metadata.remove(name, Json.time(time));
      }
    }
  }

  private LenientHeaders() {}

  /** A conversation's own id; null if it names none. */
  static @Nullable String idOf(JsonNode fields) {
    for (String name : OWN_IDS) {
      JsonNode value = fields.path(name);
      if (LenientJson.isName(value) && !value.textValue().isBlank()) {
        return value.textValue();
      }
      if (value.isIntegralNumber()) {
        return value.asText();
      }
    }
    return null;
  }

  private static void nameTheTitle(ObjectNode fields) {
    for (String name : TITLES) {
      if (!fields.has("title") && fields.path(name).isTextual()) {
        fields.set("title", fields.remove(name));
      }
    }
  }

  /**
   * Reads a header.
   *
   * @param fields the conversation's fields without messages; modified
   * @throws IllegalArgumentException naming the field, never its value
   */
  static Header read(String id, ObjectNode fields, ZoneId zone) {
    LenientJson.replaceUnholdable(fields);
    nameTheTitle(fields);
    Instant createdAt = first(CREATED, fields, zone);
    Instant updatedAt = first(UPDATED, fields, zone);
    ObjectNode metadata = LenientJson.takeMetadata(fields);
    NewConversation conversation = NewConversation.ofId(id);
    ConversationStatus status = null;
    for (Map.Entry<String, JsonNode> field : fields.properties()) {
      String name = field.getKey();
      JsonNode value = field.getValue();
      boolean placed = true;
      if (name.equals("title") && value.isTextual()) {
        String title = LenientJson.clean(value.textValue());
        conversation = conversation.withTitle(cut(title));
        placed = title.length() <= NewConversation.MAX_TITLE_LENGTH;
      } else if (name.equals("settings") && value.isObject()) {
        conversation = conversation.withSettings(Json.toMap("settings", value));
      } else if (name.equals("tags") && areNames(value)) {
        conversation = conversation.withTags(strings(value));
      } else if (name.equals("pinned") && value.isBoolean()) {
        conversation = conversation.withPinned(value.booleanValue());
      } else if (name.equals("status") && isStatus(value)) {
        status = ConversationStatus.ofWireName(value.textValue());
      } else if (name.equals("expires_at") && LenientTimes.of(value, zone) != null) {
        conversation = conversation.withExpiresAt(LenientTimes.of(value, zone));
      } else if (TIMES.contains(name)) {
        Instant time = LenientTimes.of(value, zone);
        if (time != null && !metadata.has(name)) {
          metadata.put(name, Json.time(time));
        }
        placed = time != null;
      } else {
        placed = OWN_IDS.contains(name) && id.equals(value.asText());
      }
      if (!placed) {
        LenientJson.keep(metadata, name, value);
      }
    }
    return new Header(
        conversation.withMetadata(Json.toMap("metadata", metadata)), status, createdAt, updatedAt);
  }

  private static @Nullable Instant first(List<String> names, ObjectNode fields, ZoneId zone) {
    for (String name : names) {
      Instant time = LenientTimes.of(fields.path(name), zone);
      if (time != null) {
        return time;
      }
    }
    return null;
  }

  private static boolean isStatus(JsonNode value) {
    for (ConversationStatus status : ConversationStatus.values()) {
      if (status.wireName().equals(value.textValue())) {
        return true;
      }
    }
    return false;
  }

  private static boolean areNames(JsonNode value) {
    for (JsonNode element : value) {
      if (!LenientJson.isName(element)) {
        return false;
      }
    }
    return value.isArray();
  }

  private static String[] strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(element -> strings.add(element.textValue()));
    return strings.toArray(String[]::new);
  }

  /** Cuts to the longest title, keeping surrogate pairs whole. */
  private static String cut(String title) {
    if (title.length() <= NewConversation.MAX_TITLE_LENGTH) {
      return title;
    }
    int end = NewConversation.MAX_TITLE_LENGTH;
    return title.substring(0, Character.isHighSurrogate(title.charAt(end - 1)) ? end - 1 : end);
  }
}
