package io.conversationstore.testkit;

import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.State.MessageState;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A message of the reference model.
 *
 * @param stored null if deleted
 */
record ModelMessage(
    UUID id, long seq, String digest, long version, @Nullable StoredMessage stored) {

  boolean isLive() {
    return stored != null;
  }

  StoredMessage live() {
    if (stored == null) {
      throw new IllegalStateException("message " + id + " is deleted");
    }
    return stored;
  }

  ModelMessage with(@Nullable StoredMessage content) {
    return new ModelMessage(id, seq, digest, version + 1, content);
  }

  MessageState state(Owner owner, ModelConversation conversation) {
    return new MessageState(
        owner,
        conversation.id,
        conversation.epoch,
        conversation.generation,
        version,
        seq,
        id,
        digest,
        stored);
  }
}
