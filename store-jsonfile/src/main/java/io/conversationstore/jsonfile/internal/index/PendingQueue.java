package io.conversationstore.jsonfile.internal.index;

import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.jsonfile.internal.format.LineHead;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.DerivedIds;
import io.conversationstore.spi.Rebase;
import io.conversationstore.spi.Settlement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Pending and parked changes in the index, without their contents. Guarded by the engine's lock.
 */
public final class PendingQueue {
  public static final long UNCHANGED = Long.MIN_VALUE;

  /** The place of a change whose content is gone, or was unreadable and set aside. */
  public static final Place NOWHERE = new Place(0, 0, 0, 0);

  /**
   * A change in the queue. Immutable.
   *
   * @param created the conversations that it creates or joins
   * @param createsAnyway whether it still does after a create before it has landed: a change as it
   *     was sent, or a create alone. Another one then names the generation in which that create
   *     landed, and so do the changes behind it
   * @param least the earliest generations that it may get behind a create: those that the node
   *     showed when it queued the change, and those in which other creates before it have landed
   * @param notBefore its effective time; later than {@code time} if an earlier change took effect
   *     after this one was made
   */
  public record Entry(
      UUID id,
      Owner owner,
      Set<String> conversations,
      Set<String> created,
      boolean createsAnyway,
      Map<String, Long> least,
      boolean erases,
      boolean deletes,
      boolean preferences,
      Instant time,
      Place place,
      long madeEpoch,
      long epoch,
      Instant notBefore,
      Map<String, Long> generations) {

    public static Entry of(Change change, Place place) {
      return new Entry(
          change.id(),
          change.owner(),
          Set.copyOf(change.namedConversationIds()),
          created(change),
          change instanceof Change.ConversationCreated
              || (change instanceof Change.Bulk bulk && bulk.asSent()),
          Rebase.shown(change),
          change instanceof Change.OwnerErased,
          change instanceof Change.ConversationDeleted,
          change instanceof Change.PreferencesPut,
          change.stamp().time(),
          place,
          change.stamp().epoch(),
          UNCHANGED,
          change.stamp().time(),
          Map.of());
    }

    /**
     * An entry for a change whose line cannot be read, from the fields before its content.
     *
     * @throws IllegalArgumentException if fields are missing
     */
    public static Entry of(LineHead head) {
      Owner owner = head.owner();
      if (owner == null) {
        throw new IllegalArgumentException("the owner is missing");
      }
      Instant time = Json.time("time", head.time());
      return new Entry(
          UUID.fromString(head.id()),
          owner,
          head.conversation().isEmpty() ? Set.of() : Set.of(head.conversation()),
          head.kind().equals(Change.Kind.CONVERSATION_CREATED.wireName())
              ? Set.of(head.conversation())
              : Set.of(),
          true,
          Map.of(),
          false,
          head.kind().equals(Change.Kind.CONVERSATION_DELETED.wireName()),
          head.kind().equals(Change.Kind.PREFERENCES_PUT.wireName()),
          time,
          NOWHERE,
          head.epoch(),
          UNCHANGED,
          time,
          Map.of());
    }

    private static Set<String> created(Change change) {
      return change.mayCreate()
          ? change.parts().stream()
              .filter(part -> part.kind() == Change.Kind.CONVERSATION_CREATED)
              .flatMap(part -> part.conversationIds().stream())
              .collect(Collectors.toUnmodifiableSet())
          : Set.of();
    }

    /** Whether its content may be in the files. */
    public boolean hasContent() {
      return !place.equals(NOWHERE);
    }

    /** Whether it changes rows that were erased. */
    public boolean isOfEpochBefore(long present) {
      return !erases && isOlderThan(present);
    }

    /** Whether it was made for an earlier epoch. */
    public boolean isOlderThan(long present) {
      return own() != ChangeStamp.PRESENT_EPOCH && own() < present;
    }

    /** The epoch that it names by now. */
    private long own() {
      return epoch == UNCHANGED ? madeEpoch : epoch;
    }

    /** Whether both may be about rows of one epoch. */
    boolean isOfSameEpoch(Entry other) {
      return own() == other.own()
          || own() == ChangeStamp.PRESENT_EPOCH
          || other.own() == ChangeStamp.PRESENT_EPOCH;
    }

    /** Whether this erasure removes rows of that epoch. */
    public boolean takes(long rowEpoch) {
      return rowEpoch <= own();
    }

    /** Whether this erasure removes a change that was queued before it. */
    private boolean takes(Entry other) {
      if (other.erases && other.time.isAfter(time)) {
        return false;
      }
      return other.own() <= own();
    }

    Entry at(Place newPlace) {
      return with(newPlace, epoch, notBefore, generations);
    }

    Entry withEpoch(long newEpoch) {
      return with(place, newEpoch, notBefore, generations);
    }

    Entry withGeneration(String conversation, long generation) {
      Map<String, Long> more = new HashMap<>(generations);
      more.putIfAbsent(conversation, Math.max(generation, least(conversation)));
      Entry moved = with(place, epoch, notBefore, Map.copyOf(more));
      return createsAnyway || !created.contains(conversation)
          ? moved
          : moved.withoutCreate(conversation);
    }

    private long least(String conversation) {
      return least.getOrDefault(conversation, ConversationRef.LIVE);
    }

    Entry withLeast(String conversation, long generation) {
      Map<String, Long> more = new HashMap<>(least);
      more.put(conversation, Math.max(generation, least(conversation)));
      return with(created, more);
    }

    private Entry withoutCreate(String conversation) {
      Set<String> others = new HashSet<>(created);
      others.remove(conversation);
      return with(others, least);
    }

    private Entry with(Set<String> newCreated, Map<String, Long> newLeast) {
      return with(createsAnyway, newCreated, newLeast, place, epoch, notBefore, generations);
    }

    /** The same entry, with equal objects from another one. */
    Entry of(Owner sameOwner, Set<String> sameConversations) {
      return sameConversations == conversations
          ? this
          : new Entry(
              id,
              sameOwner,
              sameConversations,
              created,
              createsAnyway,
              least,
              erases,
              deletes,
              preferences,
              time,
              place,
              madeEpoch,
              epoch,
              notBefore,
              generations);
    }

    Entry after(Instant landed) {
      Instant next = landed.plus(1, ChronoUnit.MICROS);
      return next.isAfter(notBefore) ? with(place, epoch, next, generations) : this;
    }

    private Entry with(
        Place newPlace, long newEpoch, Instant newNotBefore, Map<String, Long> newGenerations) {
      return with(createsAnyway, created, least, newPlace, newEpoch, newNotBefore, newGenerations);
    }

    private Entry with(
        boolean newCreatesAnyway,
        Set<String> newCreated,
        Map<String, Long> newLeast,
        Place newPlace,
        long newEpoch,
        Instant newNotBefore,
        Map<String, Long> newGenerations) {
      return new Entry(
          id,
          owner,
          conversations,
          Set.copyOf(newCreated),
          newCreatesAnyway,
          Map.copyOf(newLeast),
          erases,
          deletes,
          preferences,
          time,
          newPlace,
          madeEpoch,
          newEpoch,
          newNotBefore,
          newGenerations);
    }

    /** Whether both write the same conversation, or both write preferences. */
    boolean isAboutSame(Entry other) {
      return preferences
          ? other.preferences
          : !other.preferences && conversations.stream().anyMatch(other.conversations::contains);
    }

    /** The change as moved by settlements since it was made. */
    public Change rebased(Change made) {
      Change change = made;
      if (epoch != UNCHANGED) {
        change = change.withStamp(change.stamp().withEpoch(epoch));
      }
      if (notBefore.isAfter(time)) {
        change = change.withStamp(change.stamp().withTime(notBefore));
      }
      boolean asSent = createsAnyway && change instanceof Change.Bulk bulk && bulk.asSent();
      return asSent ? change : Rebase.following(Rebase.onto(change, generations), least);
    }

    /**
     * The same entry for an operator. What it would create, it does no more where it was rejected
     * by a conversation: retried, it must not come back after that one is deleted.
     */
    Entry parked(Map<String, Long> rejectedIn) {
      Entry parked = with(false, created, least, place, epoch, notBefore, generations);
      for (Map.Entry<String, Long> one : rejectedIn.entrySet()) {
        parked = parked.withGeneration(one.getKey(), one.getValue());
      }
      return parked;
    }
  }

