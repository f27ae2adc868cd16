package io.conversationstore.jsonfile.internal.index;

import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.LocalStore.Placed;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.Transitions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One conversation in the index: its header and its messages by {@code seq}. Guarded by the
 * engine's lock; a {@link #frozen()} copy is thread-safe.
 */
public final class ConversationRows {
  private @Nullable ConversationState header;
  private long generation;
  private long changedMicros;
  private MessageTable messages;
  private long liveMessages;
  private long liveBytes;
  private boolean ascending = true;

  /** Whether the mirror has evicted contents of this generation. */
  private boolean evicted;

  /** Whether the header came from a write of this node and has not yet arrived in the feed. */
  private boolean ahead;

  /** The order by creation time, computed on demand; null when it may have changed. */
  private volatile int @Nullable [] byTime;

  ConversationRows() {
    this(new MessageTable());
  }

  private ConversationRows(MessageTable messages) {
    this.messages = messages;
  }

  /** Restores rows from the parts of a frozen copy. */
  public static ConversationRows of(
      @Nullable ConversationState header,
      long generation,
      long changedMicros,
      MessageTable messages) {
    ConversationRows rows = new ConversationRows(messages);
    rows.header = header;
    rows.generation = generation;
    rows.changedMicros = changedMicros;
    rows.take(messages);
    return rows;
  }

  /** A view that keeps the current rows. */
  ConversationRows frozen() {
    ConversationRows view = new ConversationRows(messages.frozen());
    view.header = header;
    view.generation = generation;
    view.changedMicros = changedMicros;
    view.liveMessages = liveMessages;
    view.liveBytes = liveBytes;
    view.ascending = ascending;
    view.evicted = evicted;
    view.ahead = ahead;
    return view;
  }

  public @Nullable ConversationState header() {
    return header;
  }

  /** The generation of the messages. */
  public long generation() {
    return generation;
  }

  /** When the header was last written. */
  public long changedMicros() {
    return changedMicros;
  }

  public long liveMessages() {
    return liveMessages;
  }

  /** The size of the messages' contents on disk, in bytes. */
  public long liveBytes() {
    return liveBytes;
  }

  public boolean isLive() {
    return header != null && header.isLive();
  }

  /** Whether creation times never decrease with {@code seq}. */
  boolean isAscending() {
    return ascending;
  }

  /** The indexes of all messages by creation time, then {@code seq}. Callers must not change it. */
  int[] byTime() {
    int[] order = byTime;
    if (order == null) {
      // Concurrent readers compute the same result. The sort is stable.
      order =
          IntStream.range(0, messages.size())
              .boxed()
              .sorted(Comparator.comparingLong(messages::createdMicros))
              .mapToInt(Integer::intValue)
              .toArray();
      byTime = order;
    }
    return order;
  }

  /** All messages by {@code seq}, deleted ones included. */
  public MessageTable messages() {
    return messages;
  }

  public void setHeader(ConversationState newHeader, long atMicros) {
    startGeneration(newHeader.generation());
    header = newHeader;
    changedMicros = atMicros;
    if (!newHeader.isLive()) {
      for (int i = 0; i < messages.size(); i++) {
        if (messages.isLive(i)) {
          put(messages.get(i).deleted(atMicros));
        }
      }
    }
  }

  /** Drops the messages of older generations. */
  public void startGeneration(long newGeneration) {
    if (newGeneration > generation) {
      generation = newGeneration;
      clear();
    }
  }

  private void clear() {
    messages.clear();
    liveMessages = 0;
    liveBytes = 0;
    ascending = true;
    byTime = null;
    evicted = false;
  }

  // Conversations not yet in a database

  /** Whether it is live and not yet in a database. */
  public boolean isUnmet() {
    ConversationState present = header;
    return present != null && present.isLive() && present.generation() == ConversationRef.LIVE;
  }

  /** Makes a live conversation unmet: the database will assign generation and epoch. */
  void becomeUnmet() {
    ConversationState live = header;
    if (live == null) {
      return;
    }
    messages.retainLive();
    byTime = null;
    evicted = false;
    ahead = false;
    generation = ConversationRef.LIVE;
    header =
        new ConversationState(
            live.owner(),
            live.id(),
            0,
            ConversationRef.LIVE,
            0,
            live.live(),
            live.lastSeq(),
            live.createdBy());
  }

  /** Moves the conversation to another epoch of its owner. */
  void moveEpoch(long epoch) {
    ConversationState present = header;
    if (present != null) {
      header =
          new ConversationState(
              present.owner(),
              present.id(),
              epoch,
              present.generation(),
              present.version(),
              present.live(),
              present.lastSeq(),
              present.createdBy());
    }
  }

  /**
   * Becomes a row of the mirror. The header stays as it is until the later one from the database
   * arrives.
   */
  void met(long newGeneration, List<Placed> places) {
    ConversationState unmet = header;
    if (unmet == null) {
      return;
    }
    MessageTable met = messages.placed(places);
    long last = met.size() == 0 ? 0 : met.seq(met.size() - 1);
    generation = newGeneration;
    header =
        new ConversationState(
            unmet.owner(),
            unmet.id(),
            unmet.epoch(),
            newGeneration,
            0,
            unmet.live(),
            last,
            unmet.createdBy());
    take(met);
  }

