package io.conversationstore.examples.chat.web;

import io.conversationstore.AppendConditionFailedException;
import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.ConversationTooLargeException;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.MessageConflictException;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.json.Json;

/**
 * A refused request, as {@code application/problem+json} (RFC 9457). The detail names what is
 * wrong, with ids and names of fields, and never shows the text of a message.
 */
final class Problem extends RuntimeException {

  static final String CONTENT_TYPE = "application/problem+json";

  private static final long serialVersionUID = 1L;

  private final int status;
  private final String kind;

  Problem(int status, String kind, String detail) {
    super(detail);
    this.status = status;
    this.kind = kind;
  }

  static Problem invalid(String detail) {
    return new Problem(400, "invalid-request", detail);
  }

  static Problem messageNotFound(Object id) {
    return new Problem(404, "message-not-found", "There is no message " + id + " here.");
  }

  static Problem conversationNotFound(String id) {
    return new Problem(404, "conversation-not-found", "There is no conversation " + id + ".");
  }

  static Problem of(ConversationStoreException refused) {
    return new Problem(status(refused), kind(refused), String.valueOf(refused.getMessage()));
  }

  private static int status(ConversationStoreException refused) {
    if (refused instanceof ConversationNotFoundException
        || refused instanceof MessageNotFoundException) {
      return 404;
    }
    if (refused instanceof ConversationExistsException
        || refused instanceof MessageConflictException
        || refused instanceof AppendConditionFailedException) {
      return 409;
    }
    if (refused instanceof CursorExpiredException) {
      return 410;
    }
    if (refused instanceof ConversationTooLargeException) {
      return 413;
    }
    return refused instanceof StoreUnavailableException ? 503 : 500;
  }

  private static String kind(ConversationStoreException refused) {
    if (refused instanceof UnknownWhileOfflineException) {
      return "unknown-while-offline";
    }
    String name = refused.getClass().getSimpleName().replaceFirst("Exception$", "");
    return name.replaceAll("(?<=.)(?=[A-Z])", "-").toLowerCase(java.util.Locale.ROOT);
  }

  int status() {
    return status;
  }

  /** Whether the same request may succeed later. */
  boolean isTemporary() {
    return status == 503 || status == 429;
  }

  byte[] json() {
    return Json.bytes(
        out -> {
          out.writeStartObject();
          out.writeStringField("type", "urn:conversation-store:problem:" + kind);
          out.writeStringField("title", kind.replace('-', ' '));
          out.writeNumberField("status", status);
          out.writeStringField("detail", getMessage());
          out.writeEndObject();
        });
  }
}
