package io.conversationstore.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import org.h2.mvstore.MVMap;
import org.h2.mvstore.MVStore;
import org.jspecify.annotations.Nullable;

/**
 * H2's MVStore with a commit and a sync for each append: a commit alone is not on the disk. It has
 * no index by message id and no list by time of use, which is in its favour.
 */
final class MvStoreSubject implements Subject {

  static final Kind KIND =
      new Kind() {
        @Override
        public String name() {
          return "mvstore";
        }

        @Override
        public Subject open(Path directory, Setup setup) throws Exception {
          Files.createDirectories(directory);
          return new MvStoreSubject(directory.resolve("store.mv"), setup);
        }
      };

  private static final int BULK = 10_000;

  private final ReentrantLock lock = new ReentrantLock();
  private final boolean durable;
  private final MVStore store;
  private final MVMap<Long, String> messages;
  private final MVMap<Integer, Long> lastSeq;

  private MvStoreSubject(Path file, Setup setup) {
    durable = setup.durable();
    store =
        new MVStore.Builder()
            .fileName(file.toString())
            .autoCommitDisabled()
            .cacheSize(setup.cached() ? 64 : 0)
            .open();
    messages = store.openMap("messages");
    lastSeq = store.openMap("lastSeq");
  }

  private static long key(int conversation, long seq) {
    return ((long) conversation << 32) | seq;
  }

  private void put(int conversation, long seq, String role, String text) {
    messages.put(key(conversation, seq), UUID.randomUUID() + "|" + role + "|" + text);
    lastSeq.put(conversation, seq);
  }

  private long last(int conversation) {
    return there(lastSeq.get(conversation));
  }

  private static <T> T there(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("it is not there");
    }
    return value;
  }

  @Override
  public void append(int conversation, String text) {
    lock.lock();
    try {
      put(conversation, last(conversation) + 1, "user", text);
      store.commit();
      if (durable) {
        store.sync();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int last20(int conversation) {
    long end = last(conversation);
    int characters = 0;
    for (long seq = Math.max(1, end - 19); seq <= end; seq++) {
      characters += there(messages.get(key(conversation, seq))).length();
    }
    return characters;
  }

  @Override
  public int list(int owner) {
    throw new UnsupportedOperationException("it has no order by time of use");
  }

  @Override
  public void load(int first, int conversations, int messagesEach, Texts texts) {
    int pending = 0;
    for (int conversation = first; conversation < first + conversations; conversation++) {
      lastSeq.put(conversation, 0L);
      for (int j = 0; j < messagesEach; j++) {
        put(
            conversation,
            j + 1L,
            j % 2 == 0 ? "user" : "assistant",
            texts.text((long) conversation * messagesEach + j));
        if (++pending == BULK) {
          store.commit();
          pending = 0;
        }
      }
    }
    store.commit();
    store.sync();
  }

  @Override
  public void close() {
    store.close();
  }
}
