package io.conversationstore.internal;

import io.conversationstore.Conversation;
import io.conversationstore.ForkOrigin;
import io.conversationstore.NewConversation;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The lineage of forks, which is kept in the metadata of the new conversation. */
public final class Forks {
  private static final String CONVERSATION = "conversation_id";
  private static final String MESSAGE = "message_id";

  private Forks() {}

  /** The fork with its origin. */
  static NewConversation of(NewConversation fork, ForkOrigin origin) {
    Map<String, @Nullable Object> metadata = new HashMap<>(fork.metadata());
    metadata.put(
        Conversation.FORKED_FROM,
        Map.of(CONVERSATION, origin.conversationId(), MESSAGE, origin.messageId().toString()));
    return fork.withMetadata(metadata);
  }

  /** The origin in the metadata of a conversation; empty if there is none of that form. */
  public static Optional<ForkOrigin> origin(Map<String, @Nullable Object> metadata) {
    if (metadata.get(Conversation.FORKED_FROM) instanceof Map<?, ?> origin
        && origin.get(CONVERSATION) instanceof String conversation
        && origin.get(MESSAGE) instanceof String message) {
      try {
        return Optional.of(new ForkOrigin(conversation, UUID.fromString(message)));
      } catch (IllegalArgumentException ofTheApplication) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }
}
