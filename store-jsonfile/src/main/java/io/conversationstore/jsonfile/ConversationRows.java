package io.conversationstore.jsonfile;

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
 * One conversation in the index: its header and its messages by {@code seq}. Guarded by the lock of
 * the engine; a {@link #frozen()} one is for any thread.
 */
final class ConversationRows {
  private @Nullable ConversationState header;
  private long generation;
  private long changedMicros;
  private MessageTable messages;
  private long liveMessages;
  private long liveBytes;
  private boolean ascending = true;

  /** Whether a mirror has given up contents of this generation. */
  private boolean givenUp;

  /** Whether the header came by a write of this node, and the feed has not told it yet. */
  private boolean ahead;

  /** The order by creation time, once somebody asked; null again when it may have changed. */
  private volatile int @Nullable [] byTime;

  ConversationRows() {
    this(new MessageTable());
  }

  private ConversationRows(MessageTable messages) {
    this.messages = messages;
  }

  /** As another one was frozen. */
  static ConversationRows of(
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

  /** A view that keeps what is there now. */
  ConversationRows frozen() {
    ConversationRows view = new ConversationRows(messages.frozen());
    view.header = header;
    view.generation = generation;
    view.changedMicros = changedMicros;
    view.liveMessages = liveMessages;
    view.liveBytes = liveBytes;
    view.ascending = ascending;
    view.givenUp = givenUp;
    view.ahead = ahead;
    return view;
  }

  @Nullable ConversationState header() {
    return header;
  }

  /** The generation that the messages are of. */
  long generation() {
    return generation;
  }

  /** When the header was last written. */
  long changedMicros() {
    return changedMicros;
  }

  long liveMessages() {
    return liveMessages;
  }

  /** What the contents of the messages take on disk. */
  long liveBytes() {
    return liveBytes;
  }

  boolean isLive() {
    return header != null && header.isLive();
  }

  /** Whether a message of higher {@code seq} never has an earlier creation time. */
  boolean isAscending() {
    return ascending;
  }

  /** The indexes of all messages by creation time, then {@code seq}; not to be changed. */
  int[] byTime() {
    int[] order = byTime;
    if (order == null) {
      // Readers may do it at once, and come to the same. The sort keeps the order of equal times.
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
  MessageTable messages() {
    return messages;
  }

  void setHeader(ConversationState newHeader, long atMicros) {
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
  void startGeneration(long newGeneration) {
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
    givenUp = false;
  }

  // What no database has been given

  /** Whether it is live and no database has been given it. */
  boolean isUnmet() {
    ConversationState present = header;
    return present != null && present.isLive() && present.generation() == ConversationRef.LIVE;
  }

  /** Makes a live one unmet: generation and epoch are the database's to give. */
  void becomeUnmet() {
    ConversationState live = header;
    if (live == null) {
      return;
    }
    messages.retainLive();
    byTime = null;
    givenUp = false;
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

  /** The same in another epoch of its owner. */
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
   * Becomes a row of the mirror. The header keeps what it says until the database's, which is
   * later, follows.
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

  /** Whether a mirror has given up contents of this generation, and not got all of them again. */
  boolean isGivenUp() {
    return givenUp;
  }

  void setGivenUp(boolean newGivenUp) {
    givenUp = newGivenUp;
  }

  /** Notes whether the header is one that the feed has still to tell. */
  void setAhead(boolean newAhead) {
    ahead = newAhead;
  }

  /** Drops live messages; the header, and what was deleted, stay. */
  void evict() {
    List<MessageRow> deleted = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      if (!messages.isLive(i)) {
        deleted.add(messages.get(i));
      }
    }
    clear();
    deleted.forEach(this::add);
    givenUp = true;
  }

  /**
   * Whether a message that was committed with a version of the header may have been given up in a
   * later state, which is not known any more: the header has been told of later changes. Where that
   * is not so, the feed still brings it.
   */
  boolean mayHaveGivenUp(MessageState message, long headerVersion) {
    return givenUp
        && message.generation() == generation
        && message(message.messageId()) == null
        && header != null
        && headerVersion < header.version();
  }

  /**
   * Whether messages may not be here that the header counts. The count alone does not tell: one
   * that is missing may be counted by one that was deleted since. A header that is later than all
   * that was told needs all places up to the last one, of which only rows that are long deleted
   * have gone.
   *
   * @param toldMicros all that was committed before has been told
   */
  boolean lacksMessages(long toldMicros) {
    ConversationState counting = header;
    Live live = counting == null ? null : counting.live();
    if (counting == null) {
      return givenUp;
    } else if (live == null || isUnmet()) {
      return false;
    }
    boolean told = !ahead && Micros.of(live.updatedAt()) < toldMicros;
    return givenUp
        || counting.generation() != generation
        || live.messageCount() != liveMessages
        || (!told && messages.size() < counting.lastSeq());
  }

  /** Lets the header count the messages that are there. */
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

  @Nullable MessageRow message(UUID id) {
    int index = messages.find(id);
    return index < 0 ? null : messages.get(index);
  }

  /** Makes room for so many messages more. */
  void reserve(int more) {
    messages.reserve(more);
  }

  /** Puts in a message of an id that is not there. */
  void add(MessageRow row) {
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

  /** Puts a message in its place; one of the same id or {@code seq} gives way. */
  void put(MessageRow row) {
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

  /** As {@link MessageTable#moved}: what a compaction left out goes. */
  void moved(ConversationRows view, MessageTable.Places places) {
    messages.moved(view.messages, places);
    byTime = null;
  }

  /** The same where messages have got other places in the conversation since. */
  void movedByContent(ConversationRows view, MessageTable.Places places) {
    messages.movedByContent(view.messages, places);
  }

  private void count(MessageRow row, int sign) {
    liveMessages += row.live() ? sign : 0;
    liveBytes += sign * row.bytes();
  }

  /** Live messages beyond {@code seq}, nearest first, at most {@code max}. */
  List<MessageRow> beyond(long seq, boolean forward, int max) {
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
