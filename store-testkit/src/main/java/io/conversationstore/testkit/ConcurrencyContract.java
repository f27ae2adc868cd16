package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.AppendCondition;
import io.conversationstore.AppendConditionFailedException;
import io.conversationstore.Appended;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.testkit.StoreFixture.Capability;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Many threads and, if the store supports them, many handles. */
abstract class ConcurrencyContract extends ContractBase {

  private static final int THREADS = 8;
  private static final int TURNS = 25;

  @Test
  @DisplayName("5.4, 4.7: eight writers on one conversation lose nothing and double nothing")
  void row_5_4_writersLoseNothing() throws Exception {
    chat("a");
    HistoryRecorder recorder = new HistoryRecorder();
    atOnce(writer -> () -> write(store(), recorder, writer));
    assertComplete(recorder);
  }

  @Test
  @DisplayName("5.4: writers through separate handles lose nothing")
  void row_5_4_writersOnSeparateHandles() throws Exception {
    needs(Capability.SEPARATE_HANDLES);
    chat("a");
    ConversationStore other = fixture().another();
    HistoryRecorder recorder = new HistoryRecorder();
    atOnce(writer -> () -> write(writer % 2 == 0 ? store() : other, recorder, writer));
    assertComplete(recorder);
    assertThat(Walks.messages(other, alice, "a")).isEqualTo(Walks.messages(store(), alice, "a"));
  }

  private Boolean write(ConversationStore store, HistoryRecorder recorder, int writer) {
    for (int i = 0; i < TURNS; i++) {
      Message question = Message.user(writer + " asks " + i);
      Message answer =
          Message.assistant(writer + " answers " + i).withModel("m").withUsage(TokenUsage.of(1, 2));
      for (StoredMessage stored : store.append(alice, "a", question, answer)) {
        recorder.acknowledged("writer " + writer, "a", stored);
      }
    }
    return true;
  }

