package io.conversationstore.testkit;

import io.conversationstore.ErasureReceipt;
import io.conversationstore.Owner;
import io.conversationstore.spi.Landing;
import io.conversationstore.spi.State.PreferencesState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** All data of one owner in the reference model. */
final class ModelOwner {

  final Owner owner;
  long epoch;
  PreferencesState preferences;

  /** All generations of each conversation id, oldest first. */
  final Map<String, List<ModelConversation>> conversations = new HashMap<>();

  /** The changes applied in this epoch. */
  final Set<UUID> applied = new HashSet<>();

  /** The last edit of each message, by conversation, generation and message. */
  final Map<String, UUID> lastEdits = new HashMap<>();

  /** Where changes of this epoch took effect. */
  final Map<UUID, Landing> landings = new HashMap<>();

  /** Bulks that are applied only once. */
  final Set<UUID> takenOver = new HashSet<>();

  final Map<UUID, ErasureReceipt> erasures = new HashMap<>();

  /** The epochs begun by erasures, by change. */
  final Map<UUID, Long> epochs = new HashMap<>();

  /** The time at which the last erasure was requested. */
  Instant erasureAsked = Instant.MIN;

  ModelOwner(Owner owner) {
    this.owner = owner;
    this.preferences = PreferencesState.none(owner, 0);
  }

  /** A copy to modify, so that a failing change has no effect. */
  ModelOwner copy() {
    ModelOwner copy = new ModelOwner(owner);
    copy.epoch = epoch;
    copy.preferences = preferences;
    conversations.forEach(
        (id, generations) ->
            copy.conversations.put(
                id, new ArrayList<>(generations.stream().map(ModelConversation::copy).toList())));
    copy.applied.addAll(applied);
    copy.lastEdits.putAll(lastEdits);
    copy.landings.putAll(landings);
    copy.takenOver.addAll(takenOver);
    copy.erasures.putAll(erasures);
    copy.epochs.putAll(epochs);
    copy.erasureAsked = erasureAsked;
    return copy;
  }

  @Nullable ModelConversation latest(String conversationId) {
    List<ModelConversation> generations = conversations.getOrDefault(conversationId, List.of());
    return generations.isEmpty() ? null : generations.get(generations.size() - 1);
  }

  @Nullable ModelConversation live(String conversationId) {
    ModelConversation latest = latest(conversationId);
    return latest == null || latest.deleted ? null : latest;
  }

  List<ModelConversation> live() {
    return conversations.values().stream()
        .map(generations -> generations.get(generations.size() - 1))
        .filter(latest -> !latest.deleted)
        .toList();
  }
}
