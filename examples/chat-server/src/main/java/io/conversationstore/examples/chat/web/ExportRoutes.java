package io.conversationstore.examples.chat.web;

import com.fasterxml.jackson.core.JsonGenerator;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationStore;
import io.conversationstore.Cursor;
import io.conversationstore.MessageQuery;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolCall;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends a whole conversation as a file, a page at a time. */
final class ExportRoutes {

  private static final int PAGE = 100;

  private final ConversationStore store;

  ExportRoutes(ConversationStore store) {
    this.store = store;
  }

  List<Route> all() {
    return List.of(Route.of("GET", "/conversations/{id}/export", this::export));
  }

  private interface MessageWriter {
    void write(StoredMessage message) throws IOException;
  }

  private void export(Call call) throws IOException {
    String format = call.query("format");
    boolean markdown = "markdown".equals(format);
    if (format != null && !markdown && !format.equals("json")) {
      throw Problem.invalid("format must be json or markdown.");
    }
    Conversation conversation =
        store
            .find(call.owner(), call.conversation())
            .orElseThrow(() -> Problem.conversationNotFound(call.conversation()));
    // Read before the first byte is sent, so that an error is still an error.
    Page<StoredMessage> first = page(call, null);
    String name = "conversation." + (markdown ? "md" : "json");
    call.context()
        .contentType(markdown ? "text/markdown; charset=utf-8" : "application/json")
        .header("Content-Disposition", "attachment; filename=\"" + name + "\"");
    OutputStream out = call.context().outputStream();
    if (markdown) {
      out.write(utf8("# " + oneLine(conversation.title()) + "\n"));
      each(call, first, message -> out.write(utf8(markdown(message))));
    } else {
      writeJson(call, conversation, first, out);
    }
  }

  private void writeJson(
      Call call, Conversation conversation, Page<StoredMessage> first, OutputStream to)
      throws IOException {
    JsonGenerator out = Json.generator(to);
    out.writeStartObject();
    out.writeFieldName("conversation");
    ModelJson.write(out, conversation);
    out.writeArrayFieldStart("messages");
    each(call, first, message -> ModelJson.writeInConversation(out, message));
    out.writeEndArray();
    out.writeEndObject();
    out.flush();
  }

  private Page<StoredMessage> page(Call call, @Nullable Cursor cursor) {
    return store.messages(
        call.owner(), call.conversation(), MessageQuery.first(PAGE).withCursor(cursor));
  }

  private void each(Call call, Page<StoredMessage> first, MessageWriter writer) throws IOException {
    Page<StoredMessage> page = first;
    while (true) {
      for (StoredMessage message : page) {
        writer.write(message);
      }
      if (!page.hasMore()) {
        return;
      }
      page = page(call, page.cursor());
    }
  }

  private static String markdown(StoredMessage message) {
    StringBuilder text = new StringBuilder("\n## ");
    text.append(message.role().wireName()).append(", ").append(Json.time(message.createdAt()));
    text.append("\n\n").append(message.text()).append('\n');
    for (ToolCall call : message.toolCalls()) {
      text.append("\n    ").append(oneLine(call.name())).append(' ');
      text.append(oneLine(call.arguments())).append('\n');
    }
    return text.toString();
  }

  private static String oneLine(String text) {
    return text.replaceAll("\\R", " ");
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
