package io.conversationstore.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.ContentPart;
import io.conversationstore.Conversation;
import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.ToolCall;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The JSON shape of messages and conversations, described in docs/json.md: the chat-message shape
 * of model APIs plus a store's own fields. Reading rejects input that it does not understand with
 * an {@link IllegalArgumentException} that names the field and never shows its value; content parts
 * of an unknown shape are kept unchanged. Thread-safe.
 */
public final class ModelJson {

  private static final Set<String> TOOL_CALL_FIELDS = Set.of("id", "type", "function");
  private static final Set<String> FUNCTION_FIELDS = Set.of("name", "arguments");

  private static final Set<String> MESSAGE_FIELDS =
      Set.of(
          "id",
          "conversation_id",
          "seq",
          "role",
          "content",
          "tool_calls",
          "tool_call_id",
          "name",
          "is_error",
          "model",
          "usage",
          "metadata",
          "created_at",
          "edited_at");

  private ModelJson() {}

  // Messages

  /** Writes a message as an object, without the fields of stored messages. */
  public static void write(JsonGenerator out, Message message) throws IOException {
    out.writeStartObject();
    if (message.id() != null) {
      out.writeStringField("id", message.id().toString());
    }
    writeFields(out, message);
    out.writeEndObject();
  }

  /** Writes a stored message as an object. */
  public static void write(JsonGenerator out, StoredMessage stored) throws IOException {
    out.writeStartObject();
    out.writeStringField("id", stored.id().toString());
    out.writeStringField("conversation_id", stored.conversationId());
    if (stored.isPending()) {
      out.writeNullField("seq");
    } else {
      out.writeNumberField("seq", stored.seq());
    }
    writeFields(out, stored.message());
    writeTimes(out, stored);
    out.writeEndObject();
  }

  /**
   * Writes a stored message as an element of its conversation, without the conversation's fields.
   */
  public static void writeInConversation(JsonGenerator out, StoredMessage stored)
      throws IOException {
    out.writeStartObject();
    out.writeStringField("id", stored.id().toString());
    writeFields(out, stored.message());
    writeTimes(out, stored);
    out.writeEndObject();
  }

  private static void writeTimes(JsonGenerator out, StoredMessage stored) throws IOException {
    out.writeStringField("created_at", Json.time(stored.createdAt()));
    if (stored.editedAt() != null) {
      out.writeStringField("edited_at", Json.time(stored.editedAt()));
    }
  }

  private static void writeFields(JsonGenerator out, Message message) throws IOException {
    out.writeStringField("role", message.role().wireName());
    out.writeFieldName("content");
    writeContent(out, message.content());
    if (!message.toolCalls().isEmpty()) {
      out.writeFieldName("tool_calls");
      writeToolCalls(out, message.toolCalls());
    }
    writeOptional(out, "tool_call_id", message.toolCallId());
    writeOptional(out, "name", message.name());
    if (message.toolError()) {
      out.writeBooleanField("is_error", true);
    }
    writeOptional(out, "model", message.model());
    if (message.usage() != null) {
      out.writeFieldName("usage");
      write(out, message.usage());
    }
    if (!message.metadata().isEmpty()) {
      out.writeFieldName("metadata");
      Json.writeValue(out, message.metadata());
    }
  }

  private static void writeOptional(JsonGenerator out, String name, @Nullable String value)
      throws IOException {
    if (value != null) {
      out.writeStringField(name, value);
    }
  }

  /** Writes content: null, a string for a single text part, else an array of parts. */
  public static void writeContent(JsonGenerator out, List<ContentPart> content) throws IOException {
    if (content.isEmpty()) {
      out.writeNull();
    } else if (content.size() == 1 && content.get(0) instanceof ContentPart.Text text) {
      out.writeString(text.text());
    } else {
      out.writeStartArray();
      for (ContentPart part : content) {
        write(out, part);
      }
      out.writeEndArray();
    }
  }

  private static void write(JsonGenerator out, ContentPart part) throws IOException {
    if (part instanceof ContentPart.Unknown unknown) {
      Json.writeValue(out, unknown.json());
      return;
    }
    out.writeStartObject();
    if (part instanceof ContentPart.Text text) {
      out.writeStringField("type", "text");
      out.writeStringField("text", text.text());
    } else if (part instanceof ContentPart.Reasoning reasoning) {
      out.writeStringField("type", "reasoning");
      out.writeStringField("text", reasoning.text());
      writeOptional(out, "signature", reasoning.signature());
    } else if (part instanceof ContentPart.Media media) {
      out.writeStringField("type", "media");
      out.writeStringField("mime_type", media.mimeType());
      writeOptional(out, "url", media.url());
      byte[] data = media.data();
      if (data != null) {
        out.writeStringField("data", Base64.getEncoder().encodeToString(data));
      }
      writeOptional(out, "name", media.name());
    }
    out.writeEndObject();
  }

