package io.conversationstore.examples.chat.web;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationStore;
import io.conversationstore.ForkOrigin;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.examples.chat.live.Watch;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.util.List;
import java.util.Set;

/** Begins a conversation with the messages of another one. */
final class ForkRoutes {

  private static final Set<String> FORK = Set.of("through", "id", "title");

  private final ConversationStore store;
  private final Watch watch;

  ForkRoutes(ConversationStore store, Watch watch) {
    this.store = store;
    this.watch = watch;
  }

  List<Route> all() {
    return List.of(Route.of("POST", "/conversations/{id}/forks", this::fork));
  }

  private void fork(Call call) {
    JsonNode body = call.body(FORK);
    Owner owner = call.owner();
    ForkOrigin origin = new ForkOrigin(call.conversation(), Json.uuid(body, "through"));
    String title = Json.optionalString(body, "title");
    String id = Json.optionalString(body, "id");
    if (id == null) {
      id = new Ids(owner, call.conversation(), call.key()).next("fork").toString();
    }
    NewConversation wanted = NewConversation.ofId(id).withTitle(title == null ? "" : title);
    Conversation fork;
    try {
      fork = store.fork(owner, origin.conversationId(), origin.messageId(), wanted);
    } catch (ConversationExistsException exists) {
      // A repeated request finds the fork of its first attempt.
      fork =
          store
              .find(owner, id)
              .filter(found -> call.key() != null)
              .filter(found -> found.forkedFrom().filter(origin::equals).isPresent())
              .orElseThrow(() -> exists);
    }
    watch.changed(owner, fork.id());
    call.context().header("Location", "/conversations/" + fork.id());
    Conversation made = fork;
    call.answerTagged(201, Etags.of(made), out -> ModelJson.write(out, made));
  }
}
