package io.conversationstore.hybrid.internal.outbox;

import io.conversationstore.Owner;
import io.conversationstore.hybrid.internal.overlay.OverlayReader;
import io.conversationstore.hybrid.internal.overlay.PendingView;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.State.PreferencesState;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps the views of recently written conversations, so the cost of accepting a change is
 * independent of the number of pending ones. Views are valid while only the queue changes this
 * node's knowledge; {@link #forget} ends them all. Thread-safe, if each conversation is used by one
 * thread at a time.
 */
final class PendingViewCache {

  private static final int MAX_VIEWS = 50_000;
  private static final long MAX_BYTES = 4 << 20;

  /** Approximate size of a message without its content, in bytes. */
  private static final int PER_MESSAGE = 100;

  private static final int STRIPES = 256;

  private record Key(Owner owner, String id) {}

  private static final class Entry {
    private final PendingView view;
    private final long age;
    private long bytes;

    Entry(PendingView view, long age, long bytes) {
      this.view = view;
      this.age = age;
      this.bytes = bytes;
    }
  }

  private final LocalStore local;
  private final OverlayReader reader;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<Key, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);
  private final AtomicLong age = new AtomicLong();
  private final AtomicLongArray ages = new AtomicLongArray(STRIPES);
  private long bytes;

  PendingViewCache(LocalStore local, OverlayReader reader) {
    this.local = local;
    this.reader = reader;
  }

  /** Ends all views; later ones see the present. */
  void forget() {
    age.incrementAndGet();
    lock.lock();
    try {
      entries.clear();
      bytes = 0;
    } finally {
      lock.unlock();
    }
  }

  /** Ends the view of one conversation, and of some in the same stripe. */
  void forget(Owner owner, String id) {
    ages.incrementAndGet(stripe(new Key(owner, id)));
  }

  private static int stripe(Key key) {
    int hash = key.hashCode();
    return Math.floorMod(hash ^ (hash >>> 16), STRIPES);
  }

  PendingView get(Owner owner, String id) {
    Key key = new Key(owner, id);
    // Both only grow, so the sum changes with either.
    long present = age.get() + ages.get(stripe(key));
    lock.lock();
    try {
      Entry entry = entries.get(key);
      if (entry != null && entry.age == present) {
        return entry.view;
      }
    } finally {
      lock.unlock();
    }
    PendingView view = reader.withStableBase(local, owner, id, pending -> view(owner, id, pending));
    put(key, new Entry(view, present, size(view)));
    return view;
  }

  private static long size(PendingView view) {
    return (long) view.tailSize() * PER_MESSAGE;
  }

  private PendingView view(Owner owner, String id, List<Change> pending) {
    PendingView view = reader.view(local, owner, id, local.find(owner, id), pending);
    view.clearContents();
    return view;
  }

  /**
   * Lays a change about to be queued over its view, which keeps its contents until {@link
   * PendingView#clearContents}.
   */
  void add(PendingView view, Change change) {
    view.addNew(change);
    if (change instanceof Change.MessagesAppended append) {
      grow(append);
    } else if (change instanceof Change.Bulk bulk && bulk.isAppend()) {
      grow(bulk.append());
    }
  }

  private void grow(Change.MessagesAppended append) {
    lock.lock();
    try {
      Entry entry = entries.get(new Key(append.owner(), append.ref().id()));
      if (entry != null) {
        long more = (long) append.messages().size() * PER_MESSAGE;
        entry.bytes += more;
        bytes += more;
        evict();
      }
    } finally {
      lock.unlock();
    }
  }

  private void put(Key key, Entry entry) {
    lock.lock();
    try {
      Entry before = entries.put(key, entry);
      bytes += entry.bytes - (before == null ? 0 : before.bytes);
      evict();
    } finally {
      lock.unlock();
    }
  }

  /** Evicts the oldest views, but never the one just used. */
  private void evict() {
    Iterator<Entry> eldest = entries.values().iterator();
    while ((bytes > MAX_BYTES || entries.size() > MAX_VIEWS) && entries.size() > 1) {
      bytes -= eldest.next().bytes;
      eldest.remove();
    }
  }

  PreferencesState preferences(Owner owner) {
    return reader.preferences(local, owner);
  }
}