  private void assertComplete(HistoryRecorder recorder) {
    HistoryChecker.Verdict verdict =
        recorder.checker().check(id -> Walks.messages(store(), alice, id));
    assertThat(verdict.isClean()).as("%s", verdict).isTrue();
    List<StoredMessage> all = Walks.messages(store(), alice, "a");
    long count = 2L * THREADS * TURNS;
    assertThat(all)
        .as("seqs without gaps")
        .extracting(StoredMessage::seq)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, count).boxed().toList());
    for (int i = 0; i < all.size(); i += 2) {
      assertThat(all.get(i + 1).text())
          .as("a turn stays together")
          .isEqualTo(all.get(i).text().replace("asks", "answers"));
    }
    assertThat(store().find(alice, "a").orElseThrow().usage())
        .isEqualTo(TokenUsage.of(count / 2, count));
  }

  @Test
  @DisplayName("5.3: the same turn from eight threads is stored once")
  void row_5_3_sameTurnAtOnce() throws Exception {
    chat("a");
    List<Message> turn =
        List.of(
            Message.user("one").withId(UUID.randomUUID()),
            Message.assistant("two").withId(UUID.randomUUID()));
    List<List<StoredMessage>> answers =
        atOnce(writer -> () -> store().append(alice, "a", turn, AppendCondition.always()));
    assertThat(answers).allSatisfy(answer -> assertThat(answer).isEqualTo(answers.get(0)));
    assertThat(texts("a")).containsExactly("one", "two");
  }

  @Test
  @DisplayName("5.4: appends that create never miss a conversation that others delete")
  void row_5_4_appendsThatCreateRaceWithDeletes() throws Exception {
    NewConversation contested = NewConversation.ofId("contested");
    List<Boolean> done =
        atOnce(
            writer ->
                () -> {
                  for (int i = 0; i < TURNS; i++) {
                    if (writer == 0) {
                      store().delete(alice, "contested");
                    } else {
                      Appended appended = store().append(alice, contested, Message.user("x"));
                      assertThat(appended.changed()).isTrue();
                      assertThat(appended.messages()).hasSize(1);
                    }
                  }
                  return true;
                });
    assertThat(done).hasSize(THREADS).containsOnly(true);
    store().delete(alice, "contested");
    List<Appended> begun =
        atOnce(writer -> () -> store().append(alice, contested, Message.user("begun")));
    assertThat(begun.stream().filter(Appended::created)).hasSize(1);
    assertThat(texts("contested")).hasSize(THREADS).containsOnly("begun");
  }

  @Test
  @DisplayName("5.4: of eight writers on one condition one wins")
  void row_5_4_oneWinsTheCondition() throws Exception {
    chat("a");
    UUID last = say("a", "start").get(0).id();
    List<Boolean> won =
        atOnce(
            writer ->
                () -> {
                  try {
                    List<Message> turn = List.of(Message.user("by " + writer));
                    store().append(alice, "a", turn, AppendCondition.ifLastIs(last));
                    return true;
                  } catch (AppendConditionFailedException lost) {
                    return false;
                  }
                });
    assertThat(won).containsOnlyOnce(true);
    assertThat(texts("a")).hasSize(2);
  }

  @Test
  @DisplayName("4.7: of eight strict creates one wins; create if absent joins")
  void row_4_7_oneCreateWins() throws Exception {
    List<Boolean> won =
        atOnce(
            writer ->
                () -> {
                  try {
                    store().create(alice, NewConversation.ofId("a").withTitle("by " + writer));
                    return true;
                  } catch (ConversationExistsException lost) {
                    return false;
                  }
                });
    assertThat(won).containsOnlyOnce(true);
    List<Conversation> joined =
        atOnce(writer -> () -> store().createIfAbsent(alice, NewConversation.ofId("b")));
    assertThat(joined).allSatisfy(each -> assertThat(each).isEqualTo(joined.get(0)));
  }

  @Test
  @DisplayName("4.7: readers among writers see whole turns in order, never a gap that fills later")
  void row_4_7_readersAmongWriters() throws Exception {
    chat("a");
    atOnce(
        thread ->
            () -> {
              if (thread % 2 == 0) {
                return write(store(), new HistoryRecorder(), thread);
              }
              List<StoredMessage> before = List.of();
              for (int i = 0; i < TURNS; i++) {
                List<StoredMessage> now = Walks.messages(store(), alice, "a");
                if (now.size() % 2 != 0 || !now.subList(0, before.size()).equals(before)) {
                  throw new AssertionError("read " + now.size() + " after " + before.size());
                }
                before = now;
              }
              return true;
            });
    assertThat(texts("a")).hasSize(THREADS / 2 * TURNS * 2);
  }

  @Test
  @DisplayName("4.7: concurrent deletes, creates and appends keep counts and order correct")
  void row_4_7_mixedWrites() throws Exception {
    chat("a");
    atOnce(
        thread ->
            () -> {
              Generators generators = Generators.seeded(thread);
              for (int i = 0; i < TURNS; i++) {
                mixed(generators);
              }
              return true;
            });
  }

  /** Losing a race against a delete is allowed here; breaking an invariant is not. */
  private void mixed(Generators generators) {
    String id = generators.oneOf(List.of("a", "b"));
    store().createIfAbsent(alice, NewConversation.ofId(id));
    try {
      List<StoredMessage> stored =
          store().append(alice, id, generators.message(), generators.message());
      if (generators.oneIn(3)) {
        store().deleteMessage(alice, id, stored.get(0).id());
      }
      if (generators.oneIn(5)) {
        store().touch(alice, id);
      }
    } catch (ConversationNotFoundException deletedMeanwhile) {
      assertThat(deletedMeanwhile).hasMessageContaining(id);
    }
    if (generators.oneIn(8)) {
      store().delete(alice, id);
    }
  }

  /** Runs an action on each thread, all starting together, and returns their results. */
  private static <T> List<T> atOnce(IntFunction<Callable<T>> actions)
      throws InterruptedException, ExecutionException, TimeoutException {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      CyclicBarrier start = new CyclicBarrier(THREADS);
      List<Future<T>> running = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        Callable<T> action = actions.apply(i);
        running.add(
            threads.submit(
                () -> {
                  start.await(1, TimeUnit.MINUTES);
                  return action.call();
                }));
      }
      List<T> answers = new ArrayList<>();
      for (Future<T> future : running) {
        answers.add(future.get(5, TimeUnit.MINUTES));
      }
      return answers;
    } finally {
      threads.shutdownNow();
    }
  }
}
