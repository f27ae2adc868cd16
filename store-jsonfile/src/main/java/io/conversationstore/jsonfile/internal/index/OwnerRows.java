package io.conversationstore.jsonfile.internal.index;

import io.conversationstore.Owner;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.PreferencesState;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/** One owner in the index. Guarded by the engine's lock. */
public final class OwnerRows {
  private final Owner owner;
  private long epoch;
  private PreferencesState preferences;
  private final Map<String, ConversationRows> conversations = new HashMap<>();
  private final Map<UUID, ErasureCounts> erasures = new LinkedHashMap<>();

  OwnerRows(Owner owner) {
    this.owner = owner;
    this.preferences = PreferencesState.none(owner, 0);
  }

  /** A view that keeps the current rows. */
  OwnerRows frozen() {
    OwnerRows view = new OwnerRows(owner);
    view.epoch = epoch;
    view.preferences = preferences;
    conversations.forEach((id, rows) -> view.conversations.put(id, rows.frozen()));
    view.erasures.putAll(erasures);
    return view;
  }

  public Owner owner() {
    return owner;
  }

  public long epoch() {
    return epoch;
  }

  public PreferencesState preferences() {
    return preferences;
  }

  public void setPreferences(PreferencesState state) {
    preferences = state;
  }

  public Map<String, ConversationRows> conversations() {
    return conversations;
  }

  public ConversationRows conversation(String id) {
    return conversations.computeIfAbsent(id, key -> new ConversationRows());
  }

  public Map<UUID, ErasureCounts> erasures() {
    return erasures;
  }

  boolean holdsRows() {
    return !conversations.isEmpty() || hasPreferences();
  }

  public boolean hasPreferences() {
    return !preferences.equals(PreferencesState.none(owner, preferences.epoch()));
  }

  /** Makes live rows unmet, and forgets the rest. */
  void becomeUnmet() {
    String active = preferences.activeConversation();
    ConversationRows chosen = active == null ? null : conversations.get(active);
    ConversationState there = chosen == null ? null : chosen.header();
    boolean stays =
        active == null
            || (there != null
                && there.isLive()
                && there.generation() == preferences.activeGeneration());
    preferences =
        new PreferencesState(
            owner,
            0,
            0,
            stays ? active : null,
            0,
            stays ? preferences.activeConversationTime() : null,
            preferences.selectedModel(),
            preferences.selectedModelTime());
    epoch = 0;
    erasures.clear();
    conversations.values().removeIf(rows -> !rows.isLive());
    conversations.values().forEach(ConversationRows::becomeUnmet);
  }

  /** Whether it has rows that came from the database. */
  boolean hasMet() {
    return conversations.values().stream()
        .anyMatch(rows -> rows.header() != null && !rows.isUnmet());
  }

  /** Begins an epoch and keeps the rows, which are all unmet. */
  void moveEpoch(long newEpoch) {
    epoch = newEpoch;
    PreferencesState present = preferences;
    preferences =
        new PreferencesState(
            owner,
            newEpoch,
            present.version(),
            present.activeConversation(),
            present.activeGeneration(),
            present.activeConversationTime(),
            present.selectedModel(),
            present.selectedModelTime());
    conversations.values().forEach(rows -> rows.moveEpoch(newEpoch));
  }

  /** Removes rows that came from the database, and returns them. */
  OwnerRows takeMet() {
    OwnerRows taken = new OwnerRows(owner);
    taken.epoch = epoch;
    conversations.forEach(
        (id, rows) -> {
          if (!rows.isUnmet()) {
            taken.conversations.put(id, rows);
          }
        });
    conversations.keySet().removeAll(taken.conversations.keySet());
    if (preferences.version() > 0) {
      taken.preferences = preferences;
      preferences = PreferencesState.none(owner, epoch);
    }
    return taken;
  }

  public long liveConversations() {
    return conversations.values().stream().filter(ConversationRows::isLive).count();
  }

  public long liveMessages() {
    return conversations.values().stream().mapToLong(ConversationRows::liveMessages).sum();
  }

  /** Whether messages may be missing, see {@link ConversationRows#lacksMessages}. */
  public boolean lacksMessages(long deliveredThroughMicros) {
    return conversations.values().stream()
        .anyMatch(rows -> rows.lacksMessages(deliveredThroughMicros));
  }

  /** Removes all rows. */
  public void clear() {
    conversations.clear();
    preferences = PreferencesState.none(owner, epoch);
  }

  /** Removes all rows and begins this epoch. */
  public void startEpoch(long newEpoch) {
    epoch = newEpoch;
    clear();
  }
}
