package io.conversationstore.hybrid.internal.support;

import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.ToolCall;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.MessageState;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Approximate size of messages: characters of text, tool calls and JSON, and bytes of media. Used
 * for limits on memory and on batches.
 */
public final class ContentSize {

  /** Size counted for a number, a boolean or a list entry. */
  private static final int SMALL = 8;

  private ContentSize() {}

  /** A bulk counts 0: it fills no batch, because it goes alone. */
  public static long of(Change change) {
    return switch (change.kind()) {
      case MESSAGES_APPENDED ->
          ((MessagesAppended) change)
              .messages().stream().mapToLong(message -> of(message.message())).sum();
      case MESSAGE_EDITED -> of(((MessageEdited) change).edit().content());
      case CONVERSATION_CREATED,
          CONVERSATION_UPDATED,
          CONVERSATION_DELETED,
          MESSAGE_DELETED,
          PREFERENCES_PUT,
          OWNER_ERASED,
          BULK ->
          0;
    };
  }

  /** Deleted messages and other rows count 0. */
  public static long of(State state) {
    return state instanceof MessageState message && message.isLive()
        ? of(message.requireLive().message())
        : 0;
  }

  public static long of(Message message) {
    long size = of(message.content()) + json(message.metadata());
    for (ToolCall call : message.toolCalls()) {
      size += call.arguments().length();
    }
    return size;
  }

  private static long of(List<ContentPart> parts) {
    long size = 0;
    for (ContentPart part : parts) {
      if (part instanceof ContentPart.Text text) {
        size += text.text().length();
      } else if (part instanceof ContentPart.Reasoning reasoning) {
        size += reasoning.text().length() + length(reasoning.signature());
      } else if (part instanceof ContentPart.Media media) {
        byte[] data = media.data();
        size += (data == null ? 0 : data.length) + length(media.url());
      } else if (part instanceof ContentPart.Unknown unknown) {
        size += json(unknown.json());
      }
    }
    return size;
  }

  private static long length(@Nullable String text) {
    return text == null ? 0 : text.length();
  }

  private static long json(@Nullable Object value) {
    long size = 0;
    if (value instanceof Map<?, ?> object) {
      for (Map.Entry<?, ?> field : object.entrySet()) {
        size += json(field.getKey()) + json(field.getValue());
      }
    } else if (value instanceof List<?> list) {
      for (Object item : list) {
        size += SMALL + json(item);
      }
    } else {
      size = value instanceof String text ? text.length() : SMALL;
    }
    return size;
  }
}
