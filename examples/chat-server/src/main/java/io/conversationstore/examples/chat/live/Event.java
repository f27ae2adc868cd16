package io.conversationstore.examples.chat.live;

import io.conversationstore.Conversation;
import io.conversationstore.StoredMessage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;

/**
 * An event as it is sent. The names are those of the API description.
 *
 * @param name the kind
 * @param data JSON on one line
 */
public record Event(String name, String data) {

  static final byte[] HEARTBEAT = ": \n\n".getBytes(StandardCharsets.UTF_8);

  /** The present fields of a conversation. */
  static Event conversation(Conversation conversation) {
    return new Event("conversation", Json.text(out -> ModelJson.write(out, conversation)));
  }

  /** A conversation is gone. */
  public static Event deleted(String conversation) {
    return new Event(
        "deleted",
        Json.text(
            out -> {
              out.writeStartObject();
              out.writeStringField("id", conversation);
              out.writeEndObject();
            }));
  }

  /** Messages that are new or changed; for a reader, each replaces the one with its id. */
  public static Event messages(String conversation, List<StoredMessage> messages) {
    return new Event(
        "messages",
        Json.text(
            out -> {
              out.writeStartObject();
              out.writeStringField("conversation_id", conversation);
              out.writeArrayFieldStart("messages");
              for (StoredMessage message : messages) {
                ModelJson.write(out, message);
              }
              out.writeEndArray();
              out.writeEndObject();
            }));
  }

  /** A message is gone. */
  public static Event removed(String conversation, UUID message) {
    return message("removed", conversation, message, -1, "");
  }

  /** A growing answer got a piece, at this offset in UTF-16 code units. */
  public static Event delta(String conversation, UUID message, int from, String piece) {
    return message("delta", conversation, message, from, piece);
  }

  private static Event message(
      String name, String conversation, UUID message, int from, String text) {
    return new Event(
        name,
        Json.text(
            out -> {
              out.writeStartObject();
              out.writeStringField("conversation_id", conversation);
              out.writeStringField("message_id", message.toString());
              if (from >= 0) {
                out.writeNumberField("from", from);
                out.writeStringField("text", text);
              }
              out.writeEndObject();
            }));
  }

  byte[] bytes() {
    return ("event: " + name + "\ndata: " + data + "\n\n").getBytes(StandardCharsets.UTF_8);
  }
}
