package io.conversationstore.jsonfile.internal.index;

import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.spi.CodePointOrder;
import io.conversationstore.spi.Position;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one owner by creation time, conversation and {@code seq}. It merges the
 * conversations, most of which are already in that order, so a page costs its size and one step for
 * each conversation. Guarded by the engine's lock.
 */
public final class Timeline {
  private final OwnerRows owner;
  private final boolean forward;

  public Timeline(OwnerRows owner, boolean forward) {
    this.owner = owner;
    this.forward = forward;
  }

  /** The nearest live messages strictly beyond {@code from}, nearest first. */
  public List<MessageRef> page(Position.@Nullable InHistory from, int max) {
    Comparator<Run> order = forward ? Run.ORDER : Run.ORDER.reversed();
    PriorityQueue<Run> runs = new PriorityQueue<>(order);
    owner
        .conversations()
        .forEach(
            (id, rows) -> {
              if (rows.header() == null || rows.isLive()) {
                Run run = new Run(id, rows, forward);
                if (run.start(from)) {
                  runs.add(run);
                }
              }
            });
    List<MessageRef> page = new ArrayList<>(Math.min(max, 64));
    while (page.size() < max && !runs.isEmpty()) {
      Run run = runs.remove();
      page.add(
          new MessageRef(
              owner.owner(), run.id, owner.epoch(), run.rows.generation(), run.message()));
      if (run.next()) {
        runs.add(run);
      }
    }
    return page;
  }

  /** A walk through one conversation. */
  private static final class Run {
    static final Comparator<Run> ORDER =
        Comparator.comparingLong(Run::createdMicros)
            .thenComparing(run -> run.id, CodePointOrder.INSTANCE)
            .thenComparingLong(Run::seq);

    final String id;
    final ConversationRows rows;
    private final MessageTable messages;
    private final boolean forward;

    /** The rows by creation time and seq; null if they are already in that order. */
    private final int @Nullable [] sorted;

    private int at;

    Run(String id, ConversationRows rows, boolean forward) {
      this.id = id;
      this.rows = rows;
      this.messages = rows.messages();
      this.forward = forward;
      // Imports may have creation times in any order.
      this.sorted = rows.isAscending() ? null : rows.byTime();
    }

    private int index(int place) {
      return sorted == null ? place : sorted[place];
    }

    /** Goes to the first message beyond; false if there is none. */
    boolean start(Position.@Nullable InHistory from) {
      if (from == null) {
        at = forward ? 0 : messages.size() - 1;
      } else {
        int low = 0;
        int high = messages.size();
        while (low < high) {
          int middle = (low + high) >>> 1;
          int order = compare(index(middle), from);
          if (order < 0 || (forward && order == 0)) {
            low = middle + 1;
          } else {
            high = middle;
          }
        }
        at = forward ? low : low - 1;
      }
      return skipDeleted();
    }

    private int compare(int index, Position.InHistory from) {
      int byTime = Long.compare(messages.createdMicros(index), Micros.of(from.createdAt()));
      if (byTime != 0) {
        return byTime;
      }
      int byId = CodePointOrder.INSTANCE.compare(id, from.conversationId());
      return byId != 0 ? byId : Long.compare(messages.seq(index), from.seq());
    }

    boolean next() {
      at += forward ? 1 : -1;
      return skipDeleted();
    }

    private boolean skipDeleted() {
      while (at >= 0 && at < messages.size() && !messages.isLive(index(at))) {
        at += forward ? 1 : -1;
      }
      return at >= 0 && at < messages.size();
    }

    long createdMicros() {
      return messages.createdMicros(index(at));
    }

    long seq() {
      return messages.seq(index(at));
    }

    MessageRow message() {
      return messages.get(index(at));
    }
  }
}
