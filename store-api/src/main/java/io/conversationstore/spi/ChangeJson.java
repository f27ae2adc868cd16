package io.conversationstore.spi;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.ConversationUpdated;
import io.conversationstore.spi.Change.MessageDeleted;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.Change.ToConversation;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The JSON shape of changes, described in docs/json.md: an object with the kind in {@code change}.
 * A change written and read back is equal. Thread-safe.
 */
public final class ChangeJson {

  private ChangeJson() {}

  // Writing

  /**
   * Called before and after message content is written to the generator: each message of an append
   * with its digest, and the content of each edit, in order.
   */
  public interface ContentListener {
    /** The next value is such content; the separator before it may not be written yet. */
    void begins();

    /** The content was written. */
    void ends();
  }

  private static final ContentListener NOBODY =
      new ContentListener() {
        @Override
        public void begins() {}

        @Override
        public void ends() {}
      };

  /** Writes a change as an object. */
  public static void write(JsonGenerator out, Change change) throws IOException {
    write(out, change, NOBODY);
  }

  /** Writes a change as an object and reports when contents are written. */
  public static void write(JsonGenerator out, Change change, ContentListener listener)
      throws IOException {
    out.writeStartObject();
    writeFields(out, change, listener);
    out.writeEndObject();
  }

  /** Writes the fields of a change into an open object. */
  public static void writeFields(JsonGenerator out, Change change) throws IOException {
    writeFields(out, change, NOBODY);
  }

  private static void writeFields(JsonGenerator out, Change change, ContentListener listener)
      throws IOException {
    out.writeStringField("change", change.kind().wireName());
    ChangeStamp stamp = change.stamp();
    out.writeStringField("id", stamp.id().toString());
    out.writeStringField("tenant_id", stamp.owner().tenantId());
    out.writeStringField("user_id", stamp.owner().userId());
    out.writeNumberField("epoch", stamp.epoch());
    out.writeStringField("time", Json.time(stamp.time()));
    out.writeStringField("node", stamp.node().toString());
    ConversationRef ref = change.ref();
    if (ref != null) {
      out.writeStringField("conversation_id", ref.id());
      out.writeNumberField("generation", ref.generation());
    }
    change.accept(new Writer(out, listener));
  }

  /** Writes the fields that each kind has in addition. */
  private record Writer(JsonGenerator out, ContentListener listener)
      implements Change.Visitor<Void, IOException>, Change.ConversationVisitor<Void, IOException> {
    @Override
    public Void conversationCreated(ConversationCreated created) throws IOException {
      out.writeBooleanField("strict", created.strict());
      out.writeFieldName("conversation");
      write(out, created.conversation());
      return null;
    }

    @Override
    public Void toConversation(ToConversation change) throws IOException {
      return change.acceptInConversation(this);
    }

    @Override
    public Void conversationUpdated(ConversationUpdated updated) throws IOException {
      out.writeFieldName("update");
      write(out, updated.update());
      return null;
    }

    @Override
    public Void conversationDeleted(ConversationDeleted deleted) {
      return null;
    }

    @Override
    public Void messagesAppended(MessagesAppended appended) throws IOException {
      writeAppend(out, appended, listener);
      return null;
    }

    @Override
    public Void messageEdited(MessageEdited edited) throws IOException {
      out.writeStringField("message_id", edited.messageId().toString());
      out.writeFieldName("content");
      listener.begins();
      ModelJson.writeContent(out, edited.edit().content());
      listener.ends();
      return null;
    }

    @Override
    public Void messageDeleted(MessageDeleted deleted) throws IOException {
      out.writeStringField("message_id", deleted.messageId().toString());
      return null;
    }

    @Override
    public Void preferencesPut(PreferencesPut put) throws IOException {
      writePreferences(out, put);
      return null;
    }

    @Override
    public Void ownerErased(OwnerErased erased) {
      return null;
    }

    @Override
    public Void bulk(Bulk bulk) throws IOException {
      if (bulk.asSent()) {
        out.writeBooleanField("as_sent", true);
      }
      out.writeArrayFieldStart("changes");
      for (Change part : bulk.changes()) {
        write(out, part, listener);
      }
      out.writeEndArray();
      return null;
    }
  }

