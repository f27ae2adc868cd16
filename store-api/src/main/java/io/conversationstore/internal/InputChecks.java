package io.conversationstore.internal;

import io.conversationstore.ContentPart;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Page;
import io.conversationstore.Role;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreLimits;
import io.conversationstore.ToolQuery;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.SearchTokens;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Checks a caller's input against the store's limits, before anything is stored. JSON from the
 * caller is also read back, and unreadable JSON is rejected here.
 */
public final class InputChecks {

  /** Bytes of a character in JSON's numeric escape. */
  private static final long LONGEST_CHARACTER = 6;

  /** An upper bound for the field names of a part, in bytes. */
  private static final long FRAME_OF_A_PART = 64;

  /** An upper bound for id, role, usage and all field names, in bytes. */
  private static final long FRAME_OF_A_MESSAGE = 1_024;

  private final StoreLimits limits;

  public InputChecks(StoreLimits limits) {
    this.limits = limits;
  }

  StoreLimits limits() {
    return limits;
  }

  /** Applies the rule for ids of new conversations. */
  static String conversationId(String id) {
    NewConversation.ofId(id);
    return id;
  }

  /** The filter of a search; its words are checked by the tokenizer. */
  static MessageFilter.Words words(SearchQuery query) {
    if (query.conversationId() != null) {
      conversationId(query.conversationId());
    }
    return new MessageFilter.Words(
        SearchTokens.ofQuery(query.text()), query.conversationId(), query.role());
  }

  static MessageFilter.Tool tool(ToolQuery query) {
    if (query.conversationId() != null) {
      conversationId(query.conversationId());
    }
    return new MessageFilter.Tool(query.toolName(), query.conversationId());
  }

  static void limit(int limit) {
    if (limit < 1 || limit > Page.MAX_LIMIT) {
      throw new IllegalArgumentException(
          "limit must be 1 to " + Page.MAX_LIMIT + ", but was " + limit);
    }
  }

  public void check(NewConversation conversation) {
    object("settings", conversation.settings());
    object("metadata", conversation.metadata());
  }

  void check(ConversationUpdate update) {
    object("settings", update.settings());
    object("metadata", update.metadata());
  }

  void checkTurn(List<Message> turn) {
    if (turn.isEmpty()) {
      throw new IllegalArgumentException("a turn must contain at least one message");
    }
    if (turn.size() > limits.maxMessagesPerAppend()) {
      throw exceeds(
          "a turn", "maxMessagesPerAppend", turn.size(), limits.maxMessagesPerAppend(), "messages");
    }
    for (Message message : turn) {
      checkFields(message);
      if (atMost(message) > limits.maxMessageBytes()) {
        checkSize(message);
      }
    }
  }

  /** Returns the message's size in JSON. */
  public long check(Message message) {
    checkFields(message);
    return checkSize(message);
  }

  private void checkFields(Message message) {
    object("metadata", message.metadata());
    parts(message.content());
    if (message.role() == Role.USER
        && message.text().length() > limits.maxUserMessageCharacters()) {
      throw tooLongForUsers(message.text().length());
    }
  }

  /** Whether the content would be too long for a user message. */
  boolean isTooLongForUsers(MessageEdit edit) {
    return characters(edit) > limits.maxUserMessageCharacters();
  }

  IllegalArgumentException tooLongForUsers(MessageEdit edit) {
    return tooLongForUsers(characters(edit));
  }

  private static int characters(MessageEdit edit) {
    return Message.of(Role.USER, edit.content().toArray(ContentPart[]::new)).text().length();
  }

  private IllegalArgumentException tooLongForUsers(int characters) {
    return exceeds(
        "a user message",
        "maxUserMessageCharacters",
        characters,
        limits.maxUserMessageCharacters(),
        "characters");
  }

  private long checkSize(Message message) {
    long bytes = Json.bytes(out -> ModelJson.write(out, message)).length;
    bytes("a message", "maxMessageBytes", bytes, limits.maxMessageBytes());
    return bytes;
  }

  /**
   * An upper bound for the size of the message's JSON, which avoids writing short texts only to
   * measure them; {@link Long#MAX_VALUE} for anything but text.
   */
  private static long atMost(Message message) {
    if (!message.toolCalls().isEmpty() || !message.metadata().isEmpty()) {
      return Long.MAX_VALUE;
    }
    long characters =
        length(message.name()) + length(message.model()) + length(message.toolCallId());
    long parts = 0;
    for (ContentPart part : message.content()) {
      if (!(part instanceof ContentPart.Text text)) {
        return Long.MAX_VALUE;
      }
      characters += text.text().length();
      parts++;
    }
    return LONGEST_CHARACTER * characters + FRAME_OF_A_PART * parts + FRAME_OF_A_MESSAGE;
  }

  private static long length(@Nullable String text) {
    return text == null ? 0 : text.length();
  }

  void check(MessageEdit edit) {
    parts(edit.content());
    long bytes = Json.bytes(out -> ModelJson.writeContent(out, edit.content())).length;
    bytes("an edit", "maxMessageBytes", bytes, limits.maxMessageBytes());
  }

  void bulk(long bytes) {
    bytes("a save", "maxBulkBytes", bytes, limits.maxBulkBytes());
  }

  private void parts(List<ContentPart> parts) {
    for (ContentPart part : parts) {
      if (part instanceof ContentPart.Unknown unknown) {
        depth("a content part", unknown.json());
        Json.requireReadable(Json.bytes(out -> Json.writeValue(out, unknown.json())));
      }
    }
  }

  private void object(String what, @Nullable Map<String, @Nullable Object> json) {
    if (json == null || json.isEmpty()) {
      return;
    }
    depth(what, json);
    byte[] written = Json.bytes(out -> Json.writeValue(out, json));
    bytes(what, "maxMetadataBytes", written.length, limits.maxMetadataBytes());
    Json.requireReadable(written);
  }

  private void depth(String what, Object json) {
    int depth = depthOf(what, json);
    if (depth > limits.maxJsonDepth()) {
      throw exceeds(what, "maxJsonDepth", depth, limits.maxJsonDepth(), "levels");
    }
  }

  private static int depthOf(String what, @Nullable Object json) {
    if (json instanceof Map<?, ?> map) {
      map.keySet().forEach(key -> key(what, (String) key));
    }
    Collection<?> children =
        json instanceof Map<?, ?> map
            ? map.values()
            : json instanceof Collection<?> list ? list : null;
    if (children == null) {
      return 0;
    }
    int deepest = 0;
    for (Object child : children) {
      deepest = Math.max(deepest, depthOf(what, child));
    }
    return deepest + 1;
  }

  private static void key(String what, String key) {
    if (key.length() > StoreLimits.MAX_KEY_CHARACTERS) {
      throw new IllegalArgumentException(
          what
              + " has a key of "
              + key.length()
              + " characters; the limit is "
              + StoreLimits.MAX_KEY_CHARACTERS);
    }
  }

  private static void bytes(String what, String limit, long bytes, long max) {
    if (bytes > max) {
      throw exceeds(what, limit, bytes, max, "bytes");
    }
  }

  private static IllegalArgumentException exceeds(
      String what, String limit, long value, long max, String unit) {
    return new IllegalArgumentException(
        what + " has " + value + " " + unit + "; the limit " + limit + " is " + max);
  }
}
