package io.conversationstore.cli.format;

import io.conversationstore.Conversation;
import io.conversationstore.Message;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Writes a table of messages (RFC 4180, UTF-8). A text that a spreadsheet would run as a formula
 * gets an apostrophe in front. For one thread.
 */
final class CsvWriter implements ConversationWriter {

  private static final List<String> COLUMNS =
      List.of(
          "tenant_id",
          "user_id",
          "conversation_id",
          "title",
          "seq",
          "message_id",
          "created_at",
          "role",
          "name",
          "text",
          "tool_calls",
          "tool_call_id",
          "is_error",
          "model",
          "prompt_tokens",
          "completion_tokens");

  private static final Pattern TO_QUOTE = Pattern.compile("[\",\r\n]|^\\s|\\s$");
  private static final Pattern FORMULA = Pattern.compile("^[=+\\-@\t\r]");

  private final OutputStream out;
  private @Nullable Conversation conversation;

  CsvWriter(OutputStream out) {
    this.out = out;
  }

  @Override
  public void begin() throws IOException {
    row(COLUMNS);
  }

  @Override
  public void conversation(Conversation begun) {
    conversation = begun;
  }

  @Override
  public void message(StoredMessage stored) throws IOException {
    Conversation of = conversation;
    if (of == null) {
      throw new IllegalStateException("no conversation has begun");
    }
    Message message = stored.message();
    TokenUsage usage = message.usage();
    String calls =
        message.toolCalls().isEmpty()
            ? ""
            : Json.text(json -> ModelJson.writeToolCalls(json, message.toolCalls()));
    row(
        List.of(
            of.owner().tenantId(),
            of.owner().userId(),
            of.id(),
            of.title(),
            stored.isPending() ? "" : String.valueOf(stored.seq()),
            stored.id().toString(),
            Json.time(stored.createdAt()),
            message.role().wireName(),
            text(message.name()),
            message.text(),
            calls,
            text(message.toolCallId()),
            message.toolError() ? "true" : "",
            text(message.model()),
            usage == null ? "" : String.valueOf(usage.promptTokens()),
            usage == null ? "" : String.valueOf(usage.completionTokens())));
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
  }

  private void row(List<String> cells) throws IOException {
    String row = cells.stream().map(CsvWriter::cell).collect(Collectors.joining(",")) + "\r\n";
    out.write(row.getBytes(StandardCharsets.UTF_8));
  }

  static String cell(String value) {
    String safe = FORMULA.matcher(value).find() ? "'" + value : value;
    return TO_QUOTE.matcher(safe).find() ? "\"" + safe.replace("\"", "\"\"") + "\"" : safe;
  }

  @Override
  public void endConversation() {
    conversation = null;
  }

  @Override
  public void end() throws IOException {
    out.flush();
  }
}
