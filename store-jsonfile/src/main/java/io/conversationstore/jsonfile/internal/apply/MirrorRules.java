package io.conversationstore.jsonfile.internal.apply;

import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;

/** Decides which committed states replace those in the mirror, and puts them in. */
public final class MirrorRules {
  private MirrorRules() {}

  /** Whether a state is later than the current one. */
  public static boolean isLater(Index index, State state) {
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
      // Unmet preferences have version 0 too.
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
   * Whether the state ends an epoch whose text may be in the files. This does not depend on
   * remaining rows: the log keeps rows that were replaced, deleted or removed by a reset until it
   * is compacted.
   *
   * @param linesSetAside whether a repair has set lines aside: they may be about an owner with no
   *     other data left
   */
  public static boolean erases(Index index, State state, boolean linesSetAside) {
    OwnerRows owner = index.find(state.owner());
    return owner == null ? linesSetAside && state.epoch() > 0 : state.epoch() > owner.epoch();
  }

  /**
   * Puts in a state that is later than the current one.
   *
   * @param row the place of its row
   */
  public static void put(Index index, State state, Place row, long atMicros) {
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
