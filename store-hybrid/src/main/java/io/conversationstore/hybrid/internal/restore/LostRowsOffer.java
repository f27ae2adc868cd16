package io.conversationstore.hybrid.internal.restore;

import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.MirroredRows;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a database that went back in time the rows that it lost and this node's copy holds, whoever
 * wrote them: first the erasures, then the deletes, then the rest. Applying it again changes
 * nothing, so an interrupted run is restarted, and several nodes may run it at once. The copy must
 * not change meanwhile. Single-threaded.
 */
final class LostRowsOffer {

  private static final Logger LOG = LoggerFactory.getLogger(LostRowsOffer.class);

  private final PrimaryStore primary;
  private final MirroredRows rows;
  private final @Nullable Instant asOf;
  private final OfferedChanges changes;
  private final Consumer<OwnerState> eraseHere;
  private final Predicate<UUID> knownErasure;
  private final Instant now;
  private final BooleanSupplier shouldContinue;

  /**
   * @param rows the rows offered
   * @param asOf when the rows were the database's complete state; null if unknown
   * @param eraseHere removes the local rows of an owner who was erased in the new history; epochs
   *     cannot show this, since both histories may have reached the same one
   * @param knownErasure whether this node has seen an erasure commit: its rows are newer
   * @param now the database's time
   */
  LostRowsOffer(
      PrimaryStore primary,
      MirroredRows rows,
      @Nullable Instant asOf,
      OfferedChanges changes,
      Consumer<OwnerState> eraseHere,
      Predicate<UUID> knownErasure,
      Instant now,
      BooleanSupplier shouldContinue) {
    this.primary = primary;
    this.rows = rows;
    this.asOf = asOf;
    this.changes = changes;
    this.eraseHere = eraseHere;
    this.knownErasure = knownErasure;
    this.now = now;
    this.shouldContinue = shouldContinue;
  }

  /**
   * Offers all rows.
   *
   * @return false if stopped before the end
   * @throws io.conversationstore.spi.EngineFailureException if the database or the local files fail
   */
  boolean run() {
    List<OwnerState> owners = new ArrayList<>();
    Set<PrimaryStore.Erasure> erasures = new HashSet<>(erasures());
    for (OwnerState owner : rows.mirroredOwners()) {
      if (!shouldContinue.getAsBoolean()) {
        return false;
      }
      if (erase(owner, erasures)) {
        owners.add(owner);
      }
    }
    for (boolean live : new boolean[] {false, true}) {
      for (OwnerState owner : owners) {
        if (!conversations(owner, live)) {
          return false;
        }
      }
    }
    owners.forEach(this::preferences);
    LOG.info(
        "The resend to the database is complete: {} changes were accepted, {} were rejected and"
            + " parked",
        changes.given(),
        changes.refused());
    return true;
  }

  /** The erasures that this node's copy cannot have received. */
  private List<PrimaryStore.Erasure> erasures() {
    return primary.erasuresSince(asOf == null ? Instant.EPOCH : asOf);
  }

  /**
   * Raises the owner's epoch in the database to the one that this node knows. The time of a lost
   * erasure is unknown; it was not after the rows were complete. An erasure that waits on another
   * node and was asked for later must not count as earlier.
   *
   * @return whether the copy's rows of the owner were written after the last erasure
   */
  private boolean erase(OwnerState owner, Set<PrimaryStore.Erasure> erasures) {
    long epoch = primary.preferences(owner.owner()).epoch();
    Instant asked = asOf == null ? now : asOf;
    Set<UUID> known = new HashSet<>();
    for (long ended = 0; ended < owner.epoch(); ended++) {
      UUID id = OfferedChanges.id(owner.owner(), "erasure", ended);
      known.add(id);
      if (ended >= epoch) {
        Applied applied =
            changes.give(new OwnerErased(changes.stamp(id, owner.owner(), ended, asked)));
        epoch = applied.states(OwnerState.class).mapToLong(OwnerState::epoch).max().orElse(epoch);
      }
    }
    if (epoch > owner.epoch()) {
      return false; // The feed delivers it.
    }
    boolean erasedSince =
        erasures.stream()
            .anyMatch(
                erasure ->
                    erasure.owner().equals(owner.owner())
                        && !known.contains(erasure.changeId())
                        && !knownErasure.test(erasure.changeId()));
    if (erasedSince) {
      eraseHere.accept(owner);
    }
    return !erasedSince;
  }

  private boolean conversations(OwnerState owner, boolean live) {
    for (String id : rows.mirroredConversations(owner.owner())) {
      if (!shouldContinue.getAsBoolean()) {
        return false;
      }
      ConversationState conversation = rows.mirroredConversation(owner.owner(), id).orElse(null);
      // Unmet conversations are sent after this.
      if (conversation != null
          && conversation.generation() != ConversationRef.LIVE
          && conversation.isLive() == live) {
        new ConversationOffer(primary, rows, changes, now).give(conversation);
      }
    }
    return true;
  }

  private void preferences(OwnerState owner) {
    PreferencesState mine = rows.preferences(owner.owner());
    PreferencesState theirs = primary.preferences(owner.owner());
    if (theirs.epoch() != mine.epoch() || mine.version() == 0) {
      return;
    }
    Instant active = mine.activeConversationTime();
    if (active != null && isLater(active, theirs.activeConversationTime())) {
      put(
          mine,
          PreferencesUpdate.none().withActiveConversation(mine.activeConversation()),
          "active",
          active);
    }
    Instant model = mine.selectedModelTime();
    if (model != null && isLater(model, theirs.selectedModelTime())) {
      put(mine, PreferencesUpdate.none().withSelectedModel(mine.selectedModel()), "model", model);
    }
  }

  private void put(PreferencesState mine, PreferencesUpdate update, String field, Instant time) {
    Owner owner = mine.owner();
    UUID id = OfferedChanges.id(owner, "preferences", mine.epoch(), field, time);
    // An unnamed generation would be looked up, and may be absent.
    long generation = Math.max(1, mine.activeGeneration());
    changes.give(
        new PreferencesPut(changes.stamp(id, owner, mine.epoch(), time), update, generation));
  }

  private static boolean isLater(Instant mine, @Nullable Instant theirs) {
    return theirs == null || mine.isAfter(theirs);
  }
}
