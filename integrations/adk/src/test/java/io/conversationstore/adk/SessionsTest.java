package io.conversationstore.adk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.adk.events.Event;
import com.google.adk.sessions.GetSessionConfig;
import com.google.adk.sessions.Session;
import com.google.adk.sessions.SessionException;
import com.google.adk.sessions.SessionNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Owner;
import io.conversationstore.UnknownWhileOfflineException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Sessions, as the tests of ADK's own services check them, and what these services lack. */
class SessionsTest extends WithStores {

  private static final Owner ALICE = Owner.of("shop", "alice");

  private static Event at(long timestamp) {
    return Events.event().timestamp(timestamp).build();
  }

  private static List<Long> times(Session session) {
    return session.events().stream().map(Event::timestamp).toList();
  }

  private static GetSessionConfig config(Consumer<GetSessionConfig.Builder> options) {
    GetSessionConfig.Builder builder = GetSessionConfig.builder();
    options.accept(builder);
    return builder.build();
  }

  @ParameterizedTest
  @EnumSource
  void withoutASessionThereIsNothing(Stores.Kind kind) {
    Calls calls = Calls.of(kind.open(stores));
    assertThat(calls.get("none")).isNull();
    assertThat(calls.list()).isEmpty();
    assertThat(calls.events("none")).isEmpty();
    calls.delete("none");
  }

  @ParameterizedTest
  @EnumSource
  void aSessionIsCreatedFoundListedAndDeleted(Stores.Kind kind) {
    Calls calls = Calls.of(kind.open(stores));
    Session made = calls.create("  ");
    assertThat(made.id()).isNotBlank();
    assertThat(made.appName()).isEqualTo("shop");
    assertThat(made.userId()).isEqualTo("alice");
    assertThat(made.state()).isEmpty();
    Session named = calls.create(" s1 ", Map.of("key", "value"));
    assertThat(named.id()).isEqualTo("s1");
    assertThat(named.state()).containsOnly(Map.entry("key", "value"));
    assertThat(calls.get("s1").toJson()).isEqualTo(named.toJson());
    assertThat(calls.list()).extracting(Session::id).containsExactly("s1", made.id());
    calls.delete(made.id());
    assertThat(calls.get(made.id())).isNull();
    assertThat(calls.list()).extracting(Session::id).containsExactly("s1");
  }

  @Test
  void aSessionOfTheSameIdIsRefusedAndKeepsItsEvents() {
    Calls calls = Calls.of(stores.postgres());
    Session session = calls.create("s1");
    calls.append(session, Events.text("hello"));
    assertThatThrownBy(() -> calls.create("s1"))
        .isInstanceOf(SessionException.class)
        .hasMessageContaining("s1");
    assertThat(calls.events("s1")).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource
  void anIdIsFreeForOthersAndAgainAfterADeletion(Stores.Kind kind) {
    Calls calls = Calls.of(kind.open(stores));
    calls.append(calls.create("s1", Map.of("key", "old")), Events.text("hello"));
    assertThat(calls.as("bob").create("s1").userId()).isEqualTo("bob");
    assertThat(calls.in("bar").create("s1").appName()).isEqualTo("bar");
    calls.create("s2");
    calls.delete("s1");
    assertThat(calls.create("s1").state()).isEmpty();
    assertThat(calls.get("s1").events()).isEmpty();
    assertThat(calls.list()).extracting(Session::id).containsExactlyInAnyOrder("s1", "s2");
    assertThat(calls.as("bob").get("s1")).isNotNull();
  }

  @Test
  void usersAndAppsAreSeparate() {
    Calls calls = Calls.of(stores.files());
    calls.append(calls.create("s1"), Events.text("hello"));
    for (Calls other : List.of(calls.as("bob"), calls.in("bar"))) {
      assertThat(other.get("s1")).isNull();
      assertThat(other.events("s1")).isEmpty();
      assertThat(other.list()).isEmpty();
      other.delete("s1");
    }
    assertThat(calls.events("s1")).hasSize(1);
  }

  @Test
  void theReservedConversationIsNoSession() {
    Calls calls = Calls.of(stores.files());
    calls.append(calls.create("s1"), Events.changing(Map.of("user:name", "Alice")));
    String reserved = SharedStates.USER_CONVERSATION;
    assertThat(calls.list()).extracting(Session::id).containsExactly("s1");
    assertThat(calls.get(reserved)).isNull();
    assertThatThrownBy(() -> calls.create(reserved))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reserved);
    calls.delete(reserved);
    assertThat(calls.get("s1").state()).containsEntry("user:name", "Alice");
  }

