package io.conversationstore.hybrid.internal.adoption;

import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoreState;
import io.conversationstore.hybrid.internal.connection.DatabaseHandshake;
import io.conversationstore.hybrid.internal.connection.RecentCommits;
import io.conversationstore.hybrid.internal.restore.OfferedChanges;
import io.conversationstore.hybrid.internal.support.NodeClock;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.BatchRefusedException;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.PreferencesPut;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.DerivedIds;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.LocalStore.Met;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the conversations that a directory held before it met its database, each as a
 * create-if-absent and appends. A sent conversation becomes a row of the local copy at once, so
 * reads stay complete and an interrupted run resumes after it. Sending one again changes nothing.
 * Several conversations share a round trip; one batch of contents bounds memory use.
 *
 * <p>{@link #run} is for one thread at a time, the rest is thread-safe.
 */
public final class Adoption {

  private static final Logger LOG = LoggerFactory.getLogger(Adoption.class);

  /** Maximum number of conversations, and of their messages, sent together. */
  private static final int MAX_CONVERSATIONS = 200;

  private static final int MAX_MESSAGES = 2_000;

  private static final int TRIES = 3;

  /** What the adoption does to other rooms of the node. */
  public interface Listener {

    /** Queues a change that the database refuses, to park it for an operator. */
    void refused(Change change);

    /** Runs a change of the local copy while nothing is queued and nobody reads both. */
    void changeMirror(Runnable action);
  }

  private final PrimaryStore primary;
  private final LocalStore local;
  private final NodeClock clock;
  private final DatabaseHandshake handshake;
  private final RecentCommits recentCommits;
  private final Listener listener;
  private final AtomicReference<StoreState.@Nullable Adoption> progress = new AtomicReference<>();
  private volatile boolean due;

  /** The latest erasure per owner known to the database. */
  private final Map<Owner, Instant> erasures = new HashMap<>();

  /**
   * Epochs of owners in the database. {@link #erasures} was read after each of them, so it has the
   * erasure that began the epoch.
   */
  private final Map<Owner, Long> epochs = new HashMap<>();

  /** Imported conversations from which only the messages written here afterwards are sent. */
  private final Set<ConversationState> takenOverBefore =
      Collections.newSetFromMap(new IdentityHashMap<>());

  /**
   * @param handshake records the contact before rows of the database are stored
   * @param recentCommits receives committed states
   */
  public Adoption(
      PrimaryStore primary,
      LocalStore local,
      NodeClock clock,
      DatabaseHandshake handshake,
      RecentCommits recentCommits,
      Listener listener) {
    this.primary = primary;
    this.local = local;
    this.clock = clock;
    this.handshake = handshake;
    this.recentCommits = recentCommits;
    this.listener = listener;
    LocalStore.Unmet unmet = local.unmet();
    this.due =
        !unmet.isEmpty()
            || local.mirroredOwners().stream()
                .anyMatch(owner -> isUnmet(local.preferences(owner.owner())));
    if (due) {
      progress.set(
          new StoreState.Adoption(null, null, unmet.conversations(), unmet.messages(), 0, 0));
    }
  }

  /** Whether something must be sent before the database is used. */
  public boolean isDue() {
    return due;
  }

  public StoreState.@Nullable Adoption progress() {
    return progress.get();
  }

  private static boolean isUnmet(PreferencesState preferences) {
    return preferences.version() == 0
        && !preferences.equals(PreferencesState.none(preferences.owner(), preferences.epoch()));
  }

  private static boolean isUnmet(@Nullable ConversationState conversation) {
    return conversation != null
        && conversation.isLive()
        && conversation.generation() == ConversationRef.LIVE;
  }

  /**
   * Sends everything.
   *
   * @return false if stopped before the end
   * @throws EngineFailureException if the database or the local files fail; sent conversations stay
   *     sent
   */
  public boolean run(BooleanSupplier shouldContinue) {
    handshake.record();
    begin();
    erasures.clear();
    epochs.clear();
    learnErasures();
    OfferedChanges changes =
        new OfferedChanges(primary, local.identity().node(), listener::refused);
    List<ConversationState> group = new ArrayList<>();
    long messages = 0;
    List<OwnerState> owners = local.mirroredOwners();
    for (OwnerState owner : owners) {
      for (String id : local.mirroredConversations(owner.owner())) {
        if (!shouldContinue.getAsBoolean()) {
          return false;
        }
        ConversationState unmet = local.find(owner.owner(), id).conversation();
        if (unmet == null || !isUnmet(unmet)) {
          continue;
        }
        group.add(unmet);
        messages += unmet.requireLive().messageCount();
        if (group.size() == MAX_CONVERSATIONS || messages >= MAX_MESSAGES) {
          send(group, changes);
          group.clear();
          messages = 0;
        }
      }
    }
    send(group, changes);
    for (OwnerState owner : owners) {
      if (!shouldContinue.getAsBoolean()) {
        return false;
      }
      preferences(local.preferences(owner.owner()), changes);
    }
    end(changes);
    return true;
  }

  private void begin() {
    StoreState.Adoption before = progress.get();
    if (before == null) {
      return;
    }
    if (before.started() == null) {
      LOG.info(
          "This is the first contact of the local files with the database {}. Their {}"
              + " conversations with {} messages are being sent. The local files serve reads and"
              + " writes meanwhile.",
          place(),
          before.conversations(),
          before.messages());
      progress.set(
          new StoreState.Adoption(
              clock.now(), null, before.conversations(), before.messages(), 0, 0));
    }
  }

  private String place() {
    String place = primary.place();
    return place == null ? "" : place;
  }

  private void sent(long conversations, long messages) {
    progress.updateAndGet(
        before ->
            before == null
                ? null
                : new StoreState.Adoption(
                    before.started(),
                    null,
                    before.conversations(),
                    before.messages(),
                    before.sentConversations() + conversations,
                    before.sentMessages() + messages));
  }

  private void end(OfferedChanges changes) {
    due = false;
    StoreState.Adoption done =
        progress.updateAndGet(
            before ->
                before == null
                    ? null
                    : new StoreState.Adoption(
                        before.started(),
                        clock.now(),
                        before.conversations(),
                        before.messages(),
                        before.sentConversations(),
                        before.sentMessages()));
    if (done != null) {
      LOG.info(
          "The contents of the local files were sent to the database {}: {} conversations with {}"
              + " messages. {} changes were rejected and parked.",
          place(),
          done.sentConversations(),
          done.sentMessages(),
          changes.refused());
    }
  }

  // Erasures

  /**
   * An erasure covers everything written before it, also in a directory that it could not reach.
   */
  private void learnErasures() {
    for (PrimaryStore.Erasure erasure : primary.erasuresSince(Instant.EPOCH)) {
      erasures.merge(
          erasure.owner(), erasure.at(), (one, other) -> one.isAfter(other) ? one : other);
    }
  }

  /**
   * Whether {@code writtenAt}, corrected to the database's clock, is not after the owner's erasure.
   */
  private boolean isErased(Owner owner, Instant writtenAt) {
    Instant erased = erasures.get(owner);
    return erased != null
        && !writtenAt.plus(local.identity().clockOffsetMicros(), ChronoUnit.MICROS).isAfter(erased);
  }

  /**
   * The owner's epoch for use in changes. An epoch that is too low does no harm: the database drops
   * the change, and it is tried again.
   */
  private long epoch(Owner owner) {
    Long known = epochs.get(owner);
    return known == null ? local.preferences(owner).epoch() : known;
  }

  /** Reads the epochs of erased owners that are not known yet. */
  private void learnEpochs(List<ConversationState> unmet) {
    Map<Owner, Long> learned = new HashMap<>();
    for (ConversationState conversation : unmet) {
      Owner owner = conversation.owner();
      if (erasures.containsKey(owner) && !epochs.containsKey(owner)) {
        learned.computeIfAbsent(owner, erased -> primary.preferences(erased).epoch());
      }
    }
    know(learned);
  }

  /** Adds epochs that were read from the database, and the erasures that began them. */
  private void know(Map<Owner, Long> learned) {
    boolean changed = false;
    for (Map.Entry<Owner, Long> epoch : learned.entrySet()) {
      Long before = epochs.put(epoch.getKey(), epoch.getValue());
      changed |= epoch.getValue() > 0 && !epoch.getValue().equals(before);
    }
    if (changed) {
      learnErasures();
    }
  }

  /**
   * Removes data that an erasure in the database covers; returns false if this conversation is not
   * covered.
   */
  private boolean forgetIfErased(ConversationState unmet) {
    Owner owner = unmet.owner();
    boolean erased =
        isErased(owner, unmet.requireLive().createdAt())
            // An imported file predates every erasure, whatever its times.
            || (isTakenOver(unmet) && erasures.containsKey(owner));
    if (!erased) {
      return false;
    }
    LOG.warn(
        "Owner {} was erased in the database after conversation {} was written locally. The"
            + " conversation is removed and not sent.",
        owner,
        unmet.id());
    long epoch = epoch(owner);
    boolean met =
        epoch > local.preferences(owner).epoch()
            && local.mirroredConversations(owner).stream()
                .anyMatch(id -> !isUnmet(local.find(owner, id).conversation()));
    listener.changeMirror(
        () -> {
          if (met) {
            // Everything is older than the erasure, because unmet rows are older than sent ones.
            local.mirror(List.of(new OwnerState(owner, epoch)), null, null);
          } else {
            local.forgetUnmet(owner, List.of(unmet.id()));
          }
        });
    return true;
  }

  // Conversations

  private void send(List<ConversationState> group, OfferedChanges changes) {
    learnEpochs(group);
    List<ConversationState> wanted = new ArrayList<>();
    for (ConversationState unmet : group) {
      // An erasure of the owner may have removed it together with an earlier conversation.
      if (isUnmet(local.find(unmet.owner(), unmet.id()).conversation()) && !forgetIfErased(unmet)) {
        wanted.add(unmet);
      }
    }
    if (wanted.isEmpty()) {
      return;
    }
    IdentityHashMap<ConversationState, Applied> created = createAll(wanted, changes);
    AdoptedMessages sending = new AdoptedMessages(primary, local, changes);
    List<Met> gone = new ArrayList<>();
    for (ConversationState unmet : wanted) {
      Applied answer =
          Objects.requireNonNull(
              created.get(unmet), "the batch has no answer for the conversation");
      ConversationState there = answer.states(ConversationState.class).findFirst().orElse(null);
      if (there == null || !answer.dropped().isEmpty()) {
        there = again(unmet, changes);
      }
      if (there != null && there.isLive()) {
        sending.add(unmet, there, takenOverBefore.remove(unmet));
      } else if (there != null) {
        gone.add(new Met(there, List.of()));
      }
    }
    sending.send();
    List<Met> met = new ArrayList<>(sending.met());
    met.addAll(gone);
    recentCommits.add(met.stream().map(Met::header).toList());
    listener.changeMirror(
        () -> {
          local.met(met);
          if (!sending.others().isEmpty()) {
            local.mirror(sending.others(), null, null);
          }
        });
    sent(
        wanted.size(),
        wanted.stream().mapToLong(unmet -> unmet.requireLive().messageCount()).sum());
  }

  /**
   * Creates or joins conversations in one batch, except imported ones, which are applied one by
   * one.
   */
  private IdentityHashMap<ConversationState, Applied> createAll(
      List<ConversationState> wanted, OfferedChanges changes) {
    IdentityHashMap<ConversationState, Applied> created = new IdentityHashMap<>();
    List<ConversationState> together = new ArrayList<>();
    for (ConversationState unmet : wanted) {
      if (isTakenOver(unmet)) {
        created.put(unmet, changes.give(offer(unmet, epoch(unmet.owner()), changes)));
      } else {
        together.add(unmet);
      }
    }
    if (!together.isEmpty()) {
      List<Change> creates =
          together.stream().map(unmet -> offer(unmet, epoch(unmet.owner()), changes)).toList();
      List<Applied> answers = applyAll(creates, changes);
      for (int i = 0; i < together.size(); i++) {
        created.put(together.get(i), answers.get(i));
      }
    }
    return created;
  }

  /** Whether it was imported from a file; the database may remember an earlier import. */
  private static boolean isTakenOver(ConversationState unmet) {
    return DerivedIds.isOfTakeover(unmet.createdBy());
  }

  /** The change that creates or joins a conversation; a once-only bulk for an imported one. */
  private static Change offer(ConversationState unmet, long epoch, OfferedChanges changes) {
    ConversationCreated create = create(unmet, epoch, changes);
    return isTakenOver(unmet) ? new Bulk(create.stamp(), List.of(create)) : create;
  }

  private static ConversationCreated create(
      ConversationState unmet, long epoch, OfferedChanges changes) {
    Live live = unmet.requireLive();
    NewConversation conversation =
        NewConversation.ofId(unmet.id())
            .withTitle(live.title())
            .withSettings(live.settings())
            .withMetadata(live.metadata())
            .withTags(live.tags().toArray(String[]::new))
            .withPinned(live.pinned())
            .withExpiresAt(live.expiresAt());
    return new ConversationCreated(
        changes.stamp(unmet.createdBy(), unmet.owner(), epoch, live.createdAt()),
        conversation,
        false);
  }

  /**
   * Handles a dropped create: the owner was erased, or the conversation of an earlier attempt was
   * deleted.
   *
   * @return the database's conversation, possibly deleted; null if it was removed here
   */
  private @Nullable ConversationState again(ConversationState unmet, OfferedChanges changes) {
    Owner owner = unmet.owner();
    for (int i = 0; i < TRIES; i++) {
      Found found = primary.find(owner, unmet.id());
      know(Map.of(owner, found.ownerEpoch()));
      if (forgetIfErased(unmet)) {
        return null;
      }
      ConversationState live = found.live();
      if (isTakenOver(unmet) && live != null) {
        ConversationState before = landed(unmet, found.ownerEpoch(), changes);
        if (before == null) {
          // The imported generation is no longer known. Messages written here since were
          // acknowledged and join the live one; messages of the file may have been deleted there.
          takenOverBefore.add(unmet);
          return live;
        }
        return before.generation() == live.generation() ? live : before;
      }
      Applied applied = changes.give(offer(unmet, found.ownerEpoch(), changes));
      ConversationState made = applied.states(ConversationState.class).findFirst().orElse(null);
      if (made != null && applied.dropped().isEmpty()) {
        return made;
      }
      ConversationState there = primary.find(owner, unmet.id()).conversation();
      if (there != null && !there.isLive()) {
        return there;
      }
      ConversationState deleted = landed(unmet, found.ownerEpoch(), changes);
      if (deleted != null) {
        return deleted;
      }
    }
    // Refused and kept, or deleted so long ago that the database has no trace of it.
    listener.changeMirror(() -> local.forgetUnmet(owner, List.of(unmet.id())));
    return null;
  }

  /**
   * The generation that an earlier attempt made or joined and that was deleted since, while another
   * one is live: pending changes must not reach the live one. Null if the database does not
   * remember it.
   */
  private @Nullable ConversationState landed(
      ConversationState unmet, long epoch, OfferedChanges changes) {
    return primary.landings(create(unmet, epoch, changes)).stream()
        .findFirst()
        .map(
            landing ->
                new ConversationState(
                    unmet.owner(),
                    unmet.id(),
                    epoch,
                    landing.generation(),
                    1,
                    null,
                    0,
                    unmet.createdBy()))
        .orElse(null);
  }

  /** Applies changes together, or one by one if one of them is refused. */
  private List<Applied> applyAll(List<Change> batch, OfferedChanges changes) {
    try {
      return primary.applyAll(batch);
    } catch (BatchRefusedException oneOfThem) {
      LOG.debug("The database rejected a batch; its changes are sent one at a time", oneOfThem);
      return batch.stream().map(changes::give).toList();
    }
  }

  // Preferences

  private void preferences(PreferencesState mine, OfferedChanges changes) {
    if (!isUnmet(mine)) {
      return;
    }
    Owner owner = mine.owner();
    PreferencesState theirs = primary.preferences(owner);
    know(Map.of(owner, theirs.epoch()));
    String active = mine.activeConversation();
    Found found = active == null ? null : local.find(owner, active);
    ConversationState chosen = found == null ? null : found.live();
    Instant activeAt = mine.activeConversationTime();
    if (isToBeSent(owner, activeAt, theirs.activeConversationTime())
        && (active == null || chosen != null)) {
      long generation = chosen == null ? ConversationRef.LIVE : chosen.generation();
      PreferencesUpdate update = PreferencesUpdate.none().withActiveConversation(active);
      put(owner, theirs.epoch(), update, "active", activeAt, Math.max(1, generation), changes);
    }
    Instant modelAt = mine.selectedModelTime();
    if (isToBeSent(owner, modelAt, theirs.selectedModelTime())) {
      PreferencesUpdate update = PreferencesUpdate.none().withSelectedModel(mine.selectedModel());
      put(owner, theirs.epoch(), update, "model", modelAt, 1, changes);
    }
    PreferencesState there = primary.preferences(owner);
    recentCommits.add(List.of(there));
    listener.changeMirror(() -> local.mirror(List.of(there), null, null));
  }

  private boolean isToBeSent(Owner owner, @Nullable Instant mine, @Nullable Instant theirs) {
    return mine != null && !isErased(owner, mine) && (theirs == null || mine.isAfter(theirs));
  }

  private static void put(
      Owner owner,
      long epoch,
      PreferencesUpdate update,
      String field,
      @Nullable Instant at,
      long generation,
      OfferedChanges changes) {
    if (at != null) {
      UUID id = OfferedChanges.id(owner, "preferences", epoch, field, at);
      changes.give(new PreferencesPut(changes.stamp(id, owner, epoch, at), update, generation));
    }
  }
}
