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
import java.util.Base64;
import java.util.Locale;
import java.util.Set;

/**
 * Writes one HTML page to read and print, without scripts and without anything from elsewhere. All
 * text is escaped, and the page's policy forbids scripts. For one thread.
 */
final class HtmlWriter implements ConversationWriter {

  /** Images that a browser shows and that hold no script. */
  private static final Set<String> IMAGES =
      Set.of("image/png", "image/jpeg", "image/gif", "image/webp");

  private static final String HEAD =
      """
      <!DOCTYPE html>
      <html>
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta http-equiv="Content-Security-Policy"
        content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
      <title>Conversations</title>
      <style>
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto;
        padding: 0 1rem; color: #222; background: #fff; }
      h1 { font-size: 1.4rem; margin: 3rem 0 0; }
      .facts, .time { color: #666; font-size: .85rem; }
      .message { margin: 1.2rem 0; }
      .role { font-weight: bold; }
      .user .role { color: #1a56b0; }
      .assistant .role { color: #1b7a3d; }
      .system .role { color: #8a6100; }
      .text { white-space: pre-wrap; overflow-wrap: anywhere; }
      .reasoning { color: #666; border-left: 3px solid #ccc; padding-left: .8rem; }
      .tool { margin-left: 1.5rem; }
      .failed { color: #b00020; }
      pre { background: #f4f4f4; padding: .6rem .8rem; white-space: pre-wrap;
        overflow-wrap: anywhere; font-size: .85rem; margin: .3rem 0; }
      img { max-width: 100%; }
      @media print { body { margin: 0; max-width: none; font-size: 11pt; }
        section { break-before: page; } section:first-of-type { break-before: auto; }
        .message { break-inside: avoid-page; } }
      </style>
      </head>
      <body>
      """;

  private final OutputStream out;

  HtmlWriter(OutputStream out) {
    this.out = out;
  }

  private void write(String html) throws IOException {
    out.write(html.getBytes(StandardCharsets.UTF_8));
  }

  /** Text for an element or a quoted attribute. */
  static String escaped(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> escaped.append("&amp;");
        case '<' -> escaped.append("&lt;");
        case '>' -> escaped.append("&gt;");
        case '"' -> escaped.append("&quot;");
        case '\'' -> escaped.append("&#39;");
        default -> {
          boolean control = c < ' ' && c != '\n' && c != '\t';
          escaped.append(control ? '\uFFFD' : c);
        }
      }
    }
    return escaped.toString();
  }

  @Override
  public void begin() throws IOException {
    write(HEAD);
  }

  @Override
  public void conversation(Conversation conversation) throws IOException {
    String title = conversation.title().isEmpty() ? conversation.id() : conversation.title();
    write("<section>\n<h1 dir=\"auto\">" + escaped(title) + "</h1>\n");
    write(
        "<p class=\"facts\">"
            + escaped(conversation.id())
            + " · "
            + time(Json.time(conversation.createdAt()))
            + " · "
            + conversation.messageCount()
            + " messages"
            + (conversation.tags().isEmpty()
                ? ""
                : " · " + escaped(String.join(", ", conversation.tags())))
            + "</p>\n");
  }

  private static String time(String iso) {
    return "<time datetime=\""
        + iso
        + "\">"
        + iso.substring(0, 19).replace('T', ' ')
        + " UTC</time>";
  }

  @Override
  public void message(StoredMessage stored) throws IOException {
    Message message = stored.message();
    String role = message.role().wireName();
    boolean tool = message.role() == io.conversationstore.Role.TOOL;
    write("<div class=\"message " + role + "\"><div><span class=\"role\">");
    write(tool ? "← " : "");
    write(
        escaped(
            message.name() == null ? role : tool ? message.name() : role + " " + message.name()));
    write("</span>" + (message.toolError() ? " <span class=\"failed\">failed</span>" : ""));
    write(" <span class=\"time\">" + time(Json.time(stored.createdAt())) + "</span></div>\n");
    for (ContentPart part : message.content()) {
      part(part, tool);
    }
    for (ToolCall call : message.toolCalls()) {
      write("<div class=\"tool\">→ <b>" + escaped(call.name()) + "</b>");
      write(call.arguments().isEmpty() ? "" : pre(call.arguments()));
      write("</div>\n");
    }
    write("</div>\n");
  }

  private static String pre(String text) {
    return "<pre dir=\"auto\">" + escaped(text) + "</pre>\n";
  }

  private void part(ContentPart part, boolean code) throws IOException {
    if (part instanceof ContentPart.Text text) {
      write(
          code
              ? pre(text.text())
              : "<div class=\"text\" dir=\"auto\">" + escaped(text.text()) + "</div>\n");
    } else if (part instanceof ContentPart.Reasoning reasoning) {
      write("<div class=\"text reasoning\" dir=\"auto\">" + escaped(reasoning.text()) + "</div>\n");
    } else if (part instanceof ContentPart.Media media) {
      media(media);
    } else if (part instanceof ContentPart.Unknown unknown) {
      write(pre(Json.text(json -> Json.writeValue(json, unknown.json()))));
    }
  }

  private void media(ContentPart.Media media) throws IOException {
    byte[] data = media.data();
    String type = media.mimeType().toLowerCase(Locale.ROOT);
    if (data != null && IMAGES.contains(type)) {
      write("<p><img alt=\"\" src=\"data:" + type + ";base64,");
      write(Base64.getEncoder().encodeToString(data));
      write("\"></p>\n");
      return;
    }
    String what = data == null ? String.valueOf(media.url()) : data.length + " bytes";
    write("<p class=\"facts\">" + escaped(media.mimeType() + ", " + what) + "</p>\n");
  }

  @Override
  public void endConversation() throws IOException {
    write("</section>\n");
  }

  @Override
  public void end() throws IOException {
    write("</body>\n</html>\n");
    out.flush();
  }
}
