package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.spi.EngineFailureException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * One seed: writers, an eraser and a compaction run concurrently over small segments. Their file
 * calls are interleaved until they are done or the power is lost; then the directory is opened. Not
 * thread-safe.
 */
final class InterleavedLives {
  private static final int LIVES = 2;
  private static final int WRITERS = 3;
  private static final int APPENDS = 20;
  private static final int ERASURES = 3;
  private static final Owner ALICE = Owner.of("acme", "alice");

  private final Random random;
  private final JsonFileOptions options = Memory.options().withCompactionBytes(8 << 10);
  private final Map<String, List<String>> acknowledged = new HashMap<>();
  private final Map<String, String> attempted = new HashMap<>();
  private final List<String> erased = new ArrayList<>();
  private MemoryFiles files = new MemoryFiles();
  private boolean faulty;

  InterleavedLives(long seed) {
    this.random = new Random(seed);
  }

  /** Returns the number of lives. */
  long run() throws Exception {
    for (int life = 0; life < LIVES; life++) {
      live(life);
    }
    try (FileEngine engine = Memory.engine(files, options)) {
      requireKept(Memory.front(engine, options));
    }
    return LIVES;
  }

  private void live(int life) throws Exception {
    Interleaving interleaving = new Interleaving(random.nextLong(), 1 + random.nextInt(3));
    LogFiles hooked = new HookedFiles(files, interleaving::beforeCall);
    FileEngine engine = Memory.engine(hooked, options);
    ConversationStore store = Memory.front(engine, options);
    requireKept(store);
    faulty = random.nextInt(3) == 0;
    if (faulty) {
      files.crashAfter(50 + random.nextInt(600), new Random(random.nextLong()));
    }
    List<FutureTask<Boolean>> tasks = new ArrayList<>();
    for (int writer = 0; writer < WRITERS; writer++) {
      String conversation = "chat " + writer;
      Random sizes = new Random(random.nextLong());
      tasks.add(task(interleaving, () -> write(store, conversation, life, sizes)));
    }
    tasks.add(task(interleaving, () -> erase(store, life)));
    tasks.add(task(interleaving, () -> compact(engine)));
    for (FutureTask<Boolean> task : tasks) {
      try {
        assertThat(task.get()).isTrue();
      } catch (ExecutionException e) {
        throw new AssertionError("a call failed: " + e.getCause(), e.getCause());
      }
    }
    files.heal();
    boolean lost = files.plan().isDead();
    MemoryFiles next = lost ? files.survivor(random) : files;
    try {
      engine.close();
    } catch (StoreUnavailableException e) {
      assertThat(lost).as("closing fails without power alone").isTrue();
    }
    files = lost ? next : files.survivor(random);
    requireErased();
  }

  private static FutureTask<Boolean> task(Interleaving interleaving, Callable<Boolean> work) {
    FutureTask<Boolean> task = new FutureTask<>(work);
    Thread thread = new Thread(task);
    interleaving.with(thread);
    thread.start();
    return task;
  }

  private boolean write(ConversationStore store, String conversation, int life, Random sizes) {
    try {
      if (store.find(ALICE, conversation).isEmpty()) {
        store.create(ALICE, NewConversation.ofId(conversation));
      }
      for (int i = 0; i < APPENDS; i++) {
        String text = life + " " + i + " " + "x".repeat(300 + sizes.nextInt(2_500));
        note(conversation, text);
        store.append(ALICE, conversation, Message.user(text));
        note(conversation, null);
      }
      return true;
    } catch (StoreUnavailableException e) {
      return requireFault(e);
    }
  }

  /** Records a text as attempted; null marks the last one as acknowledged. */
  private void note(String conversation, @Nullable String text) {
    synchronized (acknowledged) {
      if (text != null) {
        attempted.put(conversation, text);
      } else {
        acknowledged
            .computeIfAbsent(conversation, key -> new ArrayList<>())
            .add(attempted.remove(conversation));
      }
    }
  }

  private boolean erase(ConversationStore store, int life) throws IOException {
    try {
      for (int i = 0; i < ERASURES; i++) {
        Owner owner = Owner.of("acme", "bob " + life + " " + i);
        String secret = "secret-" + life + "-" + i + "-";
        store.create(owner, NewConversation.ofId("chat"));
        store.append(owner, "chat", Message.user(secret.repeat(20)));
        store.append(owner, "chat", Message.user(secret));
        store.erase(owner);
        assertThat(files.holds(secret)).as("%s is in a file", secret).isFalse();
        erased.add(secret);
      }
      return true;
    } catch (StoreUnavailableException e) {
      return requireFault(e);
    }
  }

  private boolean compact(FileEngine engine) {
    try {
      engine.compact();
      engine.compact();
      return true;
    } catch (EngineFailureException e) {
      return requireFault(e);
    }
  }

  private boolean requireFault(RuntimeException e) {
    if (!faulty) {
      throw e;
    }
    return true;
  }

  private void requireErased() {
    for (String secret : erased) {
      assertThat(files.holds(secret)).as("%s is back", secret).isFalse();
    }
  }

  /**
   * Requires all acknowledged texts in order, followed by at most those that a crash interrupted.
   */
  private void requireKept(ConversationStore store) {
    requireErased();
    for (int writer = 0; writer < WRITERS; writer++) {
      String conversation = "chat " + writer;
      List<String> expected =
          new ArrayList<>(acknowledged.getOrDefault(conversation, new ArrayList<>()));
      List<String> actual = texts(store, conversation);
      String last = attempted.remove(conversation);
      if (last != null && actual.size() == expected.size() + 1) {
        expected.add(last);
      }
      assertThat(actual).as(conversation).isEqualTo(expected);
      acknowledged.put(conversation, expected);
    }
    assertThat(store.operator().health().healthy()).isTrue();
  }

  private static List<String> texts(ConversationStore store, String conversation) {
    if (store.find(ALICE, conversation).isEmpty()) {
      return List.of();
    }
    List<String> texts = new ArrayList<>();
    for (StoredMessage message :
        store.messages(ALICE, conversation, MessageQuery.first(200)).items()) {
      texts.add(message.text());
    }
    return texts;
  }
}
