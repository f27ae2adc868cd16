package io.conversationstore.examples.chat.web;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.examples.chat.answers.Answers;
import io.conversationstore.examples.chat.live.Event;
import io.conversationstore.examples.chat.live.EventStream;
import io.conversationstore.examples.chat.live.Live;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * The events of an owner, and of one conversation. A new connection first gets the state of the
 * store and the text so far of each growing answer, then what happens. Events that happened between
 * two connections are not repeated: the client reads again.
 *
 * <p>A servlet beside the routes, because those end the response when they return.
 */
public final class EventServlet extends HttpServlet {

  /** Where it is. */
  public static final String PATH = "/events";

  private static final long serialVersionUID = 1L;

  private final transient ConversationStore store;
  private final transient Owners owners;
  private final transient Answers answers;
  private final transient Live live;

  EventServlet(ConversationStore store, Owners owners, Answers answers, Live live) {
    this.store = store;
    this.owners = owners;
    this.answers = answers;
    this.live = live;
  }

  @Override
  protected void service(HttpServletRequest request, HttpServletResponse response)
      throws IOException {
    PageFiles.protect(response::setHeader);
    try {
      if (!request.getMethod().equals("GET")) {
        throw new Problem(405, "no-such-method", "This path does not know this method.");
      }
      follow(request, response);
    } catch (Problem problem) {
      response.setStatus(problem.status());
      response.setContentType(Problem.CONTENT_TYPE);
      response.getOutputStream().write(problem.json());
    }
  }

  private void follow(HttpServletRequest request, HttpServletResponse response) throws IOException {
    Owner owner = owners.of(request::getHeader);
    String named = request.getParameter("conversation");
    String conversation = named == null || named.isEmpty() ? null : named;
    Live.Follower follower = live.join(owner, conversation);
    if (follower == null) {
      throw new Problem(
          429,
          "too-many-followers",
          "At most " + Live.MOST_PER_OWNER + " connections of an owner follow events.");
    }
    response.setContentType("text/event-stream; charset=utf-8");
    response.setHeader("X-Accel-Buffering", "no");
    EventStream stream =
        EventStream.open(request.startAsync(request, response), () -> live.leave(follower));
    follower.connect(stream);
    follower.send(Views.state(store.state(), owner));
    if (conversation != null) {
      answers.forEach(
          owner, conversation, (id, text) -> follower.send(Event.delta(conversation, id, 0, text)));
    }
  }
}
