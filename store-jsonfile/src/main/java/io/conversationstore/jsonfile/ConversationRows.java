package io.conversationstore.jsonfile;

import io.conversationstore.spi.State.ConversationState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One conversation in the index: its header and its messages by {@code seq}. Guarded by the lock of
 * the engine.
 */
final class ConversationRows {
  private @Nullable ConversationState header;
  private long generation;
  private long changedMicros;
  private final List<MessageRow> bySeq = new ArrayList<>();
  private final Map<UUID, MessageRow> byId = new HashMap<>();
  private long liveMessages;

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

  boolean isLive() {
    return header != null && header.isLive();
  }

  void setHeader(ConversationState newHeader, long atMicros) {
    startGeneration(newHeader.generation());
    header = newHeader;
    changedMicros = atMicros;
    if (!newHeader.isLive()) {
      for (int i = 0; i < bySeq.size(); i++) {
        MessageRow row = bySeq.get(i);
        if (row.isLive()) {
          put(row.deleted(atMicros));
        }
      }
    }
  }

  /** Drops the messages of older generations. */
  void startGeneration(long newGeneration) {
    if (newGeneration > generation) {
      generation = newGeneration;
      bySeq.clear();
      byId.clear();
      liveMessages = 0;
    }
  }

  @Nullable MessageRow message(UUID id) {
    return byId.get(id);
  }

  /** Puts a message in its place; one of the same id or {@code seq} gives way. */
  void put(MessageRow row) {
    MessageRow old = byId.put(row.id(), row);
    if (old != null && old.seq() != row.seq()) {
      bySeq.remove(indexOf(old.seq()));
    }
    int index =
        bySeq.isEmpty() || bySeq.get(bySeq.size() - 1).seq() < row.seq()
            ? -bySeq.size() - 1
            : indexOf(row.seq());
    if (index < 0) {
      bySeq.add(-index - 1, row);
    } else {
      MessageRow replaced = bySeq.set(index, row);
      if (!replaced.id().equals(row.id())) {
        byId.remove(replaced.id());
        liveMessages -= replaced.isLive() ? 1 : 0;
      }
    }
    liveMessages += (row.isLive() ? 1 : 0) - (old != null && old.isLive() ? 1 : 0);
  }

  private int indexOf(long seq) {
    int low = 0;
    int high = bySeq.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long found = bySeq.get(middle).seq();
      if (found < seq) {
        low = middle + 1;
      } else if (found > seq) {
        high = middle - 1;
      } else {
        return middle;
      }
    }
    return -low - 1;
  }

  /** All messages by {@code seq}, deleted ones included; a view. */
  List<MessageRow> messages() {
    return Collections.unmodifiableList(bySeq);
  }

  /** Live messages beyond {@code seq}, nearest first, at most {@code max}. */
  List<MessageRow> beyond(long seq, boolean forward, int max) {
    List<MessageRow> found = new ArrayList<>(Math.min(max, 64));
    int index = indexOf(seq);
    int at = forward ? (index < 0 ? -index - 1 : index + 1) : (index < 0 ? -index - 2 : index - 1);
    for (; at >= 0 && at < bySeq.size() && found.size() < max; at += forward ? 1 : -1) {
      if (bySeq.get(at).isLive()) {
        found.add(bySeq.get(at));
      }
    }
    return found;
  }

  /** The last live message, or null. */
  @Nullable MessageRow last() {
    List<MessageRow> last = beyond(Long.MAX_VALUE, false, 1);
    return last.isEmpty() ? null : last.get(0);
  }
}
