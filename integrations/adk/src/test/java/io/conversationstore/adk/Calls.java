package io.conversationstore.adk;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.adk.events.Event;
import com.google.adk.sessions.BaseSessionService;
import com.google.adk.sessions.GetSessionConfig;
import com.google.adk.sessions.Session;
import io.conversationstore.ConversationStore;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Calls of a session service for one app and user, which wait for the result. */
record Calls(BaseSessionService service, String app, String user) {

  static Calls of(ConversationStore store) {
    return of(ConversationSessionService.builder().store(store).build());
  }

  static Calls of(BaseSessionService service) {
    return new Calls(service, "shop", "alice");
  }

  Calls as(String otherUser) {
    return new Calls(service, app, otherUser);
  }

  Calls in(String otherApp) {
    return new Calls(service, otherApp, user);
  }

  Session create(String id) {
    return create(id, null);
  }

  Session create(String id, Map<String, Object> state) {
    return service.createSession(app, user, state, id).blockingGet();
  }

  void append(Session session, Event... events) {
    for (Event each : events) {
      assertThat(service.appendEvent(session, each).blockingGet()).isSameAs(each);
    }
  }

  /** The session, or null. */
  Session get(String id) {
    return service.getSession(app, user, id, Optional.empty()).blockingGet();
  }

  Session get(String id, GetSessionConfig config) {
    return service.getSession(app, user, id, Optional.of(config)).blockingGet();
  }

  List<Event> events(String id) {
    return service.listEvents(app, user, id).blockingGet().events();
  }

  List<Session> list() {
    return service.listSessions(app, user).blockingGet().sessions();
  }

  void delete(String id) {
    service.deleteSession(app, user, id).blockingAwait();
  }

  /** Runs these on ten threads, and waits for all. */
  static void atOnce(List<Callable<Void>> tasks) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(10);
    try {
      for (Future<Void> each : threads.invokeAll(tasks)) {
        each.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
