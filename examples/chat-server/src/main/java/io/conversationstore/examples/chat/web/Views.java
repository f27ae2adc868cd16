package io.conversationstore.examples.chat.web;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.Provenance;
import io.conversationstore.StoreState;
import io.conversationstore.examples.chat.live.Event;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** JSON that several routes share. */
final class Views {

  private Views() {}

  /** Ends an object with the fields of every page. */
  static void endPage(JsonGenerator out, Page<?> page) throws IOException {
    if (page.hasMore() && page.cursor() != null) {
      out.writeStringField("cursor", page.cursor().token());
    } else {
      out.writeNullField("cursor");
    }
    Provenance from = page.provenance();
    out.writeStringField("source", from.source().name().toLowerCase(Locale.ROOT));
    out.writeBooleanField("complete", from.complete());
    out.writeEndObject();
  }

  static List<String> strings(JsonNode body, String field) {
    List<String> values = new ArrayList<>();
    for (JsonNode each : Json.array(body, field)) {
      if (!each.isTextual()) {
        throw Problem.invalid(field + " must be an array of strings.");
      }
      values.add(each.textValue());
    }
    return values;
  }

  /** The state of the store, with the rejected changes of this owner only. */
  static Event state(StoreState state, Owner owner) {
    return new Event("state", Json.text(out -> writeState(out, state, owner)));
  }

  static void writeState(JsonGenerator out, StoreState state, Owner owner) throws IOException {
    out.writeStartObject();
    out.writeStringField("mode", state.mode().name().toLowerCase(Locale.ROOT));
    out.writeStringField("since", Json.time(state.since()));
    out.writeNumberField("pending", state.pending().changes());
    if (state.pending().oldest() != null) {
      out.writeStringField("oldest_pending", Json.time(state.pending().oldest()));
    }
    out.writeArrayFieldStart("rejected");
    for (StoreState.Rejected each : state.rejected()) {
      if (each.owner().equals(owner)) {
        out.writeStartObject();
        out.writeStringField("change_id", each.changeId().toString());
        out.writeStringField("conversation_id", each.conversationId());
        out.writeStringField("reason", each.reason());
        out.writeBooleanField("parked", each.parked());
        out.writeStringField("at", Json.time(each.at()));
        out.writeEndObject();
      }
    }
    out.writeEndArray();
    out.writeEndObject();
  }
}
