package io.conversationstore.spi;

import io.conversationstore.Message;
import io.conversationstore.json.ModelJson;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A message to append, with its identity.
 *
 * @param digest see {@link ModelJson#digest(Message)}; decides whether a message with the same id
 *     is the same
 * @param createdAt the time of an imported message; null for the time of the append
 */
public record NewMessage(UUID id, Message message, String digest, @Nullable Instant createdAt) {

  /** A message that gets the time of the append. */
  public static NewMessage of(UUID id, Message message) {
    return new NewMessage(id, message.withId(id), ModelJson.digest(message), null);
  }
}
