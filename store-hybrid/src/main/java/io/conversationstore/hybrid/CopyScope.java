package io.conversationstore.hybrid;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.CopyLimits;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.spi.FeedPage;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.LocalStore.Coverage;
import io.conversationstore.spi.LocalStore.MirroredMessage;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the local copy within its limits: leaves out old messages that the feed tells of, takes
 * contents out of the copy, and fetches those of a conversation that is used again. What it leaves
 * out is only ever the content of live messages: a conversation's header counts them, so that the
 * copy knows what it lacks. For the thread that follows the feed; the {@link #coverage} is for any.
 */
final class CopyScope {

  private static final Logger LOG = LoggerFactory.getLogger(CopyScope.class);

  /** Between two looks at what has become too old; a tenth of the window if that is shorter. */
  private static final Duration LONGEST_BETWEEN_LOOKS = Duration.ofMinutes(1);

  private static final Duration SHORTEST_BETWEEN_LOOKS = Duration.ofSeconds(1);

  /** How many messages of one conversation are fetched at most, the latest. */
  private static final int MOST_FETCHED = 10_000;

  /** Few at a time: messages may be large. */
  private static final int PAGE = 25;

  /** A conversation that could not be fetched as a whole is not fetched again for so long. */
  private static final Duration BETWEEN_PARTS = Duration.ofHours(1);

  private static final int MOST_REMEMBERED = 10_000;

  private record Key(Owner owner, String id) {}

  private final PrimaryStore primary;
  private final LocalStore local;
  private final CopyLimits limits;
  private final Clockwork clockwork;

  /** Conversations within the limits that lack messages, and when they were last updated. */
  private final Map<Key, Instant> lacking = new HashMap<>();

  /** When conversations were fetched in part, by the clockwork. */
  private final Map<Key, Long> fetchedInPart =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Long> eldest) {
          return size() > MOST_REMEMBERED;
        }
      };

  private boolean remembered;

  /** Null before the first look. */
  private volatile @Nullable Coverage coverage;

  private long lookedAt;

  /** Content that was put in since the last look, in characters and bytes. */
  private long added;

  /** What was updated by then has given up its contents. */
  private Instant evictedThrough = Instant.MIN;

  CopyScope(PrimaryStore primary, LocalStore local, CopyLimits limits, Clockwork clockwork) {
    this.primary = primary;
    this.local = local;
    this.limits = limits;
    this.clockwork = clockwork;
  }

  private boolean isLimited() {
    return !limits.equals(CopyLimits.NONE);
  }

  /** What the copy holds, in words. */
  String coverage() {
    if (!isLimited()) {
      return "all conversations";
    }
    StringBuilder text = new StringBuilder("all conversations, contents of those ");
    Duration window = limits.activeWithin();
    text.append(window == null ? "last updated" : "updated within " + window);
    if (limits.maxBytes() != CopyLimits.NONE.maxBytes()) {
      text.append(", of at most ").append(limits.maxBytes()).append(" bytes");
    }
    Coverage held = coverage;
    if (held != null) {
      text.append("; ").append(held.whole()).append(" of ").append(held.conversations());
      text.append(" were whole, ").append(held.bytes()).append(" bytes, when last counted");
    }
    return text.toString();
  }

  /** Lets the files know the limits, so that a later node with wider ones reads all anew. */
  void remember() {
    if (!remembered) {
      local.limit(limits);
      remembered = true;
    }
  }

  private Instant idleSince(Instant now) {
    Duration window = limits.activeWithin();
    return window == null ? Instant.MIN : now.minus(window);
  }

  /** Without messages that are too old, unless the copy has them: it must not have old states. */
  List<State> wanted(FeedPage page) {
    Instant idleSince = idleSince(page.asOf());
    if (idleSince.equals(Instant.MIN)) {
      return page.states();
    }
    return page.states().stream()
        .filter(
            state ->
                !(state instanceof MessageState message)
                    || !isOlder(message, idleSince)
                    || isHeld(message))
        .toList();
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

  /** These were put in, from a page of the feed. */
  void took(List<State> states, Instant now) {
    if (!isLimited()) {
      return;
    }
    Instant idleSince = idleSince(now);
    for (State state : states) {
      added += ContentSize.of(state);
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

  /** Whether it is time to take something out. */
  boolean isFull() {
    Coverage held = coverage;
    return isLimited() && added > limits.maxBytes() - (held == null ? 0 : held.bytes());
  }

  /** The same, or it was not looked at for some time. */
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
    return clockwork.nanoTime() - lookedAt >= between.toNanos();
  }

  /**
   * Takes out what is beyond the limits.
   *
   * @param now by the database's clock
   * @return whether something was taken out
   */
  boolean evict(Instant now) {
    lookedAt = clockwork.nanoTime();
    added = 0;
    Coverage left = local.evict(idleSince(now), limits.maxBytes());
    coverage = left;
    Instant through = left.evictedThrough();
    if (through != null && through.isAfter(evictedThrough)) {
      evictedThrough = through;
    }
    return through != null;
  }

  /**
   * Fetches what conversations lack that are used again, the latest first.
   *
   * @param put puts in what is read, while nothing else that was read before is put in
   */
  void fetch(BooleanSupplier goOn, Consumer<Supplier<List<State>>> put) {
    List<Map.Entry<Key, Instant>> latestFirst = new ArrayList<>(lacking.entrySet());
    latestFirst.sort(Map.Entry.<Key, Instant>comparingByValue(Comparator.reverseOrder()));
    for (Map.Entry<Key, Instant> entry : latestFirst) {
      if (!goOn.getAsBoolean()) {
        return;
      }
      Key key = entry.getKey();
      // What is older than something that was taken out would be taken out itself.
      if (entry.getValue().isAfter(evictedThrough)
          && local.lacksMessages(key.owner, key.id)
          && !wasFetchedInPart(key)) {
        fetch(key, put);
      }
      lacking.remove(key);
    }
  }

  private boolean wasFetchedInPart(Key key) {
    Long at = fetchedInPart.get(key);
    return at != null && clockwork.nanoTime() - at < BETWEEN_PARTS.toNanos();
  }

  private void fetch(Key key, Consumer<Supplier<List<State>>> put) {
    Fetch fetch = new Fetch(key);
    try {
      do {
        put.accept(fetch::page);
      } while (fetch.more && fetch.messages < MOST_FETCHED && fetch.hasRoom());
    } catch (ConversationNotFoundException | CursorExpiredException deleted) {
      LOG.debug("Not fetched, as it was deleted meanwhile", deleted);
      return;
    }
    if (fetch.more) {
      fetchedInPart.put(key, clockwork.nanoTime());
    }
  }

  /** The messages of one conversation from the last one on. */
  private final class Fetch {
    private final Key key;
    private Position.@Nullable InConversation from;
    private long content;
    private int messages;
    private boolean more;

    Fetch(Key key) {
      this.key = key;
    }

    List<State> page() {
      MessageSlice read = primary.messages(key.owner, key.id, Direction.BACKWARD, from, PAGE);
      List<MessageState> items = read.slice().items();
      List<State> states = new ArrayList<>();
      states.add(read.conversation());
      states.addAll(items);
      long size = states.stream().mapToLong(ContentSize::of).sum();
      content += size;
      added += size;
      messages += items.size();
      more = read.slice().more();
      if (!items.isEmpty()) {
        MessageState first = items.get(0);
        from =
            new Position.InConversation(
                read.slice().history(), first.epoch(), first.generation(), first.seq(), null);
      }
      return states;
    }

    /** One conversation must not drive out all others. */
    boolean hasRoom() {
      return content < limits.maxBytes() / 4;
    }
  }
}
