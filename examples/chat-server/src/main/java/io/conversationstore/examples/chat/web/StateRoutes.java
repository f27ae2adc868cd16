package io.conversationstore.examples.chat.web;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * State and health. Neither liveness nor readiness depends on the database: the server works
 * without it, and a restart would not bring it back.
 */
final class StateRoutes {

  private final ConversationStore store;
  private final BooleanSupplier takesRequests;
  private final Supplier<String> metrics;

  StateRoutes(ConversationStore store, BooleanSupplier takesRequests, Supplier<String> metrics) {
    this.store = store;
    this.takesRequests = takesRequests;
    this.metrics = metrics;
  }

  List<Route> all() {
    return List.of(
        Route.of("GET", "/api/v1/storage/state", this::state),
        open("/api/v1/storage/config", this::config),
        open("/api/health", this::health),
        open("/health/live", call -> status(call, true)),
        open("/health/ready", call -> status(call, takesRequests.getAsBoolean())),
        open(
            "/metrics",
            call -> call.context().contentType("text/plain; version=0.0.4").result(metrics.get())));
  }

  private static Route open(String path, Route.Handler handler) {
    return new Route("GET", path, true, handler);
  }

  private void state(Call call) {
    Owner owner = call.owner();
    call.answer(200, out -> Views.writeState(out, store.state(), owner));
  }

  private void config(Call call) {
    StoreState state = store.state();
    boolean files = state.mode() == StoreState.Mode.LOCAL_ONLY;
    call.answer(
        200,
        out -> {
          out.writeStartObject();
          out.writeStringField("type", files ? "jsonfile" : "postgres");
          out.writeStringField("state", mode(state));
          out.writeEndObject();
        });
  }

  private void health(Call call) {
    StoreState state = store.state();
    call.answer(
        200,
        out -> {
          out.writeStartObject();
          out.writeStringField("status", "ok");
          out.writeObjectFieldStart("database");
          out.writeBooleanField("in_use", state.databaseInUse());
          out.writeStringField("state", mode(state));
          out.writeNumberField("pending", state.pending().changes());
          out.writeEndObject();
          out.writeEndObject();
        });
  }

  private static String mode(StoreState state) {
    return state.mode().name().toLowerCase(Locale.ROOT);
  }

  private static void status(Call call, boolean good) {
    call.answer(
        good ? 200 : 503,
        out -> {
          out.writeStartObject();
          out.writeStringField("status", good ? "ok" : "stopping");
          out.writeEndObject();
        });
  }
}
