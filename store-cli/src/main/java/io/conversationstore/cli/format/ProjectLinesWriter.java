package io.conversationstore.cli.format;

import io.conversationstore.Conversation;
import io.conversationstore.Owner;
import io.conversationstore.Preferences;
import io.conversationstore.StoredMessage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;

/** Writes the project's own JSON Lines; see {@link ProjectLines}. For one thread. */
final class ProjectLinesWriter implements ConversationWriter {

  private final JsonOut out;
  private final Instant now;
  private long conversations;
  private long messages;

  ProjectLinesWriter(OutputStream out, Instant now) {
    this.out = new JsonOut(out);
    this.now = now;
  }

  @Override
  public void begin() throws IOException {
    out.line(
        json -> {
          json.writeStartObject();
          json.writeStringField(ProjectLines.HEADER, "export");
          json.writeNumberField("version", ProjectLines.VERSION);
          json.writeStringField("created_at", Json.time(now));
          json.writeEndObject();
        });
  }

  @Override
  public void conversation(Conversation conversation) throws IOException {
    conversations++;
    out.line(
        json -> {
          json.writeStartObject();
          json.writeFieldName(ProjectLines.CONVERSATION);
          ModelJson.write(json, conversation);
          json.writeEndObject();
        });
  }

  @Override
  public void message(StoredMessage message) throws IOException {
    messages++;
    out.line(
        json -> {
          json.writeStartObject();
          json.writeFieldName(ProjectLines.MESSAGE);
          ModelJson.writeInConversation(json, message);
          json.writeEndObject();
        });
  }

  @Override
  public void endConversation() {
    // The next line shows it.
  }

  @Override
  public void preferences(Owner owner, Preferences preferences) throws IOException {
    if (preferences.equals(Preferences.NONE)) {
      return;
    }
    out.line(
        json -> {
          json.writeStartObject();
          json.writeObjectFieldStart(ProjectLines.PREFERENCES);
          json.writeStringField("tenant_id", owner.tenantId());
          json.writeStringField("user_id", owner.userId());
          if (preferences.activeConversation() != null) {
            json.writeStringField("active_conversation", preferences.activeConversation());
          }
          if (preferences.selectedModel() != null) {
            json.writeStringField("selected_model", preferences.selectedModel());
          }
          json.writeEndObject();
          json.writeEndObject();
        });
  }

  @Override
  public void end() throws IOException {
    out.line(
        json -> {
          json.writeStartObject();
          json.writeObjectFieldStart(ProjectLines.END);
          json.writeNumberField("conversations", conversations);
          json.writeNumberField("messages", messages);
          json.writeEndObject();
          json.writeEndObject();
        });
    out.flush();
  }
}
