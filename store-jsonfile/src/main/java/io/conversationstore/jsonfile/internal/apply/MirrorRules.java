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
import org.jspecify.annotations.Nullable;

/** Decides which committed states replace those in the mirror, and puts them in. */
public final class MirrorRules {
  private MirrorRules() {}

  /** Whether a state is later than the current one. */
  public static boolean isLater(Index index, State state) {
    long epoch = index.epoch(state.owner());
    if (state.epoch() != epoch) {
      return state.epoch() > epoch;
    }
    return !index.pending().erases(state.owner(), state.epoch())
        && state.accept(new IsLater(index.find(state.owner())));
  }

  /** Whether a state of the present epoch is later than the current one. */
  private record IsLater(@Nullable OwnerRows present)
      implements State.Visitor<Boolean, RuntimeException> {
    @Override
    public Boolean owner(OwnerState state) {
      return false;
    }

    @Override
    public Boolean conversation(ConversationState state) {
      ConversationRows rows = present == null ? null : present.conversations().get(state.id());
      return rows == null || isLater(rows, state);
    }

    @Override
    public Boolean message(MessageState state) {
      ConversationRows rows =
          present == null ? null : present.conversations().get(state.conversationId());
      return rows == null || isLater(rows, state);
    }

    @Override
    public Boolean preferences(PreferencesState state) {
      if (present == null) {
        return true;
      }
      PreferencesState there = present.preferences();
      // Unmet preferences have version 0 too.
      return state.version() > there.version() || (there.version() == 0 && !state.equals(there));
    }
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
    state.accept(new Put(owner, row, atMicros));
  }

  private record Put(OwnerRows rows, Place place, long atMicros)
      implements State.Visitor<Void, RuntimeException> {
    @Override
    public Void owner(OwnerState state) {
      return null; // a later epoch is all that it says
    }

    @Override
    public Void conversation(ConversationState state) {
      rows.conversation(state.id()).setHeader(state, atMicros);
      return null;
    }

    @Override
    public Void message(MessageState state) {
      ConversationRows conversation = rows.conversation(state.conversationId());
      conversation.startGeneration(state.generation());
      conversation.put(row(state, place, atMicros));
      return null;
    }

    @Override
    public Void preferences(PreferencesState state) {
      rows.setPreferences(state);
      return null;
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