  /** Writes tool calls as an array. */
  public static void writeToolCalls(JsonGenerator out, List<ToolCall> toolCalls)
      throws IOException {
    out.writeStartArray();
    for (ToolCall call : toolCalls) {
      out.writeStartObject();
      out.writeStringField("id", call.id());
      out.writeStringField("type", call.type());
      out.writeObjectFieldStart("function");
      out.writeStringField("name", call.name());
      out.writeStringField("arguments", call.arguments());
      out.writeEndObject();
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  /** Writes token usage as an object. */
  public static void write(JsonGenerator out, TokenUsage usage) throws IOException {
    out.writeStartObject();
    out.writeNumberField("prompt_tokens", usage.promptTokens());
    out.writeNumberField("completion_tokens", usage.completionTokens());
    out.writeNumberField("total_tokens", usage.totalTokens());
    out.writeEndObject();
  }

  /**
   * Reads a message. Fields of stored messages are ignored; an unknown field is kept in the
   * metadata under its own name, unless the metadata has that name already.
   */
  public static Message readMessage(JsonNode json) {
    if (!json.isObject()) {
      throw new IllegalArgumentException("a message must be a JSON object");
    }
    return Message.of(Role.ofWireName(Json.string(json, "role")))
        .withId(Json.optionalUuid(json, "id"))
        .withContent(readContent(Json.field(json, "content")))
        .withToolCalls(readToolCalls(json))
        .withToolCallId(Json.optionalString(json, "tool_call_id"))
        .withName(Json.optionalString(json, "name"))
        .withToolError(Json.bool(json, "is_error"))
        .withModel(Json.optionalString(json, "model"))
        .withUsage(readUsage(Json.field(json, "usage")))
        .withMetadata(readMetadata(json));
  }

  /** Metadata, together with message fields unknown to this version. */
  private static Map<String, @Nullable Object> readMetadata(JsonNode message) {
    JsonNode given = Json.field(message, "metadata");
    Map<String, @Nullable Object> metadata =
        given == null ? new LinkedHashMap<>() : Json.toMap("metadata", given);
    for (Map.Entry<String, JsonNode> field : message.properties()) {
      if (!MESSAGE_FIELDS.contains(field.getKey()) && !field.getValue().isNull()) {
        metadata.putIfAbsent(field.getKey(), Json.toValue("a message", field.getValue()));
      }
    }
    return metadata;
  }

  /** Reads a stored message. */
  public static StoredMessage readStoredMessage(JsonNode json) {
    Message message = readMessage(json);
    UUID id = message.id();
    if (id == null) {
      throw new IllegalArgumentException("id is missing");
    }
    return new StoredMessage(
        Json.string(json, "conversation_id"),
        id,
        Json.number(json, "seq", 0),
        Json.time(json, "created_at"),
        Json.optionalTime(json, "edited_at"),
        message);
  }

  /** Reads content as {@link #writeContent} writes it. */
  public static List<ContentPart> readContent(@Nullable JsonNode json) {
    if (json == null || json.isNull()) {
      return List.of();
    }
    if (json.isTextual()) {
      return List.of(new ContentPart.Text(json.textValue()));
    }
    if (!json.isArray()) {
      throw new IllegalArgumentException("content must be null, a string or an array of parts");
    }
    List<ContentPart> parts = new ArrayList<>(json.size());
    for (JsonNode part : json) {
      parts.add(readPart(part));
    }
    return List.copyOf(parts);
  }

  private static ContentPart readPart(JsonNode json) {
    if (!json.isObject()) {
      throw new IllegalArgumentException("a content part must be a JSON object");
    }
    ContentPart known = readKnownPart(json);
    return known == null ? new ContentPart.Unknown(Json.toMap("content part", json)) : known;
  }

  /** Null if a field of the part would be lost. */
  private static @Nullable ContentPart readKnownPart(JsonNode json) {
    String type = json.path("type").asText("");
    String text = json.path("text").textValue();
    switch (type) {
      case "text" -> {
        return text != null && hasOnly(json, "type", "text") ? new ContentPart.Text(text) : null;
      }
      case "reasoning" -> {
        JsonNode signature = json.get("signature");
        return text != null
                && hasOnly(json, "type", "text", "signature")
                && (signature == null || signature.isTextual())
            ? new ContentPart.Reasoning(text, signature == null ? null : signature.textValue())
            : null;
      }
      case "media" -> {
        return readMedia(json);
      }
      default -> {
        return null;
      }
    }
  }

  private static @Nullable ContentPart readMedia(JsonNode json) {
    String mimeType = json.path("mime_type").textValue();
    String url = json.path("url").textValue();
    String data = json.path("data").textValue();
    String name = json.path("name").textValue();
    int texts = 0;
    for (String value : new @Nullable String[] {mimeType, url, data, name}) {
      texts += value == null ? 0 : 1;
    }
    if (mimeType == null
        || mimeType.isEmpty()
        || mimeType.length() > 255
        || (url == null) == (data == null)
        || json.size() != texts + 1) {
      return null;
    }
    byte[] bytes = null;
    if (data != null) {
      try {
        bytes = Base64.getDecoder().decode(data);
      } catch (IllegalArgumentException notBase64) {
        return null;
      }
      if (!Base64.getEncoder().encodeToString(bytes).equals(data)) {
        return null;
      }
    }
    return new ContentPart.Media(mimeType, url, bytes, name);
  }

  private static boolean hasOnly(JsonNode json, String... names) {
    Set<String> allowed = Set.of(names);
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      if (!allowed.contains(field.getKey())) {
        return false;
      }
    }
    return true;
  }

  private static List<ToolCall> readToolCalls(JsonNode message) {
    List<ToolCall> calls = new ArrayList<>();
    for (JsonNode call : Json.array(message, "tool_calls")) {
      JsonNode function = Json.required(call, "function");
      requireOnly("tool call", call, TOOL_CALL_FIELDS);
      requireOnly("function", function, FUNCTION_FIELDS);
      String type = Json.optionalString(call, "type");
      calls.add(
          new ToolCall(
              Json.string(call, "id"),
              type == null ? "function" : type,
              Json.string(function, "name"),
              Json.string(function, "arguments")));
    }
    return calls;
  }

  /** Rejects unknown fields, which would be lost. */
  private static void requireOnly(String what, JsonNode json, Set<String> names) {
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      if (!names.contains(field.getKey())) {
        throw new IllegalArgumentException("a " + what + " has an unknown field");
      }
    }
  }

