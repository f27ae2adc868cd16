package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.ToolCall;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Splits a message that holds tool calls and their results between its texts: a result becomes a
 * message of its own, and a text after it a new message of the speaker. For one thread.
 */
final class SplitMessages {

  private final Message speaker;
  private final @Nullable Instant createdAt;
  private final List<ImportedMessage> split = new ArrayList<>();
  private final List<ContentPart> parts = new ArrayList<>();
  private final List<ToolCall> calls = new ArrayList<>();
  private boolean spoken;

  /**
   * @param speaker role, id, name, model and metadata; the first message keeps all of them, later
   *     ones role, name and model
   */
  SplitMessages(Message speaker, @Nullable Instant createdAt) {
    this.speaker = speaker;
    this.createdAt = createdAt;
  }

  void part(ContentPart part) {
    if (!calls.isEmpty()) {
      flush();
    }
    parts.add(part);
  }

  void call(@Nullable String id, @Nullable String name, JsonNode arguments) {
    calls.add(
        ToolCall.function(
            id == null ? "" : id,
            name == null || name.isBlank() ? "tool" : name,
            arguments.isMissingNode() || arguments.isNull() ? "{}" : Fields.json(arguments)));
  }

  void result(
      @Nullable String id, @Nullable String name, List<ContentPart> content, boolean failed) {
    flush();
    Message result =
        Message.of(Role.TOOL)
            .withContent(content)
            .withToolCallId(id == null ? "" : id)
            .withName(Fields.isName(name) ? name : null)
            .withToolError(failed);
    split.add(new ImportedMessage(result, createdAt, null));
  }

  private void flush() {
    if (parts.isEmpty() && calls.isEmpty()) {
      return;
    }
    Message base =
        spoken
            ? Message.of(speaker.role()).withName(speaker.name()).withModel(speaker.model())
            : speaker;
    spoken = true;
    split.add(new ImportedMessage(base.withContent(parts).withToolCalls(calls), createdAt, null));
    parts.clear();
    calls.clear();
  }

  /** All messages; the speaker's alone, without content, if nothing was added. */
  List<ImportedMessage> all() {
    flush();
    if (!spoken) {
      split.add(0, new ImportedMessage(speaker, createdAt, null));
    }
    return List.copyOf(split);
  }
}
