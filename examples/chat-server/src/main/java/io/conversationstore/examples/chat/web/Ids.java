package io.conversationstore.examples.chat.web;

import io.conversationstore.Owner;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Ids of what a request makes. With an idempotency key they follow from owner, place and key: the
 * repeated request appends the same ids, which the store recognises.
 */
final class Ids {

  private final @Nullable String seed;

  /** Ids for a request of an owner; {@code place} is the conversation, or empty for a new one. */
  Ids(Owner owner, String place, @Nullable String key) {
    this.seed = key == null ? null : lengths(owner.tenantId(), owner.userId(), place, key);
  }

  /** The id with this name within the request. */
  UUID next(String name) {
    return seed == null
        ? UUID.randomUUID()
        : UUID.nameUUIDFromBytes((seed + name).getBytes(StandardCharsets.UTF_8));
  }

  /** Each part with its length, so that no two lists of parts are the same text. */
  private static String lengths(String... parts) {
    StringBuilder all = new StringBuilder();
    for (String part : parts) {
      all.append(part.length()).append(':').append(part);
    }
    return all.toString();
  }
}
