package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.ContentPart;
import io.conversationstore.NewConversation;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads headers of conversations with the field names that other programs use. Fields that a header
 * does not have are kept in its metadata.
 */
final class Headers {

  /** Field names of a conversation's id, the best first. */
  static final List<String> IDS =
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

  private static final List<String> TITLES = List.of("title", "name", "topic", "subject");
  private static final List<String> CREATED =
      List.of(
          "created_at",
          "createdAt",
          "create_time",
          "createTime",
          "created",
          "started_at",
          "start_time");
  private static final List<String> UPDATED =
      List.of(
          "updated_at",
          "updatedAt",
          "update_time",
          "updateTime",
          "updated",
          "last_updated",
          "last_message_at",
          "modified_at");
  private static final List<String> ARCHIVED = List.of("archived", "is_archived", "isArchived");
  private static final List<String> PINNED =
      List.of("pinned", "is_pinned", "isPinned", "is_starred");

  private Headers() {}

  /**
   * Reads a header.
   *
   * @param given the conversation without its messages
   * @param id its id
   * @throws IllegalArgumentException naming the field, never its value
   */
  static ConversationHeader read(ObjectNode given, String id) {
    ObjectNode fields = given.deepCopy();
    ObjectNode metadata = Fields.takeMetadata(fields);
    for (String name : IDS) {
      if (fields.path(name).asText("").equals(id)) {
        fields.remove(name);
      }
    }
    NewConversation conversation = NewConversation.ofId(id);
    for (String name : TITLES) {
      String title = Fields.text(fields, name);
      if (title != null && conversation.title().isEmpty()) {
        String clean = new ContentPart.Text(title).text();
        conversation = conversation.withTitle(cut(clean));
        if (clean.length() <= NewConversation.MAX_TITLE_LENGTH) {
          fields.remove(name);
        }
      }
    }
    if (fields.path("settings").isObject()) {
      JsonNode settings = fields.remove("settings");
      conversation = conversation.withSettings(Fields.map("settings", settings));
    }
    List<String> tags = names(fields.path("tags"));
    if (tags != null) {
      fields.remove("tags");
      conversation = conversation.withTags(tags);
    }
    Instant expires = LenientTime.of(fields.path("expires_at"));
    if (expires != null) {
      fields.remove("expires_at");
      conversation = conversation.withExpiresAt(expires);
    }
    conversation = conversation.withPinned(flag(fields, PINNED));
    boolean archived = flag(fields, ARCHIVED);
    String status = Fields.text(fields, "status");
    if ("archived".equals(status) || "active".equals(status)) {
      fields.remove("status");
      archived |= "archived".equals(status);
    }
    Instant created = take(fields, CREATED);
    Instant updated = take(fields, UPDATED);
    for (Map.Entry<String, JsonNode> field : fields.properties()) {
      Fields.keep(metadata, field.getKey(), field.getValue());
    }
    return new ConversationHeader(
        conversation.withMetadata(Fields.map("metadata", metadata)),
        archived,
        created,
        updated,
        null);
  }

  private static @Nullable Instant take(ObjectNode fields, List<String> names) {
    for (String name : names) {
      Instant time = LenientTime.of(fields.path(name));
      if (time != null) {
        fields.remove(name);
        return time;
      }
    }
    return null;
  }

  private static boolean flag(ObjectNode fields, List<String> names) {
    boolean set = false;
    for (String name : names) {
      if (fields.path(name).isBoolean()) {
        set |= fields.remove(name).booleanValue();
      }
    }
    return set;
  }

  private static @Nullable List<String> names(JsonNode array) {
    if (!array.isArray()) {
      return null;
    }
    List<String> names = new ArrayList<>();
    for (JsonNode each : array) {
      String name = each.textValue();
      if (!Fields.isName(name) || name == null) {
        return null;
      }
      names.add(name);
    }
    return names;
  }

  /** Cuts to the longest title, keeping surrogate pairs whole. */
  private static String cut(String title) {
    int end = NewConversation.MAX_TITLE_LENGTH;
    if (title.length() <= end) {
      return title;
    }
    return title.substring(0, Character.isHighSurrogate(title.charAt(end - 1)) ? end - 1 : end);
  }
}
