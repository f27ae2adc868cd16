package io.conversationstore.jsonfile.internal.engine;

import io.conversationstore.Owner;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.SharedIndex;
import io.conversationstore.jsonfile.internal.log.LogThread;
import io.conversationstore.jsonfile.internal.log.LogWrites;
import io.conversationstore.spi.CodePointOrder;
import io.conversationstore.spi.LocalStore.Coverage;
import io.conversationstore.spi.LocalStore.Mirrored;
import io.conversationstore.spi.LocalStore.Steps;
import io.conversationstore.spi.State.ConversationState;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/** The coverage of a mirror: its evictions and missing messages. Thread-safe. */
final class MirrorScope {
  /** How many conversations are evicted in one step, between which other writes run. */
  private static final int EVICTED_AT_ONCE = 100;

  private static final Comparator<ConversationState> EARLIEST_FIRST =
      Comparator.comparing((ConversationState header) -> header.requireLive().updatedAt())
          .thenComparing(ConversationState::id, CodePointOrder.INSTANCE);

  private final SharedIndex shared;
  private final LogWrites writes;
  private final LogThread thread;
  private final Runnable requireMirror;

  /**
   * @param requireMirror fails if the directory is not a mirror; runs on the log thread
   */
  MirrorScope(SharedIndex shared, LogWrites writes, LogThread thread, Runnable requireMirror) {
    this.shared = shared;
    this.writes = writes;
    this.thread = thread;
    this.requireMirror = requireMirror;
  }

  boolean lacksMessages(Owner owner, String conversationId) {
    return shared.read(
        index -> {
          ConversationRows rows = index.find(owner, conversationId);
          return rows != null && rows.lacksMessages(index.mirrorAsOfMicros());
        });
  }

  Coverage evict(Instant idleSince, long maxBytes, Steps steps) {
    Eviction eviction = Eviction.of(shared, idleSince, maxBytes);
    List<Eviction.Chosen> chosen = eviction.choose(idleSince, maxBytes);
    int end = 0;
    while (end < chosen.size()) {
      int from = end;
      int to = Math.min(chosen.size(), from + EVICTED_AT_ONCE);
      if (!steps.run(() -> evictChosen(chosen.subList(from, to)))) {
        break;
      }
      end = to;
    }
    return eviction.without(chosen.subList(0, end));
  }

  /** Evicts the chosen conversations that have not changed since. */
  private void evictChosen(List<Eviction.Chosen> chosen) {
    thread.call(
        LogThread.Wait.WRITTEN,
        () -> {
          requireMirror.run();
          return writes.evict(
              chosen.stream()
                  .filter(one -> one.isStillSo(shared.forLogThread()))
                  .map(Eviction.Chosen::conversation)
                  .toList());
        });
  }

  void evict(List<Mirrored> conversations) {
    List<Mirrored> copy = List.copyOf(conversations);
    thread.call(
        LogThread.Wait.WRITTEN,
        () -> {
          requireMirror.run();
          return writes.evict(copy);
        });
  }

  void markIncomplete(List<Mirrored> conversations) {
    List<Mirrored> copy = List.copyOf(conversations);
    thread.call(
        LogThread.Wait.WRITTEN,
        () -> {
          requireMirror.run();
          return writes.markIncomplete(copy);
        });
  }

  void whole(Mirrored conversation) {
    thread.call(LogThread.Wait.WRITTEN, () -> writes.markComplete(List.of(conversation)));
  }

  List<ConversationState> lacking(Instant since, int limit) {
    PriorityQueue<ConversationState> latest = new PriorityQueue<>(EARLIEST_FIRST);
    for (OwnerRows owner : shared.read(index -> List.copyOf(index.owners()))) {
      shared.read(
          index -> {
            for (ConversationRows rows : owner.conversations().values()) {
              ConversationState header = rows.header();
              if (header != null
                  && header.isLive()
                  && !header.requireLive().updatedAt().isBefore(since)
                  && rows.lacksMessages(index.mirrorAsOfMicros())) {
                latest.add(header);
                if (latest.size() > limit) {
                  latest.remove();
                }
              }
            }
            return true;
          });
    }
    return latest.stream().sorted(EARLIEST_FIRST.reversed()).toList();
  }
}
