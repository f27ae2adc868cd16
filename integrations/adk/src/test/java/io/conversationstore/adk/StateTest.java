package io.conversationstore.adk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.adk.events.Event;
import com.google.adk.sessions.GetSessionConfig;
import com.google.adk.sessions.Session;
import com.google.adk.sessions.SessionException;
import com.google.adk.sessions.State;
import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** State of sessions, users and apps: merged key by key, whoever writes. */
class StateTest extends WithStores {

  private static final Owner ALICE = Owner.of("shop", "alice");

  private static Map<String, Object> delta() {
    Map<String, Object> delta = new HashMap<>();
    delta.put("key", "session");
    delta.put("user:key", "user");
    delta.put("app:key", "app");
    delta.put("temp:key", "temp");
    return delta;
  }

  private static Map<String, Object> stored(Map<String, Object> state) {
    Map<String, Object> stored = new HashMap<>(state);
    stored.keySet().removeIf(key -> key.startsWith("temp:"));
    return stored;
  }

  @ParameterizedTest
  @EnumSource
  void stateIsSetAndRemovedInItsScope(Stores.Kind kind) {
    Calls calls = Calls.of(kind.open(stores));
    Session session = calls.create("s1");
    Session other = calls.create("s2");
    calls.append(session, Events.changing(delta()));
    assertThat(session.state()).containsExactlyInAnyOrderEntriesOf(delta());
    assertThat(calls.get("s1").state()).containsExactlyInAnyOrderEntriesOf(stored(delta()));
    assertThat(calls.get("s2").state())
        .containsExactlyInAnyOrderEntriesOf(Map.of("user:key", "user", "app:key", "app"));
    assertThat(calls.as("bob").create("s3").state())
        .containsExactlyInAnyOrderEntriesOf(Map.of("app:key", "app"));
    assertThat(calls.in("bar").create("s4").state()).isEmpty();

    Map<String, Object> removal = delta();
    removal.replaceAll((key, value) -> State.REMOVED);
    calls.append(other, Events.changing(removal));
    assertThat(calls.get("s1").state())
        .containsExactlyInAnyOrderEntriesOf(Map.of("key", "session"));
    calls.append(session, Events.changing(removal));
    assertThat(session.state()).isEmpty();
    assertThat(calls.get("s1").state()).isEmpty();
  }

  @Test
  void aSessionBeginsWithState() {
    Calls calls = Calls.of(stores.files());
    Session session = calls.create("s1", delta());
    assertThat(session.state()).containsExactlyInAnyOrderEntriesOf(stored(delta()));
    assertThat(calls.get("s1").state()).containsExactlyInAnyOrderEntriesOf(stored(delta()));
    assertThat(calls.create("s2").state())
        .containsExactlyInAnyOrderEntriesOf(Map.of("user:key", "user", "app:key", "app"));
    // Shared state outlives the session that set it.
    calls.delete("s1");
    assertThat(calls.get("s2").state()).hasSize(2);
  }

  @Test
  void keysWithoutAKnownPrefixBelongToTheirSession() {
    Calls calls = Calls.of(stores.files());
    Map<String, Object> one = Map.of("key", 1, "session:key", 1, "_app_key", 1, "_user_key", 1);
    Map<String, Object> two = Map.of("key", 2, "session:key", 2);
    calls.create("s1", one);
    calls.create("s2", two);
    assertThat(calls.get("s1").state()).containsExactlyInAnyOrderEntriesOf(one);
    assertThat(calls.get("s2").state()).containsExactlyInAnyOrderEntriesOf(two);
  }

  @ParameterizedTest
  @EnumSource
  void sharedStateOfANewSessionReplacesThatOfTheOthers(Stores.Kind kind) {
    Calls calls = Calls.of(kind.open(stores));
    calls.create("s1", Map.of("app:key", "old", "app:kept", 1, "user:key", "old"));
    calls.as("bob").create("s2", Map.of("app:key", "new"));
    calls.create("s3", Map.of("user:key", "new"));
    Map<String, Object> shared = Map.of("app:key", "new", "app:kept", 1, "user:key", "new");
    assertThat(calls.get("s1").state()).containsExactlyInAnyOrderEntriesOf(shared);
    assertThat(calls.get("s3").state()).containsExactlyInAnyOrderEntriesOf(shared);
    assertThat(calls.as("bob").get("s2").state())
        .containsExactlyInAnyOrderEntriesOf(Map.of("app:key", "new", "app:kept", 1));
  }

