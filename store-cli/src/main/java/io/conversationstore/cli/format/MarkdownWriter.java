package io.conversationstore.cli.format;

import io.conversationstore.ContentPart;
import io.conversationstore.Conversation;
import io.conversationstore.Message;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolCall;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes Markdown for people. The text of messages is Markdown itself and stays as it is; arguments
 * and results of tools are code. For one thread.
 */
final class MarkdownWriter implements ConversationWriter {

  private static final Pattern SPECIAL = Pattern.compile("[\\\\`*_{}\\[\\]<>#|]");
  private static final Pattern FENCE = Pattern.compile("`{3,}");

  private final OutputStream out;
  private boolean any;

  MarkdownWriter(OutputStream out) {
    this.out = out;
  }

  private void line(String text) throws IOException {
    out.write((text + "\n").getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void begin() {
    // The first conversation is the beginning.
  }

  @Override
  public void conversation(Conversation conversation) throws IOException {
    if (any) {
      line("---");
      line("");
    }
    any = true;
    String title = conversation.title().isEmpty() ? conversation.id() : conversation.title();
    line("# " + escaped(title));
    line("");
    line(
        escaped(conversation.id())
            + " · "
            + Json.time(conversation.createdAt())
            + (conversation.tags().isEmpty()
                ? ""
                : " · " + escaped(String.join(", ", conversation.tags()))));
    line("");
  }

  /** Words that are no Markdown, on one line. */
  private static String escaped(String text) {
    return SPECIAL
        .matcher(text.replaceAll("\\s+", " ").strip())
        .replaceAll(found -> Matcher.quoteReplacement("\\" + found.group()));
  }

  @Override
  public void message(StoredMessage stored) throws IOException {
    Message message = stored.message();
    String name = message.name() == null ? "" : " " + escaped(message.name());
    line(
        "**"
            + message.role().wireName()
            + name
            + (message.toolError() ? " failed" : "")
            + "** "
            + Json.time(stored.createdAt()));
    line("");
    boolean code = message.role() == io.conversationstore.Role.TOOL;
    for (ContentPart part : message.content()) {
      part(part, code);
    }
    for (ToolCall call : message.toolCalls()) {
      line("→ **" + escaped(call.name()) + "** " + escaped(call.id()));
      line("");
      if (!call.arguments().isEmpty()) {
        code(call.arguments());
      }
    }
  }

  private void part(ContentPart part, boolean code) throws IOException {
    if (part instanceof ContentPart.Text text) {
      if (code) {
        code(text.text());
      } else {
        line(text.text());
        line("");
      }
    } else if (part instanceof ContentPart.Reasoning reasoning) {
      line("> " + reasoning.text().replace("\n", "\n> "));
      line("");
    } else if (part instanceof ContentPart.Media media) {
      String url = media.url();
      line("[" + escaped(media.mimeType()) + "]" + (url == null ? "" : " " + escaped(url)));
      line("");
    } else if (part instanceof ContentPart.Unknown unknown) {
      code(Json.text(json -> Json.writeValue(json, unknown.json())));
    }
  }

  /** A block of code with a fence longer than any in it. */
  private void code(String text) throws IOException {
    int longest =
        FENCE.matcher(text).results().mapToInt(found -> found.group().length()).max().orElse(2);
    String fence = "`".repeat(longest + 1);
    line(fence);
    line(text);
    line(fence);
    line("");
  }

  @Override
  public void endConversation() {
    // The next heading shows it.
  }

  @Override
  public void end() throws IOException {
    out.flush();
  }
}