  private static void writeAppend(
      JsonGenerator out, MessagesAppended change, ContentListener listener) throws IOException {
    if (change.condition().checksLast()) {
      UUID last = change.condition().lastMessageId();
      out.writeStringField("if_last", last == null ? "" : last.toString());
    }
    if (change.editExisting()) {
      out.writeBooleanField("edit_existing", true);
    }
    out.writeArrayFieldStart("messages");
    for (NewMessage message : change.messages()) {
      listener.begins();
      out.writeStartObject();
      out.writeStringField("digest", message.digest());
      if (message.createdAt() != null) {
        out.writeStringField("created_at", Json.time(message.createdAt()));
      }
      out.writeFieldName("message");
      ModelJson.write(out, message.message());
      out.writeEndObject();
      listener.ends();
    }
    out.writeEndArray();
  }

  private static void writePreferences(JsonGenerator out, PreferencesPut change)
      throws IOException {
    PreferencesUpdate update = change.update();
    if (update.setsActiveConversation()) {
      writeNullable(out, "active_conversation", update.activeConversation());
      out.writeNumberField("active_generation", change.activeGeneration());
    }
    if (update.setsSelectedModel()) {
      writeNullable(out, "selected_model", update.selectedModel());
    }
  }

  private static void writeNullable(JsonGenerator out, String name, @Nullable String value)
      throws IOException {
    if (value == null) {
      out.writeNullField(name);
    } else {
      out.writeStringField(name, value);
    }
  }

  private static void write(JsonGenerator out, NewConversation conversation) throws IOException {
    out.writeStartObject();
    writeNullable(out, "id", conversation.id());
    out.writeStringField("title", conversation.title());
    writeObject(out, "settings", conversation.settings());
    writeObject(out, "metadata", conversation.metadata());
    writeTags(out, conversation.tags());
    out.writeBooleanField("pinned", conversation.pinned());
    if (conversation.expiresAt() != null) {
      out.writeStringField("expires_at", Json.time(conversation.expiresAt()));
    }
    out.writeEndObject();
  }

  /** Writes an update as an object of the fields that it names; {@code expires_at} null clears. */
  public static void write(JsonGenerator out, ConversationUpdate update) throws IOException {
    out.writeStartObject();
    if (update.title() != null) {
      out.writeStringField("title", update.title());
    }
    if (update.status() != null) {
      out.writeStringField("status", update.status().wireName());
    }
    if (update.settings() != null) {
      writeObject(out, "settings", update.settings());
    }
    if (update.metadata() != null) {
      writeObject(out, "metadata", update.metadata());
    }
    if (update.tags() != null) {
      writeTags(out, update.tags());
    }
    if (update.pinned() != null) {
      out.writeBooleanField("pinned", update.pinned());
    }
    if (update.clearExpiry()) {
      out.writeNullField("expires_at");
    } else if (update.expiresAt() != null) {
      out.writeStringField("expires_at", Json.time(update.expiresAt()));
    }
    out.writeEndObject();
  }

  static void writeObject(JsonGenerator out, String name, Map<String, @Nullable Object> json)
      throws IOException {
    out.writeFieldName(name);
    Json.writeValue(out, json);
  }

  static void writeTags(JsonGenerator out, List<String> tags) throws IOException {
    out.writeArrayFieldStart("tags");
    for (String tag : tags) {
      out.writeString(tag);
    }
    out.writeEndArray();
  }

  // Reading

  /**
   * Reads a change.
   *
   * @throws IllegalArgumentException if it is not a change; the error text names the field, not its
   *     value
   */
  public static Change read(JsonNode json) {
    return read(json, ChangeJson::readMessages);
  }

