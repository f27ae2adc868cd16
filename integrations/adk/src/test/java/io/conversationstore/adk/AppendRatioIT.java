package io.conversationstore.adk;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.adk.events.Event;
import com.google.adk.sessions.GetSessionConfig;
import com.google.adk.sessions.InMemorySessionService;
import com.google.adk.sessions.Session;
import io.conversationstore.ConversationStore;
import io.conversationstore.testkit.FaultProxy;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Prints what appending the 1,000th event of a session costs against the 10th: medians over pairs
 * of a long and a short session, to which events are added in turn, so that both see the same
 * machine. Also prints round trips to the database. {@code -Dratio.pairs=…} sets the number of
 * pairs. Nothing timed is asserted.
 */
class AppendRatioIT extends WithStores {

  private static final int PAIRS = Integer.getInteger("ratio.pairs", 30);

  @Test
  void inFiles() {
    measure("files", Calls.of(stores.files()));
  }

  @Test
  void inPostgres() {
    measure("postgres", Calls.of(stores.direct()));
  }

  @Test
  void inMemoryOfAdk() {
    measure("in memory, of ADK", Calls.of(new InMemorySessionService()));
  }

  private static void measure(String name, Calls calls) {
    // The first round warms the code up.
    for (int round = 0; round < 2; round++) {
      long[] tenth = new long[PAIRS];
      long[] thousandth = new long[PAIRS];
      for (int pair = 0; pair < PAIRS; pair++) {
        Session small = filled(calls, round + " " + pair + " small", 9);
        Session large = filled(calls, round + " " + pair + " large", 999);
        if (pair % 2 == 0) {
          tenth[pair] = nanosOfAppend(calls, small);
          thousandth[pair] = nanosOfAppend(calls, large);
        } else {
          thousandth[pair] = nanosOfAppend(calls, large);
          tenth[pair] = nanosOfAppend(calls, small);
        }
        assertThat(calls.events(small.id())).hasSize(10);
        assertThat(calls.events(large.id())).hasSize(1_000);
      }
      if (round > 0) {
        Arrays.sort(tenth);
        Arrays.sort(thousandth);
        double last = thousandth[PAIRS / 2];
        double first = tenth[PAIRS / 2];
        System.out.printf(
            Locale.ROOT,
            "RATIO adk append 1000th/10th %s %.2f (%.0f us, %.0f us)%n",
            name,
            last / first,
            last / 1e3,
            first / 1e3);
      }
    }
  }

  private static Session filled(Calls calls, String id, int length) {
    Session session = calls.create(id);
    for (int number = 0; number < length; number++) {
      calls.append(session, event(number));
    }
    return session;
  }

  private static long nanosOfAppend(Calls calls, Session session) {
    Event event = event(999);
    long begin = System.nanoTime();
    calls.append(session, event);
    return System.nanoTime() - begin;
  }

  private static Event event(int number) {
    Event text = Events.text("message " + number + ": " + "words ".repeat(20));
    return number % 10 == 0
        ? text.toBuilder().actions(Events.changing(Map.of("n", number)).actions()).build()
        : text;
  }

  @Test
  void roundTrips() {
    ConversationStore store = stores.postgres();
    Calls calls = Calls.of(store);
    Session session = calls.create("s1");
    for (int i = 0; i < 300; i++) {
      calls.append(session, Events.changing(Map.of("n", i, "user:n", i, "app:n", i)));
    }
    assertThat(calls.get("s1").state()).hasSize(3);
    GetSessionConfig last = GetSessionConfig.builder().numRecentEvents(10).build();
    FaultProxy proxy = stores.proxy();
    print(proxy, "append", 1, () -> calls.append(session, Events.text("x")));
    print(proxy, "append, session state", 1, () -> calls.append(session, change("n")));
    print(proxy, "append, user state", 2, () -> calls.append(session, change("n", "user:n")));
    print(
        proxy,
        "append, user and app state",
        3,
        () -> calls.append(session, change("n", "user:n", "app:n")));
    print(proxy, "get", 6, () -> assertThat(calls.get("s1").events()).hasSizeGreaterThan(300));
    print(proxy, "get last 10", 6, () -> assertThat(calls.get("s1", last).events()).hasSize(10));
    print(proxy, "list with states", 6, () -> assertThat(calls.list()).hasSize(1));
  }

  private static Event change(String... keys) {
    Map<String, Object> delta = new HashMap<>();
    for (String key : keys) {
      delta.put(key, 1);
    }
    return Events.changing(delta);
  }

  private static void print(FaultProxy proxy, String what, long expected, Runnable call) {
    // The first calls prepare statements.
    for (int i = 0; i < 10; i++) {
      call.run();
    }
    long begin = proxy.roundTrips();
    call.run();
    long trips = proxy.roundTrips() - begin;
    System.out.printf(Locale.ROOT, "ROUND TRIPS adk %s %d%n", what, trips);
    assertThat(trips).as(what).isEqualTo(expected);
  }
}