  @ParameterizedTest
  @EnumSource
  void aChangeOverwritesAndRemovesInitialKeysAndLeavesTheOthers(Stores.Kind kind) {
    Calls calls = Calls.of(kind.open(stores));
    Session session = calls.create("s1", Map.of("kept", "a", "changed", 1, "removed", true));
    calls.append(
        session, Events.changing(Map.of("changed", 2, "removed", State.REMOVED, "added", "b")));
    Map<String, Object> expected = Map.of("kept", "a", "changed", 2, "added", "b");
    assertThat(session.state()).containsExactlyInAnyOrderEntriesOf(expected);
    assertThat(calls.get("s1").state()).containsExactlyInAnyOrderEntriesOf(expected);
    calls.append(session, Events.changing(Map.of("removed", "again")));
    assertThat(calls.get("s1").state()).containsEntry("removed", "again").hasSize(4);
  }

  @Test
  void agentsShareTempStateThatIsNeverStored() {
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    Session session = calls.create("s1", Map.of("temp:secret", "hidden"));
    calls.append(session, Events.changing(Map.of("temp:one", "hidden", "kept", 1)));
    assertThat(session.state()).containsEntry("temp:one", "hidden");
    calls.append(session, Events.changing(Map.of("temp:two", "hidden", "temp:one", State.REMOVED)));
    assertThat(session.state()).containsOnlyKeys("temp:two", "kept");
    assertThat(calls.get("s1").state()).containsOnlyKeys("kept");
    assertThat(calls.events("s1").get(0).actions().stateDelta()).containsOnlyKeys("kept");
    assertThat(store.find(ALICE, "s1").orElseThrow().metadata().toString())
        .doesNotContain("hidden");
    for (StoredMessage message : store.last(ALICE, "s1", 10)) {
      assertThat(message.message().metadata().toString()).doesNotContain("hidden");
    }
  }

  @ParameterizedTest
  @EnumSource
  void writersAtTheSameTimeKeepTheKeysOfEachOther(Stores.Kind kind) throws Exception {
    ConversationStore store = kind.open(stores);
    Calls calls = Calls.of(store);
    calls.create("s1");
    int writers = 4;
    int each = 25;
    ExecutorService threads = Executors.newFixedThreadPool(writers);
    CountDownLatch begin = new CountDownLatch(1);
    List<Future<?>> done = new ArrayList<>();
    for (int writer = 0; writer < writers; writer++) {
      String name = "w" + writer;
      done.add(
          threads.submit(
              () -> {
                begin.await();
                for (int i = 0; i < each; i++) {
                  // A read may write a snapshot while others append.
                  Session session =
                      calls.get("s1", GetSessionConfig.builder().numRecentEvents(1).build());
                  calls.append(
                      session,
                      Events.changing(
                          Map.of(name + i, i, "user:" + name + i, i, "app:" + name + i, i)));
                }
                return null;
              }));
    }
    begin.countDown();
    for (Future<?> future : done) {
      future.get();
    }
    threads.shutdown();
    Map<String, Object> expected = new HashMap<>();
    for (int writer = 0; writer < writers; writer++) {
      for (int i = 0; i < each; i++) {
        for (String prefix : List.of("", "user:", "app:")) {
          expected.put(prefix + "w" + writer + i, i);
        }
      }
    }
    assertThat(calls.get("s1").state()).containsExactlyInAnyOrderEntriesOf(expected);
    assertThat(calls.get("s1", GetSessionConfig.builder().numRecentEvents(1).build()).state())
        .containsExactlyInAnyOrderEntriesOf(expected);
    assertThat(calls.events("s1")).hasSize(writers * each);
    assertThat(store.find(ALICE, "s1").orElseThrow().metadata().toString()).contains("asOf");
  }

  @ParameterizedTest
  @EnumSource
  void writersOfManySessionsAndUsersShareTheStateOfTheApp(Stores.Kind kind) throws Exception {
    Calls calls = Calls.of(kind.open(stores));
    List<Callable<Void>> writers = new ArrayList<>();
    Map<String, Object> shared = new HashMap<>();
    for (int i = 0; i < 5; i++) {
      Calls user = calls.as("user" + i);
      user.create("s" + i);
      for (int j = 0; j < 10; j++) {
        Map<String, Object> delta =
            Map.of("key" + j, j, "app:" + i + "-" + j, j, "app:same", i, "user:same", j);
        shared.put("app:" + i + "-" + j, j);
        String id = "s" + i;
        writers.add(
            () -> {
              user.append(user.get(id), Events.changing(delta));
              return null;
            });
      }
    }
    Calls.atOnce(writers);
    Object same = calls.as("user0").get("s0").state().get("app:same");
    assertThat(same).isIn(0, 1, 2, 3, 4);
    for (int i = 0; i < 5; i++) {
      Session session = calls.as("user" + i).get("s" + i);
      assertThat(session.events()).extracting(Event::id).doesNotHaveDuplicates().hasSize(10);
      assertThat(session.state()).containsAllEntriesOf(shared).containsEntry("app:same", same);
      assertThat(session.state()).containsKeys("user:same", "key0", "key9").hasSize(62);
    }
  }