  private void take(MessageTable taken) {
    messages = taken;
    liveMessages = 0;
    liveBytes = 0;
    ascending = true;
    byTime = null;
    for (int i = 0; i < taken.size(); i++) {
      ascending &= taken.ascends(i);
      if (taken.isLive(i)) {
        liveMessages++;
        liveBytes += taken.bytes(i);
      }
    }
  }

  /**
   * Whether the mirror has evicted contents of this generation and not fetched all of them again.
   */
  public boolean isEvicted() {
    return evicted;
  }

  public void setEvicted(boolean newGivenUp) {
    evicted = newGivenUp;
  }

  /** Records whether the header has yet to arrive in the feed. */
  public void setAhead(boolean newAhead) {
    ahead = newAhead;
  }

  /** Drops live messages; the header and deleted messages stay. */
  public void evict() {
    List<MessageRow> deleted = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      if (!messages.isLive(i)) {
        deleted.add(messages.get(i));
      }
    }
    clear();
    deleted.forEach(this::add);
    evicted = true;
  }

  /**
   * Whether a later state of a message may have been evicted. The message was committed with {@code
   * headerVersion}, and the current header is newer. Otherwise the feed still delivers the message.
   */
  public boolean mayHaveEvicted(MessageState message, long headerVersion) {
    return evicted
        && message.generation() == generation
        && message(message.messageId()) == null
        && header != null
        && headerVersion < header.version();
  }

  /**
   * Whether messages that the header counts may be missing here. The count alone is not enough: a
   * missing message and a message deleted since can cancel out. A header that is ahead of the feed
   * needs every {@code seq} up to the last one; only rows deleted long ago may be absent.
   *
   * @param deliveredThroughMicros the feed has delivered everything committed before this time
   */
  public boolean lacksMessages(long deliveredThroughMicros) {
    ConversationState counting = header;
    Live live = counting == null ? null : counting.live();
    if (counting == null) {
      return evicted;
    } else if (live == null || isUnmet()) {
      return false;
    }
    boolean delivered = !ahead && Micros.of(live.updatedAt()) < deliveredThroughMicros;
    return evicted
        || counting.generation() != generation
        || live.messageCount() != liveMessages
        || (!delivered && messages.size() < counting.lastSeq());
  }

  /** Sets the header's count to the messages that are present. */
  void recount() {
    ConversationState counted = header;
    if (counted != null && counted.isLive()) {
      Live live = counted.requireLive();
      header =
          new ConversationState(
              counted.owner(),
              counted.id(),
              counted.epoch(),
              counted.generation(),
              counted.version(),
              Transitions.counted(live, liveMessages),
              counted.lastSeq(),
              counted.createdBy());
    }
  }

  public @Nullable MessageRow message(UUID id) {
    int index = messages.find(id);
    return index < 0 ? null : messages.get(index);
  }

  /** Reserves capacity for this many more messages. */
  public void reserve(int more) {
    messages.reserve(more);
  }

  /** Adds a message whose id is not present. */
  public void add(MessageRow row) {
    int size = messages.size();
    if (size > 0 && row.seq() <= messages.seq(size - 1)) {
      put(row);
      return;
    }
    messages.put(row);
    count(row, 1);
    byTime = null;
    ascending &= size == 0 || messages.ascends(size - 1);
  }

  /** Puts a message in its place, replacing one of the same id or {@code seq}. */
  public void put(MessageRow row) {
    int size = messages.size();
    int old = messages.find(row.id());
    if (old >= 0 && messages.seq(old) != row.seq()) {
      count(messages.get(old), -1);
      messages.remove(old);
      byTime = null;
    }
    if (old < 0 && (size == 0 || row.seq() > messages.seq(size - 1))) {
      add(row);
      return;
    }
    int same = messages.find(row.seq());
    if (same >= 0) {
      count(messages.get(same), -1);
    }
    if (same < 0 || messages.createdMicros(same) != row.createdMicros()) {
      byTime = null;
    }
    messages.put(row);
    count(row, 1);
    int index = same >= 0 ? same : messages.find(row.seq());
    ascending &= messages.ascends(index) && (index == 0 || messages.ascends(index - 1));
  }

  /** Like {@link MessageTable#moved}: removes what a compaction left out. */
  public void moved(ConversationRows view, MessageTable.Places places) {
    messages.moved(view.messages, places);
    byTime = null;
  }

  /** Like {@link #moved}, if messages have since moved to another {@code seq}. */
  public void movedByContent(ConversationRows view, MessageTable.Places places) {
    messages.movedByContent(view.messages, places);
  }

  private void count(MessageRow row, int sign) {
    liveMessages += row.live() ? sign : 0;
    liveBytes += sign * row.bytes();
  }

  /** Live messages beyond {@code seq}, nearest first, at most {@code max}. */
  public List<MessageRow> beyond(long seq, boolean forward, int max) {
    List<MessageRow> found = new ArrayList<>(Math.min(max, 64));
    int index = messages.find(seq);
    int at = forward ? (index < 0 ? -index - 1 : index + 1) : (index < 0 ? -index - 2 : index - 1);
    for (; at >= 0 && at < messages.size() && found.size() < max; at += forward ? 1 : -1) {
      if (messages.isLive(at)) {
        found.add(messages.get(at));
      }
    }
    return found;
  }
}
