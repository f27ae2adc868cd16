package io.conversationstore.examples.chat.web;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.examples.chat.answers.Answers;
import io.conversationstore.examples.chat.live.Event;
import io.conversationstore.examples.chat.live.Live;
import io.conversationstore.examples.chat.live.Watch;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Appends, reads, edits and deletes messages. */
final class MessageRoutes {

  static final int DEFAULT_LIMIT = 50;

  private static final Set<String> TURN = Set.of("messages", "create", "title", "if_last");
  private static final Set<String> EDIT = Set.of("content");

  private final ConversationStore store;
  private final Writes writes;
  private final Answers answers;
  private final Live live;
  private final Watch watch;

  MessageRoutes(ConversationStore store, Writes writes, Answers answers, Live live, Watch watch) {
    this.store = store;
    this.writes = writes;
    this.answers = answers;
    this.live = live;
    this.watch = watch;
  }

  List<Route> all() {
    return List.of(
        Route.of("GET", "/conversations/{id}/messages", this::list),
        Route.of("POST", "/conversations/{id}/messages", this::append),
        Route.of("GET", "/conversations/{id}/messages/{message}", this::show),
        Route.of("PATCH", "/conversations/{id}/messages/{message}", this::edit),
        Route.of("DELETE", "/conversations/{id}/messages/{message}", this::delete));
  }

  private void list(Call call) {
    String order = call.query("order");
    if (order != null && !order.equals("forward") && !order.equals("backward")) {
      throw Problem.invalid("order must be forward or backward.");
    }
    MessageQuery.Direction direction =
        "forward".equals(order) ? MessageQuery.Direction.FORWARD : MessageQuery.Direction.BACKWARD;
    MessageQuery query =
        MessageQuery.of(direction, call.limit(DEFAULT_LIMIT)).withCursor(call.cursor());
    String start = call.query("from");
    if (start != null) {
      query = query.withStartAt(Call.uuid("from", start));
    }
    Page<StoredMessage> page = store.messages(call.owner(), call.conversation(), query);
    call.answer(
        200,
        out -> {
          out.writeStartObject();
          out.writeArrayFieldStart("messages");
          for (StoredMessage message : page) {
            ModelJson.write(out, message);
          }
          out.writeEndArray();
          Views.endPage(out, page);
        });
  }

  private void append(Call call) {
    JsonNode body = call.body(TURN);
    Ids ids = new Ids(call.owner(), call.conversation(), call.key());
    List<Message> turn = new ArrayList<>();
    for (JsonNode each : Json.array(body, "messages")) {
      Message message = ModelJson.readMessage(each);
      turn.add(message.id() == null ? message.withId(ids.next("message " + turn.size())) : message);
    }
    if (turn.isEmpty()) {
      throw Problem.invalid("messages must have at least one message.");
    }
    AppendCondition condition =
        body.hasNonNull("if_last")
            ? AppendCondition.ifLastIs(Json.uuid(body, "if_last"))
            : AppendCondition.always();
    List<StoredMessage> stored;
    if (body.hasNonNull("create") && Json.bool(body, "create")) {
      String title = Json.optionalString(body, "title");
      NewConversation ifAbsent =
          NewConversation.ofId(call.conversation()).withTitle(title == null ? "" : title);
      stored = store.append(call.owner(), ifAbsent, turn, condition).messages();
    } else {
      stored = store.append(call.owner(), call.conversation(), turn, condition);
    }
    publish(call, stored);
    call.answer(
        201,
        out -> {
          out.writeStartObject();
          out.writeArrayFieldStart("messages");
          for (StoredMessage message : stored) {
            ModelJson.write(out, message);
          }
          out.writeEndArray();
          out.writeEndObject();
        });
  }

  private void publish(Call call, List<StoredMessage> stored) {
    live.toConversation(
        call.owner(), call.conversation(), Event.messages(call.conversation(), stored));
    watch.changed(call.owner(), call.conversation());
  }

  private StoredMessage find(Call call) {
    return store
        .findMessage(call.owner(), call.conversation(), call.message())
        .orElseThrow(() -> Problem.messageNotFound(call.message()));
  }

  private void show(Call call) {
    StoredMessage message = find(call);
    String tag = Etags.of(message);
    if (call.hasAlready(tag)) {
      call.context().header("ETag", tag);
      call.nothing(304);
      return;
    }
    call.answerTagged(200, tag, out -> ModelJson.write(out, message));
  }

  private void edit(Call call) {
    JsonNode body = call.body(EDIT);
    UUID id = call.message();
    refuseGrowing(id);
    if (!body.has("content")) {
      throw Problem.invalid("content is missing.");
    }
    MessageEdit edit = MessageEdit.of(ModelJson.readContent(body.get("content")));
    StoredMessage edited =
        writes.alone(
            call.owner(),
            call.conversation(),
            () -> {
              requireMatch(call);
              return store.edit(call.owner(), call.conversation(), id, edit);
            });
    publish(call, List.of(edited));
    call.answerTagged(200, Etags.of(edited), out -> ModelJson.write(out, edited));
  }

  private void delete(Call call) {
    UUID id = call.message();
    refuseGrowing(id);
    boolean deleted =
        writes.alone(
            call.owner(),
            call.conversation(),
            () -> {
              requireMatch(call);
              return store.deleteMessage(call.owner(), call.conversation(), id);
            });
    if (!deleted) {
      throw Problem.messageNotFound(id);
    }
    live.toConversation(call.owner(), call.conversation(), Event.removed(call.conversation(), id));
    watch.changed(call.owner(), call.conversation());
    call.nothing(204);
  }

  private void requireMatch(Call call) {
    if (call.context().header("If-Match") != null) {
      call.requireMatch(Etags.of(find(call)));
    }
  }

  private void refuseGrowing(UUID id) {
    if (answers.isGrowing(id)) {
      throw new Problem(409, "answer-grows", "Answer " + id + " is growing. Stop it first.");
    }
  }
}