  /** A change that the database rejected permanently. */
  public record Parked(Entry entry, Settlement settlement) {
    public StoreState.Rejected toRejected() {
      return rejected(entry, settlement.reason(), settlement.at());
    }
  }

  /** Describes a change that is parked, or will be. */
  public static StoreState.Rejected rejected(Entry entry, String reason, Instant at) {
    Set<String> conversations = entry.conversations();
    return new StoreState.Rejected(
        entry.id(),
        entry.owner(),
        conversations.size() == 1 ? conversations.iterator().next() : null,
        true,
        reason,
        at);
  }

  private final Map<UUID, Entry> queue = new LinkedHashMap<>();
  private final Map<Owner, Map<UUID, Entry>> byOwner = new HashMap<>();
  private final Map<ConversationKey, Map<UUID, Entry>> byConversation = new HashMap<>();
  private final Map<Owner, Integer> erasures = new HashMap<>();
  private final Map<UUID, Parked> parked = new LinkedHashMap<>();
  private long bytes;

  private record ConversationKey(Owner owner, String id) {}

  /** A copy of the current entries in order, for iteration; queries by owner do not work on it. */
  PendingQueue frozen() {
    PendingQueue view = new PendingQueue();
    view.queue.putAll(queue);
    view.parked.putAll(parked);
    view.bytes = bytes;
    return view;
  }