  /** Reads token usage; null gives null. */
  public static @Nullable TokenUsage readUsage(@Nullable JsonNode json) {
    return json == null || json.isNull()
        ? null
        : new TokenUsage(
            Json.number(json, "prompt_tokens", 0),
            Json.number(json, "completion_tokens", 0),
            Json.number(json, "total_tokens", 0));
  }

  /**
   * The digest of a message's content: the first 16 bytes of the SHA-256 of its JSON shape without
   * {@code id}, in hexadecimal. Messages with the same content have the same digest.
   */
  public static String digest(Message message) {
    byte[] json =
        Json.bytes(
            out -> {
              out.writeStartObject();
              writeFields(out, message);
              out.writeEndObject();
            });
    return HexFormat.of().formatHex(sha256().digest(json), 0, 16);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(
          "SHA-256 is missing, but every Java platform must provide it", e);
    }
  }

  // Conversations

  /** Reads a field that holds an object, in the model's canonical form. */
  public static Map<String, @Nullable Object> readObject(JsonNode json, String name) {
    JsonNode object = Json.field(json, name);
    return object == null ? Map.of() : new ContentPart.Unknown(Json.toMap(name, object)).json();
  }

  /** Writes a conversation's header as an object. */
  public static void write(JsonGenerator out, Conversation conversation) throws IOException {
    out.writeStartObject();
    out.writeStringField("id", conversation.id());
    out.writeStringField("tenant_id", conversation.owner().tenantId());
    out.writeStringField("user_id", conversation.owner().userId());
    out.writeNumberField("generation", conversation.generation());
    out.writeStringField("title", conversation.title());
    out.writeStringField("status", conversation.status().wireName());
    out.writeFieldName("settings");
    Json.writeValue(out, conversation.settings());
    out.writeFieldName("metadata");
    Json.writeValue(out, conversation.metadata());
    out.writeArrayFieldStart("tags");
    for (String tag : conversation.tags()) {
      out.writeString(tag);
    }
    out.writeEndArray();
    out.writeBooleanField("pinned", conversation.pinned());
    out.writeStringField("created_at", Json.time(conversation.createdAt()));
    out.writeStringField("updated_at", Json.time(conversation.updatedAt()));
    if (conversation.expiresAt() != null) {
      out.writeStringField("expires_at", Json.time(conversation.expiresAt()));
    }
    out.writeNumberField("message_count", conversation.messageCount());
    out.writeFieldName("usage");
    write(out, conversation.usage());
    out.writeEndObject();
  }
}
