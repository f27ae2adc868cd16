package io.conversationstore.spi;

import io.conversationstore.Provenance;
import io.conversationstore.spi.State.ConversationState;
import org.jspecify.annotations.Nullable;

/**
 * The state of a conversation id.
 *
 * @param conversation its latest generation, which may be deleted; null if none is stored
 * @param ownerEpoch the owner's present epoch, 0 if the owner was never erased
 */
public record Found(
    @Nullable ConversationState conversation, long ownerEpoch, Provenance provenance) {

  /** The live conversation, or null. */
  public @Nullable ConversationState live() {
    return conversation != null && conversation.isLive() ? conversation : null;
  }
}
