package io.conversationstore.jsonfile;

import io.conversationstore.ErasureReceipt;
import io.conversationstore.Owner;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.PreferencesState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a change will do to one owner's rows, laid over the index until its line is written. For one
 * thread.
 */
final class Draft {
  private record MessageKey(String conversationId, UUID messageId) {}

  private static final class Conversation {
    @Nullable ConversationState header;
    boolean fresh;
    final Map<UUID, MessageRow> rows = new LinkedHashMap<>();
  }

  private final Index index;
  private final Contents contents;
  private final Owner owner;
  private final long epoch;
  private final Map<String, Conversation> conversations = new LinkedHashMap<>();
  private final Map<Object, State> states = new LinkedHashMap<>();
  private final List<Applied.Dropped> dropped = new ArrayList<>();
  private final Map<UUID, MessageState> pendingStates = new HashMap<>();
  private @Nullable PreferencesState preferences;
  private OwnerRows.@Nullable Erasure erasure;
  private @Nullable UUID erasureId;
  private @Nullable ErasureReceipt receipt;
  private long changedRows;

  Draft(Index index, Contents contents, Owner owner) {
    this.index = index;
    this.contents = contents;
    this.owner = owner;
    this.epoch = index.epoch(owner);
  }

  long epoch() {
    return epoch;
  }

  /** The conversation with this change's doings, deleted or not; null if there never was one. */
  @Nullable ConversationState header(String id) {
    Conversation draft = conversations.get(id);
    if (draft != null && draft.header != null) {
      return draft.header;
    }
    ConversationRows rows = index.find(owner, id);
    return rows == null ? null : rows.header();
  }

  @Nullable MessageRow message(String conversationId, UUID id) {
    Conversation draft = conversations.get(conversationId);
    if (draft != null) {
      MessageRow row = draft.rows.get(id);
      if (row != null || draft.fresh) {
        return row;
      }
    }
    ConversationRows rows = index.find(owner, conversationId);
    return rows == null ? null : rows.message(id);
  }

  /** The last message that is not deleted, or null. */
  @Nullable MessageRow last(String conversationId) {
    Conversation draft = conversations.get(conversationId);
    MessageRow last = null;
    if (draft != null) {
      for (MessageRow row : draft.rows.values()) {
        if (row.live() && (last == null || row.seq() > last.seq())) {
          last = row;
        }
      }
    }
    ConversationRows rows = index.find(owner, conversationId);
    if (rows == null || (draft != null && draft.fresh)) {
      return last;
    }
    MessageTable stored = rows.messages();
    for (int i = stored.size() - 1; i >= 0; i--) {
      if (!stored.isLive(i)) {
        continue;
      }
      MessageRow row = stored.get(i);
      if (draft == null || !draft.rows.containsKey(row.id())) {
        return last == null || row.seq() > last.seq() ? row : last;
      }
    }
    return last;
  }

  /** The state of a message with this change's doings. */
  MessageState state(ConversationState header, MessageRow row) throws IOException {
    MessageState drafted = pendingStates.get(row.id());
    return drafted != null && drafted.conversationId().equals(header.id())
        ? drafted
        : contents.state(owner, header.id(), header.epoch(), header.generation(), row);
  }

  PreferencesState preferences() {
    if (preferences != null) {
      return preferences;
    }
    OwnerRows rows = index.find(owner);
    return rows == null ? PreferencesState.none(owner, 0) : rows.preferences();
  }

  // What it does

  void putHeader(ConversationState header, boolean fresh) {
    Conversation draft = conversations.computeIfAbsent(header.id(), key -> new Conversation());
    draft.header = header;
    if (fresh) {
      draft.fresh = true;
      draft.rows.clear();
    }
    show(header);
    changedRows++;
  }

  void putMessage(ConversationState header, MessageRow row, MessageState state) {
    conversations.computeIfAbsent(header.id(), key -> new Conversation()).rows.put(row.id(), row);
    pendingStates.put(row.id(), state);
    show(state);
    changedRows++;
  }

  void putPreferences(PreferencesState state) {
    preferences = state;
    show(state);
    changedRows++;
  }

  void erase(UUID id, OwnerRows.Erasure newErasure) {
    erasureId = id;
    erasure = newErasure;
    changedRows++;
  }

  void setReceipt(ErasureReceipt newReceipt) {
    receipt = newReceipt;
  }

  void drop(Change change, @Nullable String conversationId, String reason) {
    dropped.add(new Applied.Dropped(change.id(), conversationId, reason));
  }

  /** Adds a row to the answer, or its later state. */
  void show(State state) {
    Object key = state;
    if (state instanceof ConversationState conversation) {
      key = conversation.id();
    } else if (state instanceof MessageState message) {
      key = new MessageKey(message.conversationId(), message.messageId());
    } else if (state instanceof PreferencesState) {
      key = PreferencesState.class;
    }
    states.put(key, state);
  }

  boolean changes() {
    return changedRows > 0;
  }

  /** What the change erases, or null where it erases nothing now. */
  OwnerRows.@Nullable Erasure erasure() {
    return erasure;
  }

  Applied applied() {
    return new Applied(changes(), List.copyOf(states.values()), dropped, receipt);
  }

  /** Puts it into the index, as of its line. */
  void commit(UUID changeId, long atMicros, long line) {
    OwnerRows rows = index.owner(owner);
    if (erasure != null && erasureId != null) {
      rows.startEpoch(epoch + 1);
      rows.erasures().put(erasureId, erasure);
      index.markErased(owner, epoch + 1, line);
    }
    conversations.forEach(
        (id, draft) -> {
          ConversationRows conversation = rows.conversation(id);
          if (draft.header != null) {
            conversation.setHeader(draft.header, atMicros);
          }
          draft.rows.values().forEach(conversation::put);
        });
    if (preferences != null) {
      rows.setPreferences(preferences);
    }
    index.addRecent(changeId);
    index.markStandalone();
  }
}
