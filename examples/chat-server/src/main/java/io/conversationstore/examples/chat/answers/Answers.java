package io.conversationstore.examples.chat.answers;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The answers that grow on this server. Thread-safe. */
public final class Answers implements AutoCloseable {

  /** Answers of one owner at a time. */
  public static final int MOST_PER_OWNER = 4;

  /** Answers at a time; each has a thread. */
  public static final int MOST = 64;

  private static final Logger log = LoggerFactory.getLogger(Answers.class);
  private static final int HISTORY = 20;
  private static final long LONGEST_CLOSE_S = 10;

  private final ConversationStore store;
  private final ChatModel model;
  private final Duration saveInterval;
  private final AnswerListener listener;
  private final Map<UUID, GrowingAnswer> growing = new ConcurrentHashMap<>();
  private final Object admission = new Object();
  private boolean closed;
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "answer");
            thread.setDaemon(true);
            return thread;
          });

  /** Answers of a model, saved while they grow at most once in the interval. */
  public Answers(
      ConversationStore store, ChatModel model, Duration saveInterval, AnswerListener listener) {
    this.store = store;
    this.model = model;
    this.saveInterval = saveInterval;
    this.listener = listener;
  }

  /** What became of a request for an answer. */
  public enum Start {
    STARTED,
    /** This answer is growing already. */
    GROWING,
    /** There are too many; nothing was begun. */
    TOO_MANY
  }

  /**
   * Reserves a place for an answer, calls {@code question} to store what it answers, and begins. If
   * that throws, the place is free again.
   */
  public Start start(Turn turn, Supplier<StoredMessage> question) {
    GrowingAnswer answer = new GrowingAnswer(store, model, turn, saveInterval, listener);
    synchronized (admission) {
      if (growing.containsKey(turn.answer())) {
        return Start.GROWING;
      }
      if (closed || growing.size() >= MOST || ofOwner(turn.owner()) >= MOST_PER_OWNER) {
        return Start.TOO_MANY;
      }
      growing.put(turn.answer(), answer);
    }
    boolean begun = false;
    try {
      StoredMessage asked = question.get();
      threads.execute(() -> run(answer, asked));
      begun = true;
    } finally {
      if (!begun) {
        growing.remove(turn.answer());
      }
    }
    return Start.STARTED;
  }

  private long ofOwner(Owner owner) {
    return growing.values().stream().filter(each -> each.turn().owner().equals(owner)).count();
  }

  private void run(GrowingAnswer answer, StoredMessage question) {
    Turn turn = answer.turn();
    try {
      answer.run(history(turn, question));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException failed) {
      log.error("answer {} failed", turn.answer(), failed);
    } finally {
      growing.remove(turn.answer());
    }
  }

  /** The last messages; if they are unknown while the database is away, the question alone. */
  private List<StoredMessage> history(Turn turn, StoredMessage question) {
    try {
      return store.last(turn.owner(), turn.conversation(), HISTORY).stream()
          .filter(message -> !Finish.is(message))
          .toList();
    } catch (UnknownWhileOfflineException earlierUnknown) {
      log.info("answer {} is made without its history: the database is away", turn.answer());
      return List.of(question);
    }
  }

  /** Whether this answer grows on this server. */
  public boolean isGrowing(UUID answer) {
    return growing.containsKey(answer);
  }

  /** Calls with the id and the text so far of each answer that grows in a conversation. */
  public void forEach(Owner owner, String conversation, BiConsumer<UUID, String> taker) {
    growing.forEach(
        (id, answer) -> {
          if (isIn(answer, owner, conversation)) {
            taker.accept(id, answer.text());
          }
        });
  }

  /** Stops an answer; its text so far stays. Returns whether it was growing here. */
  public boolean stop(Owner owner, String conversation, UUID id) {
    Optional<GrowingAnswer> found =
        Optional.ofNullable(growing.get(id)).filter(each -> isIn(each, owner, conversation));
    found.ifPresent(each -> each.stop(Finish.Reason.STOPPED));
    return found.isPresent();
  }

  private static boolean isIn(GrowingAnswer answer, Owner owner, String conversation) {
    Turn turn = answer.turn();
    return turn.owner().equals(owner) && turn.conversation().equals(conversation);
  }

  /** Ends all answers, stores their ends, and takes no more. */
  @Override
  public void close() {
    synchronized (admission) {
      closed = true;
    }
    growing.values().forEach(each -> each.stop(Finish.Reason.INTERRUPTED));
    threads.shutdown();
    try {
      if (!threads.awaitTermination(LONGEST_CLOSE_S, TimeUnit.SECONDS)) {
        log.warn("{} answers did not end in {} s", growing.size(), LONGEST_CLOSE_S);
        threads.shutdownNow();
      }
    } catch (InterruptedException hurry) {
      threads.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
