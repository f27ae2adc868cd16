package io.conversationstore.hybrid.internal.connection;

import io.conversationstore.Owner;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.PreferencesState;
import org.jspecify.annotations.Nullable;

/** This node's knowledge of committed rows. Thread-safe. */
public interface KnownRows {

  /** This node's state of a conversation, possibly deleted; null if unknown. */
  @Nullable ConversationState known(Owner owner, String conversationId);

  /** The owner's epoch as this node knows it. */
  long knownEpoch(Owner owner);

  /** The owner's preferences as this node knows them. */
  PreferencesState preferences(Owner owner);
}