  /**
   * Like {@link #read(JsonNode)}, for appends with messages that were read before.
   *
   * @param messages returns the messages of the append in this object; called once for each append,
   *     in order
   */
  public static Change read(JsonNode json, Function<JsonNode, List<NewMessage>> messages) {
    ChangeStamp stamp =
        new ChangeStamp(
            Json.uuid(json, "id"),
            Owner.of(Json.string(json, "tenant_id"), Json.string(json, "user_id")),
            Json.number(json, "epoch", ChangeStamp.PRESENT_EPOCH),
            Json.time(json, "time"),
            Json.uuid(json, "node"));
    Change.Kind kind = Change.Kind.ofWireName(Json.string(json, "change"));
    return switch (kind) {
      case CONVERSATION_CREATED ->
          new ConversationCreated(
              stamp,
              readNewConversation(Json.required(json, "conversation")),
              Json.bool(json, "strict"));
      case CONVERSATION_UPDATED ->
          new ConversationUpdated(stamp, ref(json), readUpdate(Json.required(json, "update")));
      case CONVERSATION_DELETED -> new ConversationDeleted(stamp, ref(json));
      case MESSAGES_APPENDED -> readAppend(stamp, json, messages.apply(json));
      case MESSAGE_EDITED ->
          new MessageEdited(
              stamp,
              ref(json),
              Json.uuid(json, "message_id"),
              MessageEdit.of(ModelJson.readContent(Json.field(json, "content"))));
      case MESSAGE_DELETED -> new MessageDeleted(stamp, ref(json), Json.uuid(json, "message_id"));
      case PREFERENCES_PUT ->
          new PreferencesPut(
              stamp, readPreferences(json), Json.number(json, "active_generation", 0));
      case OWNER_ERASED -> new OwnerErased(stamp);
      case BULK -> {
        List<Change> changes = new ArrayList<>();
        for (JsonNode part : Json.array(json, "changes")) {
          changes.add(read(part, messages));
        }
        yield new Bulk(stamp, changes, json.has("as_sent") && Json.bool(json, "as_sent"));
      }
    };
  }

  private static ConversationRef ref(JsonNode json) {
    return new ConversationRef(
        Json.string(json, "conversation_id"), Json.number(json, "generation", 0));
  }

  private static List<NewMessage> readMessages(JsonNode json) {
    List<NewMessage> messages = new ArrayList<>();
    for (JsonNode entry : Json.array(json, "messages")) {
      JsonNode message = Json.required(entry, "message");
      messages.add(
          new NewMessage(
              Json.uuid(message, "id"),
              ModelJson.readMessage(message),
              Json.string(entry, "digest"),
              Json.optionalTime(entry, "created_at")));
    }
    return messages;
  }

  private static MessagesAppended readAppend(
      ChangeStamp stamp, JsonNode json, List<NewMessage> messages) {
    String ifLast = Json.optionalString(json, "if_last");
    AppendCondition condition =
        ifLast == null
            ? AppendCondition.always()
            : ifLast.isEmpty()
                ? AppendCondition.ifEmpty()
                : AppendCondition.ifLastIs(Json.uuid(json, "if_last"));
    return new MessagesAppended(
        stamp, ref(json), messages, condition, Json.bool(json, "edit_existing"));
  }

  private static NewConversation readNewConversation(JsonNode json) {
    return NewConversation.ofId(Json.string(json, "id"))
        .withTitle(Json.string(json, "title"))
        .withSettings(Json.toMap("settings", Json.required(json, "settings")))
        .withMetadata(Json.toMap("metadata", Json.required(json, "metadata")))
        .withTags(readTags(json))
        .withPinned(Json.bool(json, "pinned"))
        .withExpiresAt(Json.optionalTime(json, "expires_at"));
  }

  private static PreferencesUpdate readPreferences(JsonNode json) {
    PreferencesUpdate update = PreferencesUpdate.none();
    if (json.has("active_conversation")) {
      update = update.withActiveConversation(Json.optionalString(json, "active_conversation"));
    }
    if (json.has("selected_model")) {
      update = update.withSelectedModel(Json.optionalString(json, "selected_model"));
    }
    return update;
  }

  private static ConversationUpdate readUpdate(JsonNode json) {
    String status = Json.optionalString(json, "status");
    JsonNode settings = Json.field(json, "settings");
    JsonNode metadata = Json.field(json, "metadata");
    ConversationUpdate update =
        ConversationUpdate.touch()
            .withTitle(Json.optionalString(json, "title"))
            .withStatus(status == null ? null : ConversationStatus.ofWireName(status))
            .withSettings(settings == null ? null : Json.toMap("settings", settings))
            .withMetadata(metadata == null ? null : Json.toMap("metadata", metadata))
            .withTags(json.has("tags") ? readTags(json) : null)
            .withPinned(json.has("pinned") ? Boolean.valueOf(Json.bool(json, "pinned")) : null);
    return json.has("expires_at") && json.get("expires_at").isNull()
        ? update.withoutExpiry()
        : update.withExpiresAt(Json.optionalTime(json, "expires_at"));
  }

  static List<String> readTags(JsonNode json) {
    List<String> tags = new ArrayList<>();
    for (JsonNode tag : Json.array(json, "tags")) {
      if (!tag.isTextual()) {
        throw new IllegalArgumentException("tags must be strings");
      }
      tags.add(tag.textValue());
    }
    return tags;
  }
}
