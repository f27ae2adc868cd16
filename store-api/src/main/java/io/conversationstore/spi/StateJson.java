package io.conversationstore.spi;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.ConversationStatus;
import io.conversationstore.Owner;
import io.conversationstore.TokenUsage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The JSON shape of row states, described in docs/json.md: an object with the kind in {@code
 * state}. A state written and read back is equal. Thread-safe.
 */
public final class StateJson {

  private StateJson() {}

  /** Writes a state as an object. */
  public static void write(JsonGenerator out, State state) throws IOException {
    out.writeStartObject();
    writeFields(out, state);
    out.writeEndObject();
  }

  /** Writes the fields of a state into an open object. */
  public static void writeFields(JsonGenerator out, State state) throws IOException {
    state.accept(new Writer(out));
  }

  private record Writer(JsonGenerator out) implements State.Visitor<Void, IOException> {
    @Override
    public Void owner(OwnerState state) throws IOException {
      writeCommon(out, "owner", state);
      return null;
    }

    @Override
    public Void conversation(ConversationState state) throws IOException {
      writeCommon(out, "conversation", state);
      writeConversation(out, state);
      return null;
    }

    @Override
    public Void message(MessageState state) throws IOException {
      writeCommon(out, "message", state);
      writeMessage(out, state);
      return null;
    }

    @Override
    public Void preferences(PreferencesState state) throws IOException {
      writeCommon(out, "preferences", state);
      writePreferences(out, state);
      return null;
    }
  }

  private static void writeCommon(JsonGenerator out, String kind, State state) throws IOException {
    out.writeStringField("state", kind);
    out.writeStringField("tenant_id", state.owner().tenantId());
    out.writeStringField("user_id", state.owner().userId());
    out.writeNumberField("epoch", state.epoch());
  }

  private static void writeConversation(JsonGenerator out, ConversationState state)
      throws IOException {
    out.writeStringField("id", state.id());
    out.writeNumberField("generation", state.generation());
    out.writeNumberField("version", state.version());
    out.writeNumberField("last_seq", state.lastSeq());
    out.writeStringField("created_by", state.createdBy().toString());
    Live live = state.live();
    if (live == null) {
      out.writeNullField("live");
      return;
    }
    out.writeObjectFieldStart("live");
    out.writeStringField("title", live.title());
    out.writeStringField("status", live.status().wireName());
    ChangeJson.writeObject(out, "settings", live.settings());
    ChangeJson.writeObject(out, "metadata", live.metadata());
    ChangeJson.writeTags(out, live.tags());
    out.writeBooleanField("pinned", live.pinned());
    writeTime(out, "created_at", live.createdAt());
    writeTime(out, "updated_at", live.updatedAt());
    writeTime(out, "expires_at", live.expiresAt());
    out.writeNumberField("message_count", live.messageCount());
    out.writeFieldName("usage");
    ModelJson.write(out, live.usage());
    writeTime(out, "last_message_at", live.lastMessageAt());
    out.writeObjectFieldStart("field_times");
    for (Map.Entry<String, Instant> entry : live.fieldTimes().entrySet()) {
      writeTime(out, entry.getKey(), entry.getValue());
    }
    out.writeEndObject();
    out.writeEndObject();
  }

  private static void writeMessage(JsonGenerator out, MessageState state) throws IOException {
    out.writeStringField("conversation_id", state.conversationId());
    out.writeNumberField("generation", state.generation());
    out.writeNumberField("version", state.version());
    out.writeNumberField("seq", state.seq());
    out.writeStringField("message_id", state.messageId().toString());
    out.writeStringField("digest", state.digest());
    out.writeFieldName("message");
    if (state.message() == null) {
      out.writeNull();
    } else {
      ModelJson.write(out, state.message());
    }
  }

  private static void writePreferences(JsonGenerator out, PreferencesState state)
      throws IOException {
    out.writeNumberField("version", state.version());
    if (state.activeConversation() != null) {
      out.writeStringField("active_conversation", state.activeConversation());
    }
    out.writeNumberField("active_generation", state.activeGeneration());
    writeTime(out, "active_conversation_time", state.activeConversationTime());
    if (state.selectedModel() != null) {
      out.writeStringField("selected_model", state.selectedModel());
    }
    writeTime(out, "selected_model_time", state.selectedModelTime());
  }

  private static void writeTime(JsonGenerator out, String name, @Nullable Instant time)
      throws IOException {
    if (time != null) {
      out.writeStringField(name, Json.time(time));
    }
  }

  /**
   * Reads a state.
   *
   * @throws IllegalArgumentException if it is not a state; the error text names the field, not its
   *     value
   */
  public static State read(JsonNode json) {
    Owner owner = Owner.of(Json.string(json, "tenant_id"), Json.string(json, "user_id"));
    long epoch = Json.number(json, "epoch", 0);
    return switch (Json.string(json, "state")) {
      case "owner" -> new OwnerState(owner, epoch);
      case "conversation" -> readConversation(owner, epoch, json);
      case "message" -> readMessage(owner, epoch, json);
      case "preferences" ->
          new PreferencesState(
              owner,
              epoch,
              Json.number(json, "version", 0),
              Json.optionalString(json, "active_conversation"),
              Json.number(json, "active_generation", 0),
              Json.optionalTime(json, "active_conversation_time"),
              Json.optionalString(json, "selected_model"),
              Json.optionalTime(json, "selected_model_time"));
      default -> throw new IllegalArgumentException("the state has an unknown kind");
    };
  }

  private static ConversationState readConversation(Owner owner, long epoch, JsonNode json) {
    JsonNode live = Json.field(json, "live");
    return new ConversationState(
        owner,
        Json.string(json, "id"),
        epoch,
        Json.number(json, "generation", 0),
        Json.number(json, "version", 0),
        live == null ? null : readLive(live),
        Json.number(json, "last_seq", 0),
        Json.uuid(json, "created_by"));
  }

  private static Live readLive(JsonNode json) {
    Map<String, Instant> fieldTimes = new HashMap<>();
    JsonNode times = Json.required(json, "field_times");
    times.fieldNames().forEachRemaining(name -> fieldTimes.put(name, Json.time(times, name)));
    TokenUsage usage = ModelJson.readUsage(Json.required(json, "usage"));
    return new Live(
        Json.string(json, "title"),
        ConversationStatus.ofWireName(Json.string(json, "status")),
        ModelJson.readObject(json, "settings"),
        ModelJson.readObject(json, "metadata"),
        ChangeJson.readTags(json),
        Json.bool(json, "pinned"),
        Json.time(json, "created_at"),
        Json.time(json, "updated_at"),
        Json.optionalTime(json, "expires_at"),
        Json.number(json, "message_count", 0),
        usage == null ? TokenUsage.NONE : usage,
        Json.time(json, "last_message_at"),
        fieldTimes);
  }

  private static MessageState readMessage(Owner owner, long epoch, JsonNode json) {
    JsonNode message = Json.field(json, "message");
    return new MessageState(
        owner,
        Json.string(json, "conversation_id"),
        epoch,
        Json.number(json, "generation", 0),
        Json.number(json, "version", 0),
        Json.number(json, "seq", 0),
        Json.uuid(json, "message_id"),
        Json.string(json, "digest"),
        message == null ? null : ModelJson.readStoredMessage(message));
  }
}
