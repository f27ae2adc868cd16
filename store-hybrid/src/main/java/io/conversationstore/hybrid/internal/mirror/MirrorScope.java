package io.conversationstore.hybrid.internal.mirror;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.CopyLimits;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.hybrid.internal.support.ContentSize;
import io.conversationstore.hybrid.internal.support.LocalFailureException;
import io.conversationstore.hybrid.internal.support.NodeScheduler;
import io.conversationstore.spi.FeedPage;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.LocalStore.Coverage;
import io.conversationstore.spi.LocalStore.Mirrored;
import io.conversationstore.spi.LocalStore.MirroredMessage;
import io.conversationstore.spi.LocalStore.Steps;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the local copy within its limits: leaves out old messages of the feed, evicts contents, and
 * fetches those of a conversation that is used again. Only contents of live messages are left out,
 * and the copy records of which conversations. For the thread that follows the feed; {@link
 * #coverage} is for any thread.
 */
public final class MirrorScope {

  private static final Logger LOG = LoggerFactory.getLogger(MirrorScope.class);

  /**
   * Maximum interval between checks for expired contents; a tenth of the window if that is shorter.
   */
  private static final Duration LONGEST_BETWEEN_LOOKS = Duration.ofMinutes(1);

  private static final Duration SHORTEST_BETWEEN_LOOKS = Duration.ofSeconds(1);

  /** Maximum number of messages fetched per conversation for a copy with limits. */
  private static final int MOST_FETCHED = 10_000;

  /** Approximate size of a message in the files without its content, in bytes. */
  private static final int MESSAGE = 350;

  private static final int FIRST_PAGE = 4;
  private static final int LONGEST_PAGE = 200;

  /** Characters and bytes of content above which the next page has fewer messages: 4 MiB. */
  private static final long MAX_CONTENT = 4L << 20;

  /** How long fetching may delay the feed. */
  private static final Duration LONGEST_FETCHING = Duration.ofSeconds(1);

  /** Minimum interval between fetches of one conversation: the limits may be too narrow for it. */
  private static final Duration BETWEEN_FETCHES = Duration.ofHours(1);

  /** The same after a failed fetch. */
  private static final Duration AFTER_FAILURE = Duration.ofMinutes(1);

  private static final int MOST_REMEMBERED = 10_000;

  private record Key(Owner owner, String id) {}

  private final PrimaryStore primary;
  private final LocalStore local;
  private final CopyLimits limits;
  private final NodeScheduler scheduler;

  /** Conversations within the limits that lack messages, with their last update. */
  private final Map<Key, Instant> lacking = new HashMap<>();

  /** Earliest scheduler time at which each conversation is fetched again. */
  private final Map<Key, Long> notBefore =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Long> eldest) {
          return size() > MOST_REMEMBERED;
        }
      };

  /** Null before the first check. */
  private volatile @Nullable Coverage coverage;

  /** Unreadable rows by their places. */
  private final Map<String, FeedPage.Unreadable> unread = new ConcurrentHashMap<>();

  private boolean soughtLacking;
  private long lookedAt;

  /** Approximate bytes stored since the last check. */
  private long added;

  /** Contents last updated by then were evicted to make room for later ones. */
  private Instant evictedThrough = Instant.MIN;

  public MirrorScope(
      PrimaryStore primary, LocalStore local, CopyLimits limits, NodeScheduler scheduler) {
    this.primary = primary;
    this.local = local;
    this.limits = limits;
    this.scheduler = scheduler;
  }

  private boolean isLimited() {
    return !limits.equals(CopyLimits.NONE);
  }

  private boolean isLimitedInSize() {
    return limits.maxBytes() != CopyLimits.NONE.maxBytes();
  }

  /** The coverage of the copy, in words. */
  public String coverage() {
    if (!isLimited()) {
      return "all conversations";
    }
    StringBuilder text = new StringBuilder("all conversations, contents of those ");
    Duration window = limits.activeWithin();
    text.append(window == null ? "most recently updated" : "updated within " + window);
    if (isLimitedInSize()) {
      text.append(", in files of at most ").append(limits.maxBytes()).append(" bytes");
    }
    Coverage held = coverage;
    if (held != null) {
      text.append("; ").append(held.whole()).append(" of ").append(held.conversations());
      text.append(" complete, ").append(held.bytes()).append(" bytes at the last count");
    }
    return text.toString();
  }

  /** With an unknown time, nothing is idle. */
  private Instant idleSince(@Nullable Instant now) {
    Duration window = limits.activeWithin();
    return window == null || now == null ? Instant.MIN : now.minus(window);
  }

  // From the feed

  /** Messages that are too old, unless the copy has them: its states must not be outdated. */
  Set<State> unwanted(FeedPage page) {
    Instant idleSince = idleSince(page.asOf());
    Set<State> unwanted = Collections.newSetFromMap(new IdentityHashMap<>());
    if (!idleSince.equals(Instant.MIN)) {
      for (State state : page.states()) {
        if (state instanceof MessageState message
            && isOlder(message, idleSince)
            && !isHeld(message)) {
          unwanted.add(message);
        }
      }
    }
    return unwanted;
  }

  private static boolean isOlder(MessageState message, Instant idleSince) {
    if (!message.isLive()) {
      return false;
    }
    Instant edited = message.requireLive().editedAt();
    return message.requireLive().createdAt().isBefore(idleSince)
        && (edited == null || edited.isBefore(idleSince));
  }

  private boolean isHeld(MessageState message) {
    Optional<MirroredMessage> there =
        local.mirroredAt(message.owner(), message.conversationId(), message.seq());
    return there.isPresent()
        && there.get().epoch() == message.epoch()
        && there.get().generation() == message.generation();
  }

  /** Records that messages of these conversations were left out. */
  void leaveOut(Set<State> messages) {
    Set<Mirrored> conversations = new HashSet<>();
    for (State state : messages) {
      if (state instanceof MessageState message) {
        conversations.add(
            new Mirrored(
                message.owner(), message.conversationId(), message.epoch(), message.generation()));
      }
    }
    local.giveUp(List.copyOf(conversations));
  }

  /**
   * Records rows that the feed could not read. Their conversations are incomplete until fetched;
   * fetching is retried from time to time.
   */
  void cannotRead(List<FeedPage.Unreadable> rows) {
    local.markIncomplete(
        rows.stream().map(MirrorScope::conversationOf).filter(Objects::nonNull).toList());
    for (FeedPage.Unreadable row : rows) {
      if (unread.size() < MOST_REMEMBERED && unread.put(row.place(), row) == null) {
        LOG.warn(
            "A row of the database is unreadable and missing from the local copy: {}", row.place());
      }
      Mirrored conversation = conversationOf(row);
      if (conversation != null) {
        Key key = new Key(conversation.owner(), conversation.conversationId());
        lacking.put(key, Instant.MAX);
        putOff(key, AFTER_FAILURE);
      }
    }
  }

  private static @Nullable Mirrored conversationOf(FeedPage.Unreadable row) {
    Owner owner = row.owner();
    String id = row.conversationId();
    return owner == null || id == null
        ? null
        : new Mirrored(owner, id, row.epoch(), row.generation());
  }

  /** Tables and keys of unreadable rows; for any thread. */
  public Set<String> unread() {
    return new TreeSet<>(unread.keySet());
  }

  private boolean isUnread(Key key) {
    return unread.values().stream()
        .anyMatch(row -> key.owner.equals(row.owner()) && key.id.equals(row.conversationId()));
  }

  /** Unreadable rows have become readable or are gone. */
  private void read(Key key) {
    unread
        .values()
        .removeIf(row -> key.owner.equals(row.owner()) && key.id.equals(row.conversationId()));
  }

  /** The header of a conversation with unreadable rows has arrived: the rest is fetched. */
  private void tookUnread(List<State> states) {
    for (State state : states) {
      String id = state.conversationId();
      if (id == null) {
        unread
            .values()
            .removeIf(row -> row.conversationId() == null && state.owner().equals(row.owner()));
      } else if (state instanceof ConversationState header) {
        Key key = new Key(header.owner(), id);
        if (!header.isLive()) {
          read(key);
        } else if (isUnread(key)) {
          lacking.put(key, Instant.MAX);
          notBefore.remove(key);
        }
      }
    }
  }

  /** These states of a feed page were stored. */
  void took(List<State> states, @Nullable Instant now) {
    if (!unread.isEmpty()) {
      tookUnread(states);
    }
    if (!isLimited()) {
      return;
    }
    Instant idleSince = idleSince(now);
    for (State state : states) {
      added += bytes(state);
      if (state instanceof ConversationState header) {
        Key key = new Key(header.owner(), header.id());
        if (header.isLive()
            && !header.requireLive().updatedAt().isBefore(idleSince)
            && local.lacksMessages(key.owner, key.id)) {
          lacking.put(key, header.requireLive().updatedAt());
        } else {
          lacking.remove(key);
        }
      }
    }
  }

  private static long bytes(State state) {
    return state instanceof MessageState ? MESSAGE + ContentSize.of(state) : 0;
  }

  // Eviction

  private boolean isFull() {
    Coverage held = coverage;
    return isLimitedInSize()
        && added > limits.maxContentBytes() - (held == null ? 0 : held.bytes());
  }

  /** Whether a check against the limits is due. */
  boolean isDue() {
    if (!isLimited() || isFull() || coverage == null) {
      return isLimited();
    }
    Duration between = LONGEST_BETWEEN_LOOKS;
    Duration window = limits.activeWithin();
    if (window != null) {
      between = Collections.min(List.of(between, window.dividedBy(10)));
      between = Collections.max(List.of(between, SHORTEST_BETWEEN_LOOKS));
    }
    return scheduler.nanoTime() - lookedAt >= between.toNanos();
  }

  /**
   * Evicts contents beyond the limits.
   *
   * @param now by the database's clock; null if unknown
   */
  void evict(@Nullable Instant now, Steps steps) {
    lookedAt = scheduler.nanoTime();
    added = 0;
    Coverage left = local.evict(idleSince(now), limits.maxContentBytes(), steps);
    coverage = left;
    Instant through = left.evictedThrough();
    if (through != null && through.isAfter(evictedThrough)) {
      evictedThrough = through;
    }
  }

  // Fetching

  /**
   * Finds, once, conversations that lack messages since an earlier run or under narrower limits.
   *
   * @param now by the database's clock; null if unknown
   */
  void seekLacking(@Nullable Instant now) {
    if (soughtLacking || !lacking.keySet().stream().allMatch(this::isUnread)) {
      return;
    }
    Instant since = idleSince(now);
    Coverage held = coverage;
    if (isLimitedInSize() && held != null) {
      Instant first = held.heldSince();
      since = Collections.max(List.of(since, first == null ? Instant.MAX : first));
    }
    List<ConversationState> found = local.lacking(since, MOST_REMEMBERED);
    for (ConversationState header : found) {
      lacking.put(new Key(header.owner(), header.id()), header.requireLive().updatedAt());
    }
    // If there are more, they are searched for after these are fetched.
    soughtLacking = found.size() < MOST_REMEMBERED;
  }

  /**
   * Fetches missing contents of conversations in use, latest first.
   *
   * @param put stores what is read, while nothing that was read earlier is stored
   */
  void fetch(BooleanSupplier shouldContinue, Consumer<Supplier<List<State>>> put) {
    long start = scheduler.nanoTime();
    List<Map.Entry<Key, Instant>> latestFirst = new ArrayList<>(lacking.entrySet());
    latestFirst.sort(Map.Entry.<Key, Instant>comparingByValue(Comparator.reverseOrder()));
    for (Map.Entry<Key, Instant> entry : latestFirst) {
      if (!shouldContinue.getAsBoolean()
          || isFull()
          || scheduler.nanoTime() - start > LONGEST_FETCHING.toNanos()) {
        return;
      }
      Key key = entry.getKey();
      if (!isPutOff(key) && fetch(key, entry.getValue(), shouldContinue, put)) {
        lacking.remove(key);
      }
    }
  }

  /**
   * @param used the last use of the conversation
   * @return false if it was interrupted and must be retried
   */
  private boolean fetch(
      Key key, Instant used, BooleanSupplier shouldContinue, Consumer<Supplier<List<State>>> put) {
    // Contents older than evicted ones would be evicted too.
    return !used.isAfter(evictedThrough)
        || !local.lacksMessages(key.owner, key.id)
        || fetch(key, shouldContinue, put);
  }

  /** A row of a conversation is unreadable. */
  private static final class UnreadableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UnreadableException(RuntimeException cause) {
      super("a row of the database is unreadable", cause);
    }
  }

  private boolean isPutOff(Key key) {
    Long until = notBefore.get(key);
    return until != null && scheduler.nanoTime() - until < 0;
  }

  private void putOff(Key key, Duration time) {
    notBefore.remove(key);
    notBefore.put(key, scheduler.nanoTime() + time.toNanos());
  }

  private boolean fetch(
      Key key, BooleanSupplier shouldContinue, Consumer<Supplier<List<State>>> put) {
    Fetch fetch = new Fetch(key);
    // Assumes a failure until the fetch has succeeded.
    putOff(key, AFTER_FAILURE);
    try {
      do {
        put.accept(fetch::page);
      } while (fetch.more && fetch.hasRoom() && shouldContinue.getAsBoolean());
    } catch (ConversationNotFoundException | CursorExpiredException deleted) {
      LOG.debug("The contents were not fetched: the conversation was deleted meanwhile", deleted);
      read(key);
      return true;
    } catch (UnreadableException unreadable) {
      // It is retried later and does not block others.
      LOG.debug("The contents were not fetched: a row is unreadable", unreadable);
      return false;
    }
    if (fetch.more && fetch.hasRoom()) {
      return false;
    }
    Mirrored conversation = fetch.conversation;
    if (conversation != null && !fetch.more) {
      LocalFailureException.guard(() -> local.markWhole(conversation));
      read(key);
    }
    if (isLimited()) {
      putOff(key, BETWEEN_FETCHES);
    }
    return true;
  }

  /**
   * The messages of one conversation: from the last one backwards for a copy with limits, which may
   * not take all of them; otherwise from the first one.
   */
  private final class Fetch {
    private final Key key;
    private @Nullable Mirrored conversation;
    private Position.@Nullable InConversation from;
    private long content;
    private int messages;
    private int size = FIRST_PAGE;
    private boolean more;

    Fetch(Key key) {
      this.key = key;
    }

    List<State> page() {
      Direction direction = isLimited() ? Direction.BACKWARD : Direction.FORWARD;
      MessageSlice read = read(direction);
      ConversationState header = read.conversation();
      List<MessageState> items = read.slice().items();
      List<State> states = new ArrayList<>();
      states.add(header);
      states.addAll(items);
      long taken = states.stream().mapToLong(MirrorScope::bytes).sum();
      size = taken > MAX_CONTENT ? Math.max(1, size / 2) : Math.min(LONGEST_PAGE, 2 * size);
      content += taken;
      added += taken;
      messages += items.size();
      more = read.slice().more();
      if (conversation == null) {
        conversation =
            new Mirrored(header.owner(), header.id(), header.epoch(), header.generation());
      }
      if (!items.isEmpty()) {
        MessageState end = items.get(direction == Direction.BACKWARD ? 0 : items.size() - 1);
        from =
            new Position.InConversation(
                read.slice().history(), end.epoch(), end.generation(), end.seq(), null);
      }
      return states;
    }

    private MessageSlice read(Direction direction) {
      try {
        return primary.messages(key.owner, key.id, direction, from, size);
      } catch (IllegalArgumentException | IllegalStateException | DateTimeException e) {
        throw new UnreadableException(e);
      }
    }

    /** One conversation must not evict all others. */
    boolean hasRoom() {
      return !isLimited() || (messages < MOST_FETCHED && content < limits.maxContentBytes() / 4);
    }
  }
}
