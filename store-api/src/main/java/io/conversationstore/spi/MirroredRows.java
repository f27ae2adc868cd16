package io.conversationstore.spi;

import io.conversationstore.Owner;
import java.util.List;
import java.util.Optional;

/**
 * All rows of a mirror, deleted ones included; a database may have lost them. Thread-safe.
 *
 * <p>Methods throw {@link EngineFailureException} if the files fail.
 */
public interface MirroredRows {

  /** The owners that the mirror knows, with their epochs, in no order. */
  List<State.OwnerState> mirroredOwners();

  /** The ids of an owner's conversations, deleted ones included, in no order. */
  List<String> mirroredConversations(Owner owner);

  /** A conversation's latest state, which may be deleted; empty if only messages are mirrored. */
  Optional<State.ConversationState> mirroredConversation(Owner owner, String conversationId);

  /**
   * Messages of a conversation's latest generation by {@code seq}, deleted ones included, strictly
   * beyond {@code afterSeq}, at most {@code limit}.
   */
  List<State.MessageState> mirroredMessages(
      Owner owner, String conversationId, long afterSeq, int limit);

  /** The owner's preferences; those of an owner without any have version 0. */
  State.PreferencesState preferences(Owner owner);
}