  /** Adds a parked change from another queue. */
  public void addParked(Parked change) {
    parked.put(change.entry().id(), change);
  }

  /** Sets the place of a change after files were rewritten; ignores a change that is gone. */
  public void moved(UUID id, Place place) {
    Entry entry = queue.get(id);
    if (entry != null) {
      add(entry.at(place));
    }
    parked.computeIfPresent(
        id, (key, change) -> new Parked(change.entry().at(place), change.settlement()));
  }

  public boolean isEmpty() {
    return queue.isEmpty();
  }

  /** A pending change, or null. */
  public @Nullable Entry pending(UUID id) {
    return queue.get(id);
  }

  public boolean contains(UUID id) {
    return queue.containsKey(id);
  }

  public List<Owner> owners() {
    return List.copyOf(byOwner.keySet());
  }

  public boolean covers(Owner owner) {
    return byOwner.containsKey(owner);
  }

  public boolean covers(Owner owner, String conversationId) {
    return erasures.containsKey(owner)
        || byConversation.containsKey(new ConversationKey(owner, conversationId));
  }

  /** Whether an erasure of the owner is pending. */
  public boolean erases(Owner owner) {
    return erasures.containsKey(owner);
  }

  /** Whether an erasure of the owner is pending that removes rows of this epoch. */
  public boolean erases(Owner owner, long rowEpoch) {
    return erasures.containsKey(owner)
        && of(owner).stream().anyMatch(entry -> entry.erases() && entry.takes(rowEpoch));
  }

  /** The changes that affect a conversation, in order. */
  public List<Entry> of(Owner owner, String conversationId) {
    if (erasures.containsKey(owner)) {
      return of(owner).stream()
          .filter(entry -> entry.erases() || entry.conversations().contains(conversationId))
          .toList();
    }
    return List.copyOf(
        byConversation.getOrDefault(new ConversationKey(owner, conversationId), Map.of()).values());
  }

  public Collection<Entry> of(Owner owner) {
    return byOwner.getOrDefault(owner, Map.of()).values();
  }

  /** The first changes in order; always at least one, whatever its size. */
  public List<Entry> first(int max, long maxBytes) {
    List<Entry> first = new ArrayList<>();
    long left = maxBytes;
    for (Entry entry : queue.values()) {
      left -= entry.place().length();
      if (first.size() == max || (left < 0 && !first.isEmpty())) {
        break;
      }
      first.add(entry);
    }
    return first;
  }

  public Collection<Entry> all() {
    return queue.values();
  }

