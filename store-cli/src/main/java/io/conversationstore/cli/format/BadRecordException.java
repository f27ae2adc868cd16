package io.conversationstore.cli.format;

import org.jspecify.annotations.Nullable;

/** A record that cannot be read. The text gives the reason without content. */
final class BadRecordException extends IllegalArgumentException {

  private static final long serialVersionUID = 1L;

  private final @Nullable String conversation;
  private final long message;

  /**
   * @param conversation its id, if known
   * @param message the number of the message, from 1; 0 for the whole conversation
   */
  BadRecordException(
      @Nullable String conversation, long message, String reason, @Nullable Throwable cause) {
    super(reason, cause);
    this.conversation = conversation;
    this.message = message;
  }

  Place in(Place record) {
    return record.withConversation(conversation).withMessage(message);
  }

  String reason() {
    return String.valueOf(getMessage());
  }
}
