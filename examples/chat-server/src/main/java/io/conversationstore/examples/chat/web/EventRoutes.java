package io.conversationstore.examples.chat.web;

import io.conversationstore.ConversationStore;
import io.conversationstore.examples.chat.answers.Answers;
import io.conversationstore.examples.chat.live.Event;
import io.conversationstore.examples.chat.live.EventStream;
import io.conversationstore.examples.chat.live.Live;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;

/**
 * The events of an owner, and of one conversation. A new connection first gets the state of the
 * store and the text so far of each growing answer, then what happens. Events that happened between
 * two connections are not repeated: the client reads again.
 */
final class EventRoutes {

  private final ConversationStore store;
  private final Answers answers;
  private final Live live;

  EventRoutes(ConversationStore store, Answers answers, Live live) {
    this.store = store;
    this.answers = answers;
    this.live = live;
  }

  List<Route> all() {
    return List.of(Route.of("GET", "/events", this::follow));
  }

  private void follow(Call call) throws IOException {
    String conversation = call.query("conversation");
    Live.Follower follower = live.join(call.owner(), conversation);
    if (follower == null) {
      throw new Problem(
          429,
          "too-many-followers",
          "At most " + Live.MOST_PER_OWNER + " connections of an owner follow events.");
    }
    HttpServletRequest request = call.context().req();
    HttpServletResponse response = call.context().res();
    response.setStatus(200);
    response.setContentType("text/event-stream");
    response.setCharacterEncoding("utf-8");
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("X-Accel-Buffering", "no");
    AsyncContext async = request.startAsync(request, response);
    EventStream stream = EventStream.open(async, () -> live.leave(follower));
    follower.connect(stream);
    follower.send(Views.state(store.state(), call.owner()));
    if (conversation != null) {
      answers.forEach(
          call.owner(),
          conversation,
          (id, text) -> follower.send(Event.delta(conversation, id, 0, text)));
    }
  }
}
