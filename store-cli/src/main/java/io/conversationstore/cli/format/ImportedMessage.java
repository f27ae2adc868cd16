package io.conversationstore.cli.format;

import io.conversationstore.Message;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A message of a file. Immutable.
 *
 * @param message with its id once it is handed out
 * @param createdAt null if the file does not say
 * @param editedAt when its content was replaced; null if never, or if the file does not say
 */
public record ImportedMessage(
    Message message, @Nullable Instant createdAt, @Nullable Instant editedAt) {

  ImportedMessage withMessage(Message other) {
    return new ImportedMessage(other, createdAt, editedAt);
  }
}
