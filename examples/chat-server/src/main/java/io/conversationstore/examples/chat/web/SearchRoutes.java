package io.conversationstore.examples.chat.web;

import com.fasterxml.jackson.core.JsonGenerator;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationStore;
import io.conversationstore.Page;
import io.conversationstore.Role;
import io.conversationstore.SearchHit;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolQuery;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Finds messages by their words, or by the tool that they call. */
final class SearchRoutes {

  private final ConversationStore store;

  SearchRoutes(ConversationStore store) {
    this.store = store;
  }

  List<Route> all() {
    return List.of(
        Route.of("GET", "/search", this::search),
        Route.of("GET", "/tools/{tool}/messages", this::byTool));
  }

  private void search(Call call) {
    String text = call.query("q");
    if (text == null) {
      throw Problem.invalid("q is missing.");
    }
    String role = call.query("role");
    Page<SearchHit> page =
        store.search(
            call.owner(),
            SearchQuery.of(text)
                .withConversationId(call.query("conversation"))
                .withRole(role == null ? null : Role.ofWireName(role))
                .withLimit(call.limit(SearchQuery.DEFAULT_LIMIT))
                .withCursor(call.cursor()));
    Map<String, String> titles = new HashMap<>();
    for (SearchHit hit : page) {
      titles.computeIfAbsent(
          hit.message().conversationId(),
          id -> store.find(call.owner(), id).map(Conversation::title).orElse(""));
    }
    call.answer(
        200,
        out -> {
          out.writeStartObject();
          out.writeArrayFieldStart("hits");
          for (SearchHit hit : page) {
            write(out, hit, titles.getOrDefault(hit.message().conversationId(), ""));
          }
          out.writeEndArray();
          Views.endPage(out, page);
        });
  }

  private static void write(JsonGenerator out, SearchHit hit, String title) throws IOException {
    StoredMessage message = hit.message();
    out.writeStartObject();
    out.writeStringField("conversation_id", message.conversationId());
    out.writeStringField("title", title);
    out.writeStringField("message_id", message.id().toString());
    out.writeStringField("role", message.role().wireName());
    out.writeStringField("created_at", Json.time(message.createdAt()));
    out.writeStringField("snippet", hit.snippet());
    out.writeArrayFieldStart("matches");
    for (SearchHit.Range range : hit.matches()) {
      out.writeStartObject();
      out.writeNumberField("start", range.start());
      out.writeNumberField("end", range.end());
      out.writeEndObject();
    }
    out.writeEndArray();
    out.writeEndObject();
  }

  private void byTool(Call call) {
    Page<StoredMessage> page =
        store.messagesByTool(
            call.owner(),
            ToolQuery.of(call.context().pathParam("tool"))
                .withConversationId(call.query("conversation"))
                .withLimit(call.limit(ToolQuery.DEFAULT_LIMIT))
                .withCursor(call.cursor()));
    call.answer(
        200,
        out -> {
          out.writeStartObject();
          out.writeArrayFieldStart("messages");
          for (StoredMessage message : page) {
            ModelJson.write(out, message);
          }
          out.writeEndArray();
          Views.endPage(out, page);
        });
  }
}
