package io.conversationstore.jsonfile;

import io.conversationstore.StoredMessage;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;

/** Which committed states win over what the mirror holds, and how they get in. */
final class MirrorRules {
  private MirrorRules() {}

  /** Whether a state is later than what is there. */
  static boolean isLater(Index index, State state) {
    long epoch = index.epoch(state.owner());
    if (state.epoch() != epoch) {
      return state.epoch() > epoch;
    }
    if (state instanceof OwnerState || index.pending().erases(state.owner(), state.epoch())) {
      return false;
    }
    OwnerRows owner = index.find(state.owner());
    if (owner == null) {
      return true;
    }
    if (state instanceof PreferencesState preferences) {
      PreferencesState present = owner.preferences();
      // What is unmet has version 0 as well.
      return preferences.version() > present.version()
          || (present.version() == 0 && !preferences.equals(present));
    }
    if (state instanceof ConversationState conversation) {
      ConversationRows rows = owner.conversations().get(conversation.id());
      return rows == null || isLater(rows, conversation);
    }
    if (state instanceof MessageState message) {
      ConversationRows rows = owner.conversations().get(message.conversationId());
      return rows == null || isLater(rows, message);
    }
    return false;
  }

  private static boolean isLater(ConversationRows rows, ConversationState state) {
    ConversationState header = rows.header();
    if (state.generation() < rows.generation() || header == null) {
      return state.generation() >= rows.generation();
    }
    return state.generation() > header.generation() || state.version() > header.version();
  }

  private static boolean isLater(ConversationRows rows, MessageState state) {
    if (state.generation() != rows.generation()) {
      return state.generation() > rows.generation();
    }
    ConversationState header = rows.header();
    if (header != null && !header.isLive() && header.generation() == state.generation()) {
      return false;
    }
    MessageRow row = rows.message(state.messageId());
    return row == null || state.version() > row.version();
  }

  /**
   * Whether putting it in ends an epoch whose text may be in the files. No rows need be left of it:
   * rows that were replaced, deleted or taken out by a reset are still in the log until it is
   * compacted.
   *
   * @param putAside whether a repair has put lines aside: they may be about an owner of whom
   *     nothing else is left
   */
  static boolean erases(Index index, State state, boolean putAside) {
    OwnerRows owner = index.find(state.owner());
    return owner == null ? putAside && state.epoch() > 0 : state.epoch() > owner.epoch();
  }

  /**
   * Puts in a state that is later than what is there.
   *
   * @param row where it stands
   */
  static void put(Index index, State state, Place row, long atMicros) {
    OwnerRows owner = index.owner(state.owner());
    if (state.epoch() > owner.epoch()) {
      owner.startEpoch(state.epoch());
    }
    if (state instanceof PreferencesState preferences) {
      owner.setPreferences(preferences);
    } else if (state instanceof ConversationState conversation) {
      owner.conversation(conversation.id()).setHeader(conversation, atMicros);
    } else if (state instanceof MessageState message) {
      ConversationRows rows = owner.conversation(message.conversationId());
      rows.startGeneration(message.generation());
      rows.put(row(message, row, atMicros));
    }
  }

  private static MessageRow row(MessageState state, Place place, long atMicros) {
    StoredMessage message = state.message();
    if (message == null) {
      return new MessageRow(
          state.messageId(), state.seq(), state.version(), atMicros, atMicros, false, place, null);
    }
    return new MessageRow(
        state.messageId(),
        state.seq(),
        state.version(),
        Micros.of(message.createdAt()),
        message.editedAt() == null ? MessageRow.NEVER : Micros.of(message.editedAt()),
        true,
        place,
        null);
  }
}
