package io.conversationstore.cli.format;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import io.conversationstore.Conversation;
import io.conversationstore.StoredMessage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Writes one JSON object of conversations by their ids, as docs/json.md describes it. For one
 * thread and one owner: ids are unique within an owner only.
 */
final class ConversationsJsonWriter implements ConversationWriter {

  private final JsonGenerator out;

  ConversationsJsonWriter(OutputStream stream) throws IOException {
    this.out = Json.generator(stream).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentArraysWith(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE.withLinefeed("\n"));
    printer.indentObjectsWith(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE.withLinefeed("\n"));
    out.setPrettyPrinter(printer);
  }

  @Override
  public void begin() throws IOException {
    out.writeStartObject();
  }

  @Override
  public void conversation(Conversation conversation) throws IOException {
    out.writeObjectFieldStart(conversation.id());
    out.writeStringField("id", conversation.id());
    out.writeStringField("title", conversation.title());
    out.writeStringField("status", conversation.status().wireName());
    out.writeStringField("created_at", Json.time(conversation.createdAt()));
    out.writeStringField("updated_at", Json.time(conversation.updatedAt()));
    if (conversation.expiresAt() != null) {
      out.writeStringField("expires_at", Json.time(conversation.expiresAt()));
    }
    out.writeBooleanField("pinned", conversation.pinned());
    out.writeArrayFieldStart("tags");
    for (String tag : conversation.tags()) {
      out.writeString(tag);
    }
    out.writeEndArray();
    out.writeFieldName("settings");
    Json.writeValue(out, conversation.settings());
    out.writeFieldName("metadata");
    Json.writeValue(out, conversation.metadata());
    out.writeArrayFieldStart("messages");
  }

  @Override
  public void message(StoredMessage message) throws IOException {
    ModelJson.writeInConversation(out, message);
  }

  @Override
  public void endConversation() throws IOException {
    out.writeEndArray();
    out.writeEndObject();
  }

  @Override
  public void end() throws IOException {
    out.writeEndObject();
    out.writeRaw('\n');
    out.flush();
  }
}
