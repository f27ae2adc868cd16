package io.conversationstore.cli.format;

import com.fasterxml.jackson.core.JsonGenerator;
import io.conversationstore.Conversation;
import io.conversationstore.Message;
import io.conversationstore.StoredMessage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.IOException;
import java.io.OutputStream;

/**
 * Writes chat messages as model APIs take them, a conversation per line: role, content, tool calls
 * and their results, names. Ids, times, usage and metadata are left out. For one thread.
 */
final class ChatLinesWriter implements ConversationWriter {

  private final OutputStream out;
  private JsonGenerator line;

  ChatLinesWriter(OutputStream out) throws IOException {
    this.out = out;
    this.line = open();
  }

  private JsonGenerator open() throws IOException {
    return Json.generator(out).disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
  }

  @Override
  public void begin() {
    // No header: programs that train models read every line.
  }

  @Override
  public void conversation(Conversation conversation) throws IOException {
    line = open();
    line.writeStartObject();
    line.writeStringField("conversation_id", conversation.id());
    if (!conversation.title().isEmpty()) {
      line.writeStringField("title", conversation.title());
    }
    line.writeArrayFieldStart("messages");
  }

  @Override
  public void message(StoredMessage stored) throws IOException {
    Message message = stored.message();
    line.writeStartObject();
    line.writeStringField("role", message.role().wireName());
    line.writeFieldName("content");
    ModelJson.writeContent(line, message.content());
    if (!message.toolCalls().isEmpty()) {
      line.writeFieldName("tool_calls");
      ModelJson.writeToolCalls(line, message.toolCalls());
    }
    if (message.toolCallId() != null) {
      line.writeStringField("tool_call_id", message.toolCallId());
    }
    if (message.name() != null) {
      line.writeStringField("name", message.name());
    }
    line.writeEndObject();
  }

  @Override
  public void endConversation() throws IOException {
    line.writeEndArray();
    line.writeEndObject();
    line.writeRaw('\n');
    line.close();
  }

  @Override
  public void end() throws IOException {
    out.flush();
  }
}