  @Test
  void nodesThatWriteThroughAnOutageKeepTheKeysOfEachOther() {
    ConversationStore first = stores.node("a");
    ConversationStore second = stores.node("b");
    Calls one = Calls.of(first);
    Calls two = Calls.of(second);
    Session atOne = one.create("s1", Map.of("begin", 0));
    one.append(atOne, Events.changing(Map.of("user:begin", 0, "app:begin", 0)));
    Session atTwo = two.get("s1");
    stores.goDown(first, second);
    Map<String, Object> expected = new HashMap<>();
    expected.putAll(Map.of("begin", 0, "user:begin", 0, "app:begin", 0));
    for (int i = 0; i < 60; i++) {
      for (String prefix : List.of("", "user:", "app:")) {
        one.append(atOne, Events.changing(Map.of(prefix + "one" + i, i)));
        two.append(atTwo, Events.changing(Map.of(prefix + "two" + i, i)));
        expected.put(prefix + "one" + i, i);
        expected.put(prefix + "two" + i, i);
      }
      if (i % 20 == 0) {
        assertThat(one.get("s1").state()).containsEntry("one" + i, i);
        assertThat(two.get("s1").state()).containsEntry("user:two" + i, i);
      }
    }
    stores.comeBack(first, second);
    for (int round = 0; round < 2; round++) {
      for (ConversationStore store : List.of(first, second, stores.direct())) {
        assertThat(Calls.of(store).get("s1").state()).containsExactlyInAnyOrderEntriesOf(expected);
      }
    }
    assertThat(Calls.of(stores.direct()).events("s1")).hasSize(361);
  }

  @Test
  void retentionKeepsSharedStateAndTheStateOfSnapshots() {
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    Session session = calls.create("s1", Map.of("initial", 1));
    calls.append(session, Events.changing(Map.of("early", 2, "user:u", 3, "app:a", 4)));
    for (int i = 0; i < KeptState.SNAPSHOT_AFTER; i++) {
      calls.append(session, Events.text("talk"));
    }
    assertThat(calls.get("s1").state()).hasSize(4);
    long before = System.nanoTime();
    Stores.await("a millisecond has passed", () -> System.nanoTime() - before > 1_000_000);
    assertThat(store.operator().deleteMessagesOlderThan(Duration.ofNanos(1_000))).isPositive();
    assertThat(calls.events("s1")).isEmpty();
    assertThat(calls.get("s1").state())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("initial", 1, "early", 2, "user:u", 3, "app:a", 4));
    calls.append(session, Events.changing(Map.of("early", 5)));
    assertThat(calls.get("s1").state()).containsEntry("early", 5).containsEntry("initial", 1);
  }

  @Test
  void aStateBeyondTheLimitOfMetadataIsReadWithoutASnapshot() {
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    Session session = calls.create("s1");
    String large = "x".repeat(30_000);
    Map<String, Object> expected = new HashMap<>();
    for (int i = 0; i < 60; i++) {
      calls.append(session, Events.changing(Map.of("k" + i, large)));
      expected.put("k" + i, large);
    }
    assertThat(calls.get("s1", GetSessionConfig.builder().numRecentEvents(1).build()).state())
        .containsExactlyInAnyOrderEntriesOf(expected);
    assertThat(store.find(ALICE, "s1").orElseThrow().metadata()).isEmpty();
  }

  @Test
  void valuesOfStateKeepTheirTypes() {
    Calls calls = Calls.of(stores.postgres());
    Session session = calls.create("s1", Events.values());
    assertThat(calls.get("s1").state()).containsExactlyInAnyOrderEntriesOf(Events.values());
    for (int i = 0; i < KeptState.SNAPSHOT_AFTER; i++) {
      calls.append(session, Events.changing(Map.of("user:v", Events.values())));
    }
    for (int i = 0; i < 2; i++) {
      assertThat(calls.get("s1").state()).containsEntry("user:v", Events.values());
      assertThat(calls.get("s1").state()).containsAllEntriesOf(Events.values());
    }
  }

  @Test
  void aFailedAppendChangesNothingAndCanBeRepeated() {
    ConversationStore store = stores.postgres();
    Calls calls = Calls.of(store);
    Session session = calls.create("s1");
    Event event = Events.changing(delta());
    stores.goDown();
    assertThatThrownBy(() -> calls.append(session, event)).isInstanceOf(SessionException.class);
    assertThat(session.state()).isEmpty();
    assertThat(session.events()).isEmpty();
    stores.comeBack();
    calls.append(session, event);
    calls.append(session, event);
    assertThat(calls.events("s1")).hasSize(1);
    assertThat(calls.get("s1").state()).containsExactlyInAnyOrderEntriesOf(stored(delta()));
  }
}
