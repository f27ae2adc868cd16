package io.conversationstore.adk;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.ToolCall;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Moves what a part says into the fields of a message, so that other readers and the search
 * understand it. The note of the part keeps the rest, and under {@value #KIND} what was moved.
 */
final class PartCodec {

  static final String KIND = "@";
  static final String TEXT = "text";
  static final String DATA = "data";
  static final String FILE = "file";
  static final String CALL = "call";
  static final String RESULT = "result";

  private static final String UNKNOWN_TYPE = "application/octet-stream";
  private static final int MAX_NAME = 255;

  /** Parts of one event, as they are moved. */
  static final class Moved {
    final List<ContentPart> content = new ArrayList<>();
    final List<ToolCall> calls = new ArrayList<>();
    final List<Message> results = new ArrayList<>();
  }

  private PartCodec() {}

  /** Moves what the part says, and leaves the rest in it. */
  static void move(ObjectNode part, Moved moved) {
    if (part.get("functionResponse") instanceof ObjectNode response) {
      moved.results.add(result(response));
      part.put(KIND, RESULT);
    } else if (part.get("functionCall") instanceof ObjectNode call
        && isName(call.path("name").asText())) {
      JsonNode arguments = call.remove("args");
      moved.calls.add(
          ToolCall.function(
              call.path("id").asText(), call.path("name").asText(), jsonText(arguments)));
      part.put(KIND, CALL);
    } else if (part.path("text").isTextual()) {
      moveText(part, moved);
    } else if (part.path("inlineData").path("data").isBinary()) {
      ObjectNode blob = (ObjectNode) part.get("inlineData");
      moved.content.add(
          new ContentPart.Media(mimeType(blob), null, bytes(blob.remove("data")), null));
      part.put(KIND, DATA);
    } else if (part.path("fileData").path("fileUri").isTextual()
        && TypedJson.isClean(part.path("fileData").path("fileUri").asText())) {
      ObjectNode file = (ObjectNode) part.get("fileData");
      moved.content.add(ContentPart.Media.at(mimeType(file), file.remove("fileUri").asText()));
      part.put(KIND, FILE);
    }
  }

  private static void moveText(ObjectNode part, Moved moved) {
    String text = part.get("text").asText();
    moved.content.add(
        part.path("thought").asBoolean()
            ? new ContentPart.Reasoning(text, null)
            : new ContentPart.Text(text));
    // The note keeps a text that no store can hold, such as one with U+0000.
    if (TypedJson.isClean(text)) {
      part.remove("text");
    }
    part.put(KIND, TEXT);
  }

  private static Message result(ObjectNode response) {
    Message result =
        Message.of(Role.TOOL, jsonText(response.remove("response")))
            .withToolCallId(response.hasNonNull("id") ? response.get("id").asText() : null);
    String name = response.path("name").asText();
    return isName(name) ? result.withName(name) : result;
  }

  private static boolean isName(String name) {
    return !name.isEmpty() && name.length() <= MAX_NAME && TypedJson.isClean(name);
  }

  private static String mimeType(ObjectNode media) {
    String type = media.path("mimeType").asText();
    return isName(type) ? type : UNKNOWN_TYPE;
  }

  private static byte[] bytes(JsonNode data) {
    try {
      return data.binaryValue();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The JSON as text; empty for none. */
  private static String jsonText(@Nullable JsonNode json) {
    return json == null ? "" : Json.text(out -> Json.writeValue(out, TypedJson.plain(json)));
  }

  /** The fields of messages, from which parts take back what was moved. */
  static final class Source {
    private final List<ContentPart> content;
    private final List<ToolCall> calls;
    private final List<Message> results;
    private int nextContent;
    private int nextCall;
    private int nextResult;

    Source(List<ContentPart> content, List<ToolCall> calls, List<Message> results) {
      this.content = content;
      this.calls = calls;
      this.results = results;
    }

    /** Whether the parts took all there is; else another program has changed the message. */
    boolean isUsedUp() {
      return nextContent == content.size()
          && nextCall == calls.size()
          && nextResult == results.size();
    }

    private @Nullable ContentPart content() {
      return nextContent < content.size() ? content.get(nextContent++) : null;
    }

    private @Nullable ToolCall call() {
      return nextCall < calls.size() ? calls.get(nextCall++) : null;
    }

    private @Nullable Message result() {
      return nextResult < results.size() ? results.get(nextResult++) : null;
    }
  }

  /** Puts back what was moved. Returns false if the message no longer has it. */
  static boolean restore(ObjectNode part, Source source) {
    JsonNode kind = part.remove(KIND);
    if (kind == null) {
      return true;
    }
    return switch (kind.asText()) {
      case TEXT -> restoreText(part, source.content());
      case DATA ->
          source.content() instanceof ContentPart.Media media
              && media.data() != null
              && put(part, "inlineData", "data", media);
      case FILE ->
          source.content() instanceof ContentPart.Media media
              && media.url() != null
              && put(part, "fileData", "fileUri", media);
      case CALL -> {
        ToolCall call = source.call();
        yield call != null && putJson(part, "functionCall", "args", call.arguments());
      }
      case RESULT -> {
        Message result = source.result();
        yield result != null && putJson(part, "functionResponse", "response", result.text());
      }
      default -> false;
    };
  }

  private static boolean restoreText(ObjectNode part, @Nullable ContentPart content) {
    String text =
        content instanceof ContentPart.Text plain
            ? plain.text()
            : content instanceof ContentPart.Reasoning thought ? thought.text() : null;
    if (text == null) {
      return false;
    }
    // A text in the note counts unless the message has been edited.
    JsonNode exact = part.get("text");
    if (exact == null || !new ContentPart.Text(exact.asText()).text().equals(text)) {
      part.put("text", text);
    }
    return true;
  }

  private static boolean put(ObjectNode part, String field, String name, ContentPart.Media media) {
    ObjectNode object = object(part, field);
    byte[] data = media.data();
    if (data != null) {
      object.put(name, data);
    } else {
      object.put(name, media.url());
    }
    return true;
  }

  private static boolean putJson(ObjectNode part, String field, String name, String json) {
    ObjectNode object = object(part, field);
    if (!json.isEmpty()) {
      object.set(name, TypedJson.node(parsed(json)));
    }
    return true;
  }

  /** The JSON object, or for text of other programs an object with this text. */
  static Map<String, @Nullable Object> parsed(String json) {
    try {
      JsonNode tree = Json.parse(json);
      if (tree.isObject()) {
        return Json.toMap("arguments", tree);
      }
    } catch (IllegalArgumentException notJson) {
      return Map.of("result", json);
    }
    return Map.of("result", json);
  }

  private static ObjectNode object(ObjectNode part, String field) {
    return part.get(field) instanceof ObjectNode object ? object : part.putObject(field);
  }

  /** Parts that say what a message says that another program wrote or changed. */
  static void describe(
      List<ContentPart> content, List<ToolCall> calls, List<Message> results, List<ObjectNode> to) {
    for (ContentPart each : content) {
      ObjectNode part = JsonNodeFactory.instance.objectNode();
      if (each instanceof ContentPart.Text text) {
        part.put("text", text.text());
      } else if (each instanceof ContentPart.Reasoning thought) {
        part.put("text", thought.text()).put("thought", true);
      } else if (each instanceof ContentPart.Media media) {
        boolean inline = media.data() != null;
        put(part, inline ? "inlineData" : "fileData", inline ? "data" : "fileUri", media);
        object(part, inline ? "inlineData" : "fileData").put("mimeType", media.mimeType());
      } else {
        continue;
      }
      to.add(part);
    }
    for (ToolCall call : calls) {
      ObjectNode part = JsonNodeFactory.instance.objectNode();
      part.putObject("functionCall").put("id", call.id()).put("name", call.name());
      putJson(part, "functionCall", "args", call.arguments());
      to.add(part);
    }
    for (Message result : results) {
      ObjectNode part = JsonNodeFactory.instance.objectNode();
      ObjectNode response = part.putObject("functionResponse");
      if (result.toolCallId() != null) {
        response.put("id", result.toolCallId());
      }
      if (result.name() != null) {
        response.put("name", result.name());
      }
      putJson(part, "functionResponse", "response", result.text());
      to.add(part);
    }
  }
}
