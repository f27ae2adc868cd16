package io.conversationstore.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolCall;
import io.conversationstore.json.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Shows the messages of one conversation in a terminal: who speaks when, the text wrapped and
 * indented, each tool call with its arguments, and each result below with the name of its tool. For
 * one thread.
 */
final class MessageView {

  private static final ObjectMapper PRETTY = new ObjectMapper();
  private static final String INDENT = "  ";
  private static final String DEEP = "      ";

  private final Output out;
  private final Style style;
  private final int width;
  private final int most;
  private final Map<String, String> tools = new HashMap<>();

  /**
   * @param most the lines shown of a tool's arguments or result; 0 for all
   */
  MessageView(Output out, Style style, int width, int most) {
    this.out = out;
    this.style = style;
    this.width = width;
    this.most = most;
  }

  void show(StoredMessage stored) {
    Message message = stored.message();
    if (message.role() == Role.TOOL) {
      result(stored);
      return;
    }
    out.line("");
    out.line(heading(stored));
    for (ContentPart part : message.content()) {
      part(part);
    }
    for (ToolCall call : message.toolCalls()) {
      call(call);
    }
  }

  private String heading(StoredMessage stored) {
    Message message = stored.message();
    String speaker = message.role().wireName();
    String colored =
        switch (message.role()) {
          case USER -> style.blue(style.bold(speaker));
          case ASSISTANT -> style.green(style.bold(speaker));
          case SYSTEM -> style.yellow(style.bold(speaker));
          case TOOL -> style.cyan(style.bold(speaker));
        };
    StringBuilder rest = new StringBuilder();
    if (message.name() != null) {
      rest.append(' ').append(Text.oneLine(message.name()));
    }
    rest.append("  ").append(Times.second(stored.createdAt()));
    if (message.model() != null) {
      rest.append("  ").append(Text.oneLine(message.model()));
    }
    if (stored.editedAt() != null) {
      rest.append("  edited");
    }
    if (stored.isPending()) {
      rest.append("  pending");
    }
    return colored + style.dim(rest.toString());
  }

  private void part(ContentPart part) {
    if (part instanceof ContentPart.Text text) {
      lines(text.text(), INDENT, 0, false);
    } else if (part instanceof ContentPart.Reasoning reasoning) {
      out.line(INDENT + style.dim("(reasoning)"));
      lines(reasoning.text(), DEEP, most, true);
    } else if (part instanceof ContentPart.Media media) {
      byte[] data = media.data();
      out.line(
          INDENT
              + style.dim(
                  "["
                      + Text.oneLine(media.mimeType())
                      + (data == null
                          ? ", " + Text.cut(Text.oneLine(String.valueOf(media.url())), width - 30)
                          : ", " + Text.size(data.length))
                      + "]"));
    } else if (part instanceof ContentPart.Unknown unknown) {
      lines(Json.text(json -> Json.writeValue(json, unknown.json())), INDENT, most, true);
    }
  }

  private void call(ToolCall call) {
    if (!call.id().isEmpty()) {
      tools.put(call.id(), call.name());
    }
    out.line(
        INDENT + style.cyan("→ " + Text.oneLine(call.name())) + "  " + style.dim(id(call.id())));
    if (!call.arguments().isBlank() && !call.arguments().strip().equals("{}")) {
      lines(pretty(call.arguments()), DEEP, most, false);
    }
  }

  private void result(StoredMessage stored) {
    Message message = stored.message();
    String id = message.toolCallId() == null ? "" : message.toolCallId();
    String tool = message.name() != null ? message.name() : tools.getOrDefault(id, "tool");
    String mark = "← " + Text.oneLine(tool) + (message.toolError() ? " failed" : "");
    out.line(
        INDENT
            + (message.toolError() ? style.red(mark) : style.cyan(mark))
            + "  "
            + style.dim(id(id) + "  " + Times.second(stored.createdAt())));
    for (ContentPart part : message.content()) {
      if (part instanceof ContentPart.Text text) {
        lines(pretty(text.text()), DEEP, most, false);
      } else {
        part(part);
      }
    }
  }

  private static String id(String id) {
    return Text.cut(Text.oneLine(id), 40);
  }

  /** JSON on several lines if it is long, otherwise the text as it is. */
  private String pretty(String text) {
    String trimmed = text.strip();
    boolean mayBeJson = trimmed.startsWith("{") || trimmed.startsWith("[");
    if (!mayBeJson || Text.columns(trimmed) <= width - DEEP.length()) {
      return text;
    }
    try {
      JsonNode json = PRETTY.readTree(trimmed);
      return PRETTY.writerWithDefaultPrettyPrinter().writeValueAsString(json);
    } catch (JsonProcessingException notJson) {
      return text;
    }
  }

  private void lines(String text, String indent, int limit, boolean dim) {
    List<String> wrapped = new ArrayList<>(Text.wrap(text, width - indent.length()));
    while (wrapped.size() > 1 && wrapped.get(wrapped.size() - 1).isBlank()) {
      wrapped.remove(wrapped.size() - 1);
    }
    int shown = limit == 0 || wrapped.size() <= limit + 1 ? wrapped.size() : limit;
    for (String line : wrapped.subList(0, shown)) {
      out.line((indent + (dim ? style.dim(line) : line)).stripTrailing());
    }
    if (shown < wrapped.size()) {
      out.line(
          indent
              + style.dim(
                  "… " + Text.count(wrapped.size() - shown, "more line") + "; --full shows all"));
    }
  }
}