  /** The changes whose lines could not be read. */
  public List<UUID> withoutContent() {
    return queue.values().stream().filter(entry -> !entry.hasContent()).map(Entry::id).toList();
  }

  public Collection<Parked> parked() {
    return parked.values();
  }

  long bytes() {
    return bytes;
  }

  public StoreState.Pending figures() {
    if (queue.isEmpty()) {
      return StoreState.Pending.NONE;
    }
    Instant oldest = queue.values().iterator().next().time();
    return new StoreState.Pending(queue.size(), bytes, oldest);
  }

  public void add(Entry given) {
    Entry entry = sharing(given);
    Entry old = queue.put(entry.id(), entry);
    bytes += entry.place().length() - (old == null ? 0 : old.place().length());
    byOwner.computeIfAbsent(entry.owner(), key -> new LinkedHashMap<>()).put(entry.id(), entry);
    for (String id : entry.conversations()) {
      byConversation
          .computeIfAbsent(new ConversationKey(entry.owner(), id), key -> new LinkedHashMap<>())
          .put(entry.id(), entry);
    }
    if (entry.erases() && old == null) {
      erasures.merge(entry.owner(), 1, Integer::sum);
    }
  }

  /** Shares what is equal in the entries of one conversation, because there may be many. */
  private Entry sharing(Entry entry) {
    if (entry.conversations().size() != 1) {
      return entry;
    }
    String id = entry.conversations().iterator().next();
    Map<UUID, Entry> others = byConversation.get(new ConversationKey(entry.owner(), id));
    Entry one = others == null ? entry : others.values().iterator().next();
    return one.conversations().equals(entry.conversations())
        ? entry.of(one.owner(), one.conversations())
        : entry;
  }

  private @Nullable Entry remove(UUID id) {
    Entry entry = queue.remove(id);
    if (entry != null) {
      bytes -= entry.place().length();
      byOwner.computeIfPresent(entry.owner(), (owner, entries) -> without(entries, id));
      for (String conversation : entry.conversations()) {
        byConversation.computeIfPresent(
            new ConversationKey(entry.owner(), conversation),
            (key, entries) -> without(entries, id));
      }
      if (entry.erases()) {
        erasures.computeIfPresent(
            entry.owner(), (owner, count) -> count == 1 ? null : Integer.valueOf(count - 1));
      }
    }
    return entry;
  }

  private static @Nullable Map<UUID, Entry> without(Map<UUID, Entry> entries, UUID id) {
    entries.remove(id);
    return entries.isEmpty() ? null : entries;
  }

  /**
   * Removes the changes that an erasure takes before it is queued, including parked ones. If it was
   * sent before, changes of a later epoch stay, as rows do: they came after the database had
   * applied it. So does an erasure that was requested later, with what follows it.
   */
  public void removeErased(Entry erasure) {
    boolean behindAnother = false;
    for (Entry entry : List.copyOf(of(erasure.owner()))) {
      boolean taken = erasure.takes(entry);
      if (entry.erases()) {
        behindAnother = !taken;
      } else if (behindAnother && entry.own() == ChangeStamp.PRESENT_EPOCH) {
        taken = false;
      }
      if (taken) {
        remove(entry.id());
      }
    }
    parked
        .values()
        .removeIf(
            change ->
                change.entry().owner().equals(erasure.owner()) && erasure.takes(change.entry()));
  }

  /** A parked change, or null. */
  public @Nullable Entry parked(UUID id) {
    Parked change = parked.get(id);
    return change == null ? null : change.entry();
  }

  /** Ends a pending or parked change; returns it, or null if there is none. */
  public @Nullable Entry settle(Settlement settlement) {
    Entry entry = queue.get(settlement.changeId());
    if (entry == null) {
      Parked given = parked.remove(settlement.changeId());
      return given == null ? null : given.entry();
    }
    switch (settlement.kind()) {
      // A dropped erasure gives the epoch of the changes that follow it.
      case DRAINED, DROPPED -> rebaseLater(entry, settlement);
      case PARKED, CANCELLED -> {}
    }
    remove(entry.id());
    if (settlement.kind() == Settlement.Kind.PARKED) {
      Entry kept = entry.parked(settlement.generations());
      parked.put(entry.id(), new Parked(kept, settlement));
    }
    return entry;
  }

