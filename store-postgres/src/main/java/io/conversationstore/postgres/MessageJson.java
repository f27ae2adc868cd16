package io.conversationstore.postgres;

import com.fasterxml.jackson.core.JsonGenerator;
import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.TokenUsage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.NewMessage;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Messages in the form that the append functions read. */
final class MessageJson {

  private MessageJson() {}

  /**
   * Complete messages as an array.
   *
   * @param search whether to include the keys of words
   */
  static void write(JsonGenerator out, Owner owner, List<NewMessage> messages, boolean search)
      throws IOException {
    out.writeStartArray();
    for (NewMessage entry : messages) {
      Message message = entry.message();
      out.writeStartObject();
      out.writeStringField("id", entry.id().toString());
      out.writeStringField("digest", entry.digest());
      out.writeStringField("role", message.role().wireName());
      optional(out, "content", plainText(message.content()));
      writeRest(out, message);
      if (search) {
        long[] keys = TokenKeys.of(owner, message);
        out.writeFieldName("search_tokens");
        out.writeArray(keys, 0, keys.length);
      }
      if (entry.createdAt() != null) {
        out.writeStringField("created_at", Json.time(entry.createdAt()));
      }
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  /**
   * The fields of a message other than role and plain text, as an object; null if there are none.
   */
  static @Nullable String rest(Message message) {
    boolean plain = message.content().isEmpty() || plainText(message.content()) != null;
    if (plain
        && message.toolCalls().isEmpty()
        && message.toolCallId() == null
        && message.name() == null
        && !message.toolError()
        && message.model() == null
        && message.usage() == null
        && message.metadata().isEmpty()) {
      return null;
    }
    return Json.text(
        out -> {
          out.writeStartObject();
          writeRest(out, message);
          out.writeEndObject();
        });
  }

  private static void writeRest(JsonGenerator out, Message message) throws IOException {
    if (!message.content().isEmpty() && plainText(message.content()) == null) {
      out.writeFieldName("parts");
      ModelJson.writeContent(out, message.content());
    }
    if (!message.toolCalls().isEmpty()) {
      out.writeFieldName("tool_calls");
      ModelJson.writeToolCalls(out, message.toolCalls());
    }
    optional(out, "tool_call_id", message.toolCallId());
    optional(out, "name", message.name());
    if (message.toolError()) {
      out.writeBooleanField("is_error", true);
    }
    optional(out, "model", message.model());
    TokenUsage usage = message.usage();
    if (usage != null) {
      out.writeNumberField("prompt_tokens", usage.promptTokens());
      out.writeNumberField("completion_tokens", usage.completionTokens());
      out.writeNumberField("total_tokens", usage.totalTokens());
    }
    if (!message.metadata().isEmpty()) {
      out.writeFieldName("metadata");
      Json.writeValue(out, message.metadata());
    }
  }

  private static void optional(JsonGenerator out, String name, @Nullable String value)
      throws IOException {
    if (value != null) {
      out.writeStringField(name, value);
    }
  }

  /** The text of content that consists of one text part; else null. */
  static @Nullable String plainText(List<ContentPart> content) {
    return content.size() == 1 && content.get(0) instanceof ContentPart.Text text
        ? text.text()
        : null;
  }

  /** Any other content, as an array; null if there is none. */
  static @Nullable String parts(List<ContentPart> content) {
    return content.isEmpty() || plainText(content) != null
        ? null
        : Json.text(out -> ModelJson.writeContent(out, content));
  }
}
