package io.conversationstore.jsonfile.internal.apply;

import io.conversationstore.ErasureReceipt;
import io.conversationstore.Owner;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.ErasureCounts;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.MessageTable;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.PreferencesState;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The effects of a change on one owner's rows, laid over the index until its line is written. Not
 * thread-safe.
 */
public final class StagedChange {
  /**
   * A message after the change.
   *
   * @param state null if the change has no contents
   * @param isNew whether the index has no message of its id
   */
  private record StagedMessage(MessageRow row, @Nullable MessageState state, boolean isNew) {}

  /** A conversation and the effects of the change on it. */
  private static final class StagedConversation {
    final @Nullable ConversationRows stored;
    @Nullable ConversationState header;
    boolean changesHeader;
    boolean fresh;
    final Map<UUID, StagedMessage> messages = new LinkedHashMap<>();

    StagedConversation(@Nullable ConversationRows stored) {
      this.stored = stored;
      this.header = stored == null ? null : stored.header();
    }
  }

  private final Index index;
  private final Contents contents;
  private final Owner owner;
  private final long epoch;
  private final boolean answers;
  private final Map<String, StagedConversation> conversations = new LinkedHashMap<>();
  private final Map<State.Key, State> states = new LinkedHashMap<>();
  private final List<Applied.Dropped> dropped = new ArrayList<>();

  /** The last conversation that was looked up: most changes are about one conversation. */
  private @Nullable StagedConversation lookedUp;

  private String lookedUpId = "";
  private @Nullable PreferencesState preferences;
  private @Nullable ErasureCounts erasure;
  private @Nullable UUID erasureId;
  private @Nullable ErasureReceipt receipt;
  private long changedRows;
  private boolean usesDeleted;

  /**
   * @param answers whether a caller will ask for {@link #applied()}
   */
  StagedChange(Index index, Contents contents, Owner owner, boolean answers) {
    this.index = index;
    this.contents = contents;
    this.owner = owner;
    this.epoch = index.epoch(owner);
    this.answers = answers;
  }

  long epoch() {
    return epoch;
  }

  private StagedConversation conversation(String id) {
    StagedConversation known = lookedUp;
    if (known == null || !id.equals(lookedUpId)) {
      known = conversations.get(id);
      if (known == null) {
        known = new StagedConversation(index.find(owner, id));
        conversations.put(id, known);
      }
      lookedUp = known;
      lookedUpId = id;
    }
    return known;
  }

  /** The conversation after this change, live or deleted; null if it never existed. */
  @Nullable ConversationState header(String id) {
    ConversationState header = conversation(id).header;
    usesDeleted |= header != null && !header.isLive();
    return header;
  }

  /** A message that the change itself has added or changed; null otherwise. */
  @Nullable MessageRow staged(String conversationId, UUID id) {
    StagedMessage staged = conversation(conversationId).messages.get(id);
    return staged == null ? null : staged.row;
  }

  @Nullable MessageRow message(String conversationId, UUID id) {
    MessageRow staged = staged(conversationId, id);
    if (staged != null) {
      return staged;
    }
    StagedConversation conversation = conversation(conversationId);
    ConversationRows stored = conversation.stored;
    MessageRow row = stored == null || conversation.fresh ? null : stored.message(id);
    usesDeleted |= row != null && !row.live();
    return row;
  }

  /** The last message that is not deleted, or null. */
  @Nullable MessageRow last(String conversationId) {
    StagedConversation conversation = conversation(conversationId);
    MessageRow last = null;
    for (StagedMessage staged : conversation.messages.values()) {
      if (staged.row.live() && (last == null || staged.row.seq() > last.seq())) {
        last = staged.row;
      }
    }
    ConversationRows stored = conversation.stored;
    if (stored == null || conversation.fresh) {
      return last;
    }
    MessageTable messages = stored.messages();
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (!messages.isLive(i)) {
        continue;
      }
      MessageRow row = messages.get(i);
      if (!conversation.messages.containsKey(row.id())) {
        return last == null || row.seq() > last.seq() ? row : last;
      }
    }
    return last;
  }

  /** The state of a message after this change. */
  MessageState state(ConversationState header, MessageRow row) throws IOException {
    StagedMessage staged = conversation(header.id()).messages.get(row.id());
    if (staged == null) {
      return contents.state(owner, header.id(), header.epoch(), header.generation(), row);
    }
    if (staged.state == null) {
      throw new ContentNeededException();
    }
    return staged.state;
  }

  PreferencesState preferences() {
    if (preferences != null) {
      return preferences;
    }
    OwnerRows rows = index.find(owner);
    return rows == null ? PreferencesState.none(owner, 0) : rows.preferences();
  }

  // Effects

  void putHeader(ConversationState header, boolean fresh) {
    StagedConversation conversation = conversation(header.id());
    conversation.header = header;
    conversation.changesHeader = true;
    if (fresh) {
      conversation.fresh = true;
      conversation.messages.clear();
    }
    show(header);
    changedRows++;
  }

  /**
   * Adds or replaces a message.
   *
   * @param state null if the change is planned without contents
   * @param isNew whether {@link #message} found no message of its id
   */
  void putMessage(
      ConversationState header, MessageRow row, @Nullable MessageState state, boolean isNew) {
    Map<UUID, StagedMessage> messages = conversation(header.id()).messages;
    messages.put(row.id(), new StagedMessage(row, state, isNew || isNew(messages.get(row.id()))));
    if (state != null) {
      show(state);
    }
    changedRows++;
  }

  private static boolean isNew(@Nullable StagedMessage before) {
    return before != null && before.isNew;
  }

  void putPreferences(PreferencesState state) {
    preferences = state;
    show(state);
    changedRows++;
  }

  void erase(UUID id, ErasureCounts newErasure) {
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

  /** Adds a row to the answer, or replaces it by its later state. */
  void show(State state) {
    if (!answers) {
      return;
    }
    states.put(state.key(), state);
  }

  public boolean changes() {
    return changedRows > 0;
  }

  /** The erasure that the change performs, or null if it erases nothing now. */
  public @Nullable ErasureCounts erasure() {
    return erasure;
  }

  public Applied applied() {
    return new Applied(changes(), List.copyOf(states.values()), dropped, receipt);
  }

  /** Puts the effects into the index, as of the line of the change. */
  public void commit(UUID changeId, long atMicros, long line) {
    OwnerRows rows = index.owner(owner);
    if (erasure != null && erasureId != null) {
      rows.startEpoch(epoch + 1);
      rows.erasures().put(erasureId, erasure);
      index.markErased(owner, epoch + 1, line);
    }
    conversations.forEach((id, conversation) -> commit(rows, id, conversation, atMicros));
    if (preferences != null) {
      rows.setPreferences(preferences);
    }
    if (usesDeleted) {
      index.useDeleted();
    }
    index.addRecent(changeId);
    index.markStandalone();
  }

  private static void commit(
      OwnerRows owner, String id, StagedConversation conversation, long atMicros) {
    if (!conversation.changesHeader && conversation.messages.isEmpty()) {
      return;
    }
    ConversationRows rows = owner.conversation(id);
    ConversationState header = conversation.header;
    if (conversation.changesHeader && header != null) {
      rows.setHeader(header, atMicros);
    }
    int added = 0;
    for (StagedMessage staged : conversation.messages.values()) {
      added += staged.isNew ? 1 : 0;
    }
    rows.reserve(added);
    for (StagedMessage staged : conversation.messages.values()) {
      if (staged.isNew) {
        rows.add(staged.row);
      } else {
        rows.put(staged.row);
      }
    }
  }
}