  @Test
  void anEventForADeletedSessionIsRefused() {
    Calls calls = Calls.of(stores.postgres());
    Session session = calls.create("s1");
    calls.delete("s1");
    assertThatThrownBy(() -> calls.append(session, Events.text("late")))
        .isInstanceOf(SessionNotFoundException.class)
        .hasMessageContaining("create it first");
    assertThat(calls.get("s1")).isNull();
    assertThat(session.events()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void anEventForASessionThatWasNeverCreatedIsRefused(Stores.Kind kind) {
    Calls calls = Calls.of(kind.open(stores));
    Session session = Session.builder("none").appName("shop").userId("alice").build();
    assertThatThrownBy(() -> calls.append(session, Events.text("hello")))
        .isInstanceOf(SessionNotFoundException.class)
        .hasMessageContaining("none");
    assertThat(calls.get("none")).isNull();
    assertThat(calls.list()).isEmpty();
  }

  @Test
  void aPartialEventIsNotStored() {
    Calls calls = Calls.of(stores.files());
    Session session = calls.create("s1");
    calls.append(session, Events.text("par").toBuilder().partial(true).build());
    assertThat(session.events()).isEmpty();
    assertThat(calls.events("s1")).isEmpty();
  }

  @Test
  void aResultThatIsSubscribedToTwiceActsOnce() {
    Calls calls = Calls.of(stores.files());
    Session session = calls.create("s1");
    var append = calls.service().appendEvent(session, Event.builder().build());
    assertThat(append.blockingGet()).isSameAs(append.blockingGet());
    var create = calls.service().createSession("shop", "alice");
    assertThat(create.blockingGet()).isSameAs(create.blockingGet());
    assertThat(calls.events("s1")).hasSize(1);
    assertThat(calls.list()).hasSize(2);
  }

  @Test
  void theTimeOfASessionIsThatOfItsLastEvent() {
    Calls calls = Calls.of(stores.files());
    Session session = calls.create("s1");
    calls.append(session, at(5_500));
    assertThat(session.lastUpdateTime()).isEqualTo(Instant.ofEpochSecond(5, 500_000_000));
    assertThat(calls.get("s1").lastUpdateTime()).isEqualTo(session.lastUpdateTime());
    assertThat(calls.list().get(0).lastUpdateTime()).isEqualTo(session.lastUpdateTime());
  }

  @ParameterizedTest
  @EnumSource
  void theFiltersOfASessionAddUp(Stores.Kind kind) {
    Calls calls = Calls.of(kind.open(stores));
    Session session = calls.create("s1");
    calls.append(session, at(100), at(200), at(300), at(400), at(500));
    assertThat(times(calls.get("s1"))).containsExactly(100L, 200L, 300L, 400L, 500L);
    assertThat(times(calls.get("s1", config(c -> c.numRecentEvents(2)))))
        .containsExactly(400L, 500L);
    assertThat(times(calls.get("s1", config(c -> c.numRecentEvents(0))))).isEmpty();
    assertThat(times(calls.get("s1", config(c -> c.numRecentEvents(9))))).hasSize(5);
    // From the time on, including it.
    assertThat(times(calls.get("s1", config(c -> c.afterTimestamp(Instant.ofEpochMilli(300))))))
        .containsExactly(300L, 400L, 500L);
    assertThat(times(calls.get("s1", config(c -> c.afterTimestamp(Instant.ofEpochMilli(501))))))
        .isEmpty();
    Instant from = Instant.ofEpochMilli(300);
    assertThat(times(calls.get("s1", config(c -> c.numRecentEvents(4).afterTimestamp(from)))))
        .containsExactly(300L, 400L, 500L);
    assertThat(times(calls.get("s1", config(c -> c.numRecentEvents(2).afterTimestamp(from)))))
        .containsExactly(400L, 500L);
    assertThatThrownBy(() -> calls.get("s1", config(c -> c.numRecentEvents(-1))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("numRecentEvents");
  }

  @Test
  void filtersOfASessionWithoutEventsFindNone() {
    Calls calls = Calls.of(stores.files());
    calls.create("s1", Map.of("key", "value"));
    for (GetSessionConfig config :
        List.of(
            config(c -> c.numRecentEvents(5)),
            config(c -> c.afterTimestamp(Instant.EPOCH)),
            config(c -> c.numRecentEvents(5).afterTimestamp(Instant.EPOCH)))) {
      Session session = calls.get("s1", config);
      assertThat(session.events()).isEmpty();
      assertThat(session.state()).containsOnly(Map.entry("key", "value"));
    }
  }

  @Test
  void filtersLeaveTheStateWhole() {
    Calls calls = Calls.of(stores.files());
    Session session = calls.create("s1", Map.of("initial", 0));
    for (int i = 0; i < 5; i++) {
      calls.append(session, Events.changing(Map.of("key" + i, i, "last", i)));
    }
    Session filtered = calls.get("s1", config(c -> c.numRecentEvents(1)));
    assertThat(filtered.events()).hasSize(1);
    assertThat(filtered.state()).isEqualTo(calls.get("s1").state()).hasSize(7);
    assertThat(filtered.state()).containsEntry("last", 4);
  }

  @Test
  void filtersOfALongSessionReadItsEndOnly() {
    ConversationStore store = stores.postgres();
    Calls calls = Calls.of(store);
    Session session = calls.create("s1");
    for (int i = 0; i < 1_200; i++) {
      calls.append(session, at(i));
    }
    // The first read folds all events, and leaves a snapshot.
    assertThat(times(calls.get("s1")))
        .isEqualTo(IntStream.range(0, 1_200).asLongStream().boxed().toList());
    CountingStore counting = new CountingStore(store);
    Calls counted = Calls.of(counting.store());
    assertThat(times(counted.get("s1", config(c -> c.numRecentEvents(10)))))
        .containsExactlyElementsOf(IntStream.range(1_190, 1_200).asLongStream().boxed().toList());
    assertThat(counting.messagesRead()).isEqualTo(100);
    assertThat(times(counted.get("s1", config(c -> c.afterTimestamp(Instant.ofEpochMilli(1_150))))))
        .containsExactlyElementsOf(IntStream.range(1_150, 1_200).asLongStream().boxed().toList());
    assertThat(counting.messagesRead()).isBetween(100, 1_100);
    assertThat(times(counted.get("s1", config(c -> c.numRecentEvents(1_100))))).hasSize(1_100);
  }

  @Test
  void anEventThatIsOutOfOrderIsFoundByItsTime() {
    Calls calls = Calls.of(stores.files());
    Session session = calls.create("s1");
    calls.append(session, at(900));
    for (int i = 0; i < 99; i++) {
      calls.append(session, at(i));
    }
    calls.append(session, at(901));
    assertThat(times(calls.get("s1", config(c -> c.afterTimestamp(Instant.ofEpochMilli(900))))))
        .containsExactly(900L, 901L);
  }

  @Test
  void eventsOfSeveralMessagesCountAsOne() {
    Calls calls = Calls.of(stores.files());
    Session session = calls.create("s1");
    Event results = Events.all().get("several results");
    List<Event> given = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      given.add(results.toBuilder().id("event-" + i).build());
    }
    calls.append(session, given.toArray(Event[]::new));
    for (int count : List.of(1, 25, 30, 40)) {
      assertThat(calls.get("s1", config(c -> c.numRecentEvents(count))).events())
          .isEqualTo(given.subList(40 - count, 40));
    }
  }

  @Test
  void listsHaveNoEventsAndTheStateIfWanted() {
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    for (int i = 0; i < 210; i++) {
      calls.create("s" + i, Map.of("number", i));
    }
    calls.append(calls.get("s7"), Events.changing(Map.of("more", true, "app:a", 1, "user:u", 2)));
    List<Session> sessions = calls.list();
    assertThat(sessions).hasSize(210);
    assertThat(sessions.get(0).id()).isEqualTo("s7");
    assertThat(sessions.get(0).events()).isEmpty();
    assertThat(sessions.get(0).state())
        .containsExactlyInAnyOrderEntriesOf(
            Map.of("number", 7, "more", true, "app:a", 1, "user:u", 2));
    Calls bare =
        Calls.of(ConversationSessionService.builder().store(store).stateInLists(false).build());
    assertThat(bare.list()).hasSize(210).allMatch(each -> each.state().isEmpty());
  }

  @Test
  void sessionsThatAreDeletedAtOnceAreAllGone() throws Exception {
    Calls calls = Calls.of(stores.postgres());
    List<Callable<Void>> deletions = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      String id = calls.create("s" + i).id();
      deletions.add(
          () -> {
            calls.delete(id);
            return null;
          });
    }
    Calls.atOnce(deletions);
    assertThat(calls.list()).isEmpty();
  }

  @Test
  void aFunctionNamesTheOwner() {
    ConversationStore store = stores.files();
    Calls calls =
        Calls.of(
            ConversationSessionService.builder()
                .store(store)
                .owners((app, user) -> Owner.of("acme", app + "/" + user))
                .build());
    Session session = calls.create("s1");
    calls.append(session, Events.text("hello"), Events.changing(Map.of("app:a", 1)));
    assertThat(store.last(Owner.of("acme", "shop/alice"), "s1", 10)).hasSize(2);
    assertThat(calls.as("bob").create("s2").state()).containsEntry("app:a", 1);
    assertThat(calls.in("bar").create("s3").state()).isEmpty();
  }

  @Test
  void metadataAndTitleOfTheApplicationStay() {
    ConversationStore store = stores.files();
    Calls calls = Calls.of(store);
    Session session = calls.create("s1", Map.of("key", 1));
    store.update(
        ALICE,
        "s1",
        ConversationUpdate.touch()
            .withTitle("Coffee")
            .withMetadata(
                Map.of(
                    "mine",
                    "x",
                    "adk",
                    store.find(ALICE, "s1").orElseThrow().metadata().get("adk"))));
    for (int i = 0; i < 60; i++) {
      calls.append(session, Events.changing(Map.of("n", i)));
    }
    assertThat(calls.get("s1").state())
        .containsExactlyInAnyOrderEntriesOf(Map.of("key", 1, "n", 59));
    var header = store.find(ALICE, "s1").orElseThrow();
    assertThat(header.title()).isEqualTo("Coffee");
    assertThat(header.metadata()).containsEntry("mine", "x").containsKey("adk");
  }

  @Test
  void inAnOutageUnknownSessionsLookEmptyOrFail() {
    ConversationStore first = stores.node("a");
    Calls.of(first).append(Calls.of(first).create("s1"), Events.text("hello"));
    stores.goDown(first);
    ConversationStore second = stores.node("b");
    Calls empty = Calls.of(second);
    assertThat(empty.get("s1")).isNull();
    assertThat(empty.events("s1")).isEmpty();
    Calls failing =
        Calls.of(ConversationSessionService.builder().store(second).failWhileUnknown(true).build());
    assertThatThrownBy(() -> failing.get("s1"))
        .isInstanceOf(SessionException.class)
        .hasCauseInstanceOf(UnknownWhileOfflineException.class);
    // Begun on both nodes, it is one session afterwards.
    empty.append(empty.create("s1"), Events.text("there"));
    assertThatThrownBy(() -> empty.create("s1")).isInstanceOf(SessionException.class);
    stores.comeBack(first, second);
    for (ConversationStore store : List.of(first, second, stores.direct())) {
      assertThat(Calls.of(store).events("s1"))
          .extracting(Event::stringifyContent)
          .containsExactly("hello", "there");
    }
  }
}