  /**
   * An unmet conversation is now in the database. Pending changes about it take its generation
   * there, as after a create. Changes that name an earlier epoch of its owner take this epoch.
   */
  void met(Owner owner, String conversation, long epoch, long generation) {
    if (epoch > 0) {
      Set<String> ended = new HashSet<>();
      for (Entry entry : List.copyOf(of(owner))) {
        if (!entry.isOlderThan(epoch)) {
          continue;
        }
        boolean behind = entry.conversations().stream().anyMatch(ended::contains);
        if (entry.epoch() != UNCHANGED || behind) {
          // One of its conversations was erased, so later changes of these stay as well, except
          // those of the conversation that lives.
          ended.addAll(entry.conversations());
          ended.remove(conversation);
        } else if (!DerivedIds.isOfTakeover(entry.id())) {
          // A takeover from a file is older than any erasure, and stays in its epoch.
          add(entry.withEpoch(epoch));
        }
      }
    }
    rebase(of(owner, conversation), conversation, generation);
  }

  /**
   * An unmet conversation is removed, because its owner was erased in the database. Pending changes
   * about it keep their epoch, whatever happens to the owner's other conversations.
   */
  public void forget(Owner owner, String conversation) {
    ConversationKey key = new ConversationKey(owner, conversation);
    for (Entry entry : List.copyOf(byConversation.getOrDefault(key, Map.of()).values())) {
      add(entry.withEpoch(entry.madeEpoch()));
    }
  }

  private void rebaseLater(Entry entry, Settlement settlement) {
    if (entry.erases() && settlement.epoch() != ChangeStamp.PRESENT_EPOCH) {
      moveEpoch(after(entry, of(entry.owner())), settlement.epoch());
    }
    Instant landed = settlement.landedAt();
    if (landed != null) {
      // Each gets a later time than the one before: of two writes of equal time the first would
      // win.
      Instant last = landed;
      for (Entry next : after(entry, of(entry.owner()))) {
        if (entry.isAboutSame(next)) {
          Entry moved = next.after(last);
          add(moved);
          last = moved.notBefore();
        }
      }
    }
    settlement
        .generations()
        .forEach(
            (conversation, generation) -> {
              // Generations restart with each epoch.
              List<Entry> later =
                  after(entry, of(entry.owner(), conversation)).stream()
                      .filter(entry::isOfSameEpoch)
                      .toList();
              rebase(later, conversation, generation);
            });
  }

  /**
   * Changes made after an erasure name no epoch and now take this one, up to the next erasure;
   * changes after that get the epoch that follows it. Changes that name an epoch were sent before
   * the erasure was requested.
   */
  private void moveEpoch(List<Entry> later, long epoch) {
    for (Entry next : later) {
      if (next.erases()) {
        return;
      }
      if (next.own() == ChangeStamp.PRESENT_EPOCH) {
        add(next.withEpoch(epoch));
      }
    }
  }

  /**
   * Gives this generation to the changes that name the live one. The next pending delete or create
   * is the last to get it, unless that create is dropped from its change here; an erasure ends it.
   * Changes behind a create that stays get their generation from that create, but no earlier one
   * than this, up to and including the next delete.
   */
  private void rebase(List<Entry> later, String conversation, long generation) {
    boolean follows = true;
    for (Entry next : later) {
      if (next.erases()) {
        return;
      }
      Entry moved =
          follows
              ? next.withGeneration(conversation, generation)
              : next.withLeast(conversation, generation);
      add(moved);
      if (next.deletes() && next.conversations().contains(conversation)) {
        return;
      }
      follows &= !moved.created().contains(conversation);
    }
  }

  /** The entries that follow a given one, in order. */
  private static List<Entry> after(Entry entry, Collection<Entry> entries) {
    List<Entry> later = new ArrayList<>();
    boolean beyond = false;
    for (Entry next : entries) {
      if (beyond) {
        later.add(next);
      }
      beyond |= next.id().equals(entry.id());
    }
    return later;
  }
}
