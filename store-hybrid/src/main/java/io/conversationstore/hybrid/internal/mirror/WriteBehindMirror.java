package io.conversationstore.hybrid.internal.mirror;

import io.conversationstore.Owner;
import io.conversationstore.hybrid.internal.connection.KnownRows;
import io.conversationstore.hybrid.internal.support.ContentSize;
import io.conversationstore.hybrid.internal.support.NodeScheduler;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The local store, whose copy takes this node's committed states shortly after, in batches: no call
 * waits for two stores. Readers of the copy wait until all states are written, so the delay is
 * invisible, except in {@link #known}. States lost in a crash are in the database and come through
 * the feed, because the feed position is never ahead of the copy. Thread-safe.
 */
public final class WriteBehindMirror extends ForwardingLocalStore implements KnownRows {

  /** How long a committed state may wait for more. */
  private static final long WAIT_MILLIS = 20;

  /** Row count, or content in characters and bytes (2 MiB), that is written without waiting. */
  private static final int MAX_ROWS = 1_000;

  private static final long MAX_CONTENT = 2L << 20;

  private final LocalStore files;
  private final NodeScheduler scheduler;
  private final Consumer<List<State>> put;
  private final Runnable onEnqueued;
  private final ReentrantLock writing = new ReentrantLock();
  private final ReentrantLock lock = new ReentrantLock();

  /** Whether states wait or are being written; written under the lock. */
  private volatile boolean any;

  /** Guarded by the lock. */
  private List<State> waiting = new ArrayList<>();

  /** Guarded by the lock. */
  private List<State> beingWritten = List.of();

  /** Guarded by the lock. */
  private long content;

  /** Guarded by the lock. */
  private boolean scheduled;

  /**
   * @param put puts states into the files, or records that the files lack them
   * @param onEnqueued called after any caller added a change to the queue
   */
  public WriteBehindMirror(
      LocalStore files, NodeScheduler scheduler, Consumer<List<State>> put, Runnable onEnqueued) {
    super(files);
    this.files = files;
    this.scheduler = scheduler;
    this.put = put;
    this.onEnqueued = onEnqueued;
  }

  /** Takes states committed by this node, in the order of the calls; owner rows are excluded. */
  public void defer(List<? extends State> states) {
    boolean wake = false;
    boolean full;
    lock.lock();
    try {
      waiting.addAll(states);
      for (State state : states) {
        content += ContentSize.of(state);
      }
      any = true;
      full = waiting.size() > MAX_ROWS || content > MAX_CONTENT;
      if (!full && !scheduled) {
        scheduled = true;
        wake = true;
      }
    } finally {
      lock.unlock();
    }
    if (full) {
      flush();
    } else if (wake) {
      scheduler.schedule(this::flush, WAIT_MILLIS);
    }
  }

  /** Writes waiting states, and waits until all earlier ones are written. */
  public void flush() {
    if (!any) {
      return;
    }
    scheduler.acquire(writing);
    try {
      List<State> states = begin();
      if (!states.isEmpty()) {
        put.accept(withoutSuperseded(states));
      }
    } finally {
      end();
      writing.unlock();
    }
  }

  /**
   * Only the latest header of each conversation is needed; it precedes the messages. Threads may
   * deliver headers out of commit order.
   */
  private static List<State> withoutSuperseded(List<State> states) {
    Map<ConversationKey, Integer> places = new HashMap<>();
    List<State> left = new ArrayList<>(states.size());
    for (State state : states) {
      if (state instanceof ConversationState header) {
        Integer place =
            places.putIfAbsent(new ConversationKey(header.owner(), header.id()), left.size());
        if (place != null) {
          if (header.isLaterThan(left.get(place))) {
            left.set(place, header);
          }
          continue;
        }
      }
      left.add(state);
    }
    return left;
  }

  private record ConversationKey(Owner owner, String id) {}

  private List<State> begin() {
    lock.lock();
    try {
      beingWritten = waiting;
      waiting = new ArrayList<>();
      content = 0;
      scheduled = false;
      return beingWritten;
    } finally {
      lock.unlock();
    }
  }

  private void end() {
    lock.lock();
    try {
      beingWritten = List.of();
      any = !waiting.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /**
   * This node's latest committed state of a conversation, possibly deleted; null if it is in the
   * files or absent. Never waits.
   */
  public @Nullable ConversationState latest(Owner owner, String conversationId) {
    if (!any) {
      return null;
    }
    lock.lock();
    try {
      ConversationState header = latest(waiting, owner, conversationId);
      ConversationState before = latest(beingWritten, owner, conversationId);
      return before != null && (header == null || before.isLaterThan(header)) ? before : header;
    } finally {
      lock.unlock();
    }
  }

  /**
   * This node's state of a conversation, possibly deleted; null if unknown. Never waits: the files
   * know all states no longer listed here.
   */
  @Override
  public @Nullable ConversationState known(Owner owner, String conversationId) {
    ConversationState latest = latest(owner, conversationId);
    return latest != null ? latest : files.find(owner, conversationId).conversation();
  }

  /** The owner's epoch as this node knows it. Never waits, because erasures are not delayed. */
  @Override
  public long knownEpoch(Owner owner) {
    return files.preferences(owner).epoch();
  }

  private static @Nullable ConversationState latest(
      List<State> states, Owner owner, String conversationId) {
    ConversationState latest = null;
    for (State state : states) {
      if (state instanceof ConversationState header
          && header.id().equals(conversationId)
          && header.owner().equals(owner)
          && (latest == null || header.isLaterThan(latest))) {
        latest = header;
      }
    }
    return latest;
  }

  @Override
  LocalStore current() {
    flush();
    return files;
  }

  @Override
  public Removed enqueue(Change change) {
    Removed removed = super.enqueue(change);
    onEnqueued.run();
    return removed;
  }

  @Override
  public void close() {
    flush();
    files.close();
  }
}
