package io.conversationstore.examples.chat.answers;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An answer that is being made. Its first piece is appended, later ones are edits, at most one in
 * an interval; the text between two saves is only in memory and with those who follow. A crash
 * leaves the last saved text. A save that fails is repeated with the next one.
 *
 * <p>One thread runs it; any thread may read the text or stop it.
 */
final class GrowingAnswer implements ChatModel.Output {

  private static final Logger log = LoggerFactory.getLogger(GrowingAnswer.class);
  private static final int FINAL_TRIES = 3;

  private final ConversationStore store;
  private final ChatModel model;
  private final Turn turn;
  private final long saveNanos;
  private final AnswerListener listener;

  private final StringBuilder text = new StringBuilder();
  private Finish.@Nullable Reason stop;

  /** The message as it is appended first; the same in each try. */
  private @Nullable Message first;

  private boolean appended;
  private int saved;
  private long lastSave;

  GrowingAnswer(
      ConversationStore store,
      ChatModel model,
      Turn turn,
      Duration saveInterval,
      AnswerListener listener) {
    this.store = store;
    this.model = model;
    this.turn = turn;
    this.saveNanos = saveInterval.toNanos();
    this.listener = listener;
    this.lastSave = System.nanoTime() - saveNanos;
  }

  Turn turn() {
    return turn;
  }

  /** The text so far. */
  String text() {
    synchronized (text) {
      return text.toString();
    }
  }

  void stop(Finish.Reason reason) {
    synchronized (text) {
      stop = stop == null ? reason : stop;
    }
  }

  private Finish.@Nullable Reason stopped() {
    synchronized (text) {
      return stop;
    }
  }

  /** Makes the answer, and returns when its end is stored or cannot be. */
  void run(List<StoredMessage> history) throws InterruptedException {
    try {
      TokenUsage usage = null;
      Finish.Reason reason = Finish.Reason.COMPLETE;
      try {
        usage = model.answer(history, this);
      } catch (IOException | IllegalArgumentException | StoreUnavailableException brokeOff) {
        log.warn("answer {} broke off: {}", turn.answer(), brokeOff.getMessage());
        reason = Finish.Reason.FAILED;
      }
      Finish.Reason asked = stopped();
      finish(asked == null ? reason : asked, usage);
    } catch (ConversationNotFoundException | MessageNotFoundException deleted) {
      log.info("answer {} was deleted while it grew", turn.answer());
    }
  }

  @Override
  public void before(List<Message> messages) {
    List<Message> named = new ArrayList<>();
    for (Message message : messages) {
      String seed = turn.answer() + " before " + named.size();
      named.add(
          message
              .withId(UUID.nameUUIDFromBytes(seed.getBytes(StandardCharsets.UTF_8)))
              .withModel(model.name()));
    }
    listener.stored(
        turn, store.append(turn.owner(), turn.conversation(), named.toArray(Message[]::new)));
  }

  @Override
  public boolean text(String piece) {
    int from;
    synchronized (text) {
      if (stop != null) {
        return false;
      }
      from = text.length();
      text.append(piece);
      // Within the lock, so that who joins has either read this piece or hears it.
      listener.grew(turn, from, piece);
    }
    if (System.nanoTime() - lastSave >= saveNanos) {
      try {
        save();
      } catch (StoreUnavailableException later) {
        lastSave = System.nanoTime();
        log.warn("answer {} could not be saved yet: {}", turn.answer(), later.getMessage());
      }
    }
    return true;
  }

  private void save() {
    String now = text();
    if (!appended) {
      if (first == null) {
        first = Message.assistant(now).withId(turn.answer()).withModel(model.name());
      }
      List<StoredMessage> stored = store.append(turn.owner(), turn.conversation(), first);
      appended = true;
      saved = first.text().length();
      listener.stored(turn, stored);
    }
    if (now.length() > saved) {
      store.edit(turn.owner(), turn.conversation(), turn.answer(), MessageEdit.text(now));
      saved = now.length();
    }
    lastSave = System.nanoTime();
  }

  private void finish(Finish.Reason reason, @Nullable TokenUsage usage) {
    Message end = Finish.of(turn.finish(), turn.answer(), reason, usage, model.name());
    for (int tries = 1; ; tries++) {
      try {
        if (!text().isEmpty()) {
          save();
          store
              .findMessage(turn.owner(), turn.conversation(), turn.answer())
              .ifPresent(whole -> listener.stored(turn, List.of(whole)));
        }
        listener.stored(turn, store.append(turn.owner(), turn.conversation(), end));
        return;
      } catch (StoreUnavailableException again) {
        if (tries == FINAL_TRIES) {
          log.error("the end of answer {} was not stored", turn.answer(), again);
          return;
        }
      }
    }
  }
}
