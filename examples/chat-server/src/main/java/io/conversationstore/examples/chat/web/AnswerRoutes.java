package io.conversationstore.examples.chat.web;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.examples.chat.answers.Answers;
import io.conversationstore.examples.chat.answers.Turn;
import io.conversationstore.examples.chat.live.Event;
import io.conversationstore.examples.chat.live.Live;
import io.conversationstore.examples.chat.live.Watch;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Asks for answers and stops them. The question is stored before the request returns. The answer
 * grows afterwards, with or without listeners, and is published as events of its conversation.
 */
final class AnswerRoutes {

  private static final Set<String> ASK = Set.of("question", "create", "title");

  private final ConversationStore store;
  private final Answers answers;
  private final Live live;
  private final Watch watch;

  AnswerRoutes(ConversationStore store, Answers answers, Live live, Watch watch) {
    this.store = store;
    this.answers = answers;
    this.live = live;
    this.watch = watch;
  }

  List<Route> all() {
    return List.of(
        Route.of("POST", "/conversations/{id}/answers", this::ask),
        Route.of("DELETE", "/conversations/{id}/answers/{message}", this::stop));
  }

  private void ask(Call call) {
    JsonNode body = call.body(ASK);
    String text = Json.string(body, "question");
    if (text.isBlank()) {
      throw Problem.invalid("question must not be blank.");
    }
    Ids ids = new Ids(call.owner(), call.conversation(), call.key());
    Message question = Message.user(text).withId(ids.next("question"));
    Turn turn = new Turn(call.owner(), call.conversation(), ids.next("answer"), ids.next("finish"));
    if (call.key() != null && isThere(turn)) {
      StoredMessage stored = append(call, body, question);
      answer(call, 200, stored, turn);
      return;
    }
    Question asked = new Question();
    Answers.Start start =
        answers.start(
            turn,
            () -> {
              StoredMessage stored = append(call, body, question);
              asked.stored = stored;
              return stored;
            });
    switch (start) {
      case STARTED -> answer(call, 202, asked.stored, turn);
      case GROWING -> answer(call, 200, append(call, body, question), turn);
      case TOO_MANY ->
          throw new Problem(
              429,
              "too-many-answers",
              "At most "
                  + Answers.MOST_PER_OWNER
                  + " answers of an owner grow at a time, and "
                  + Answers.MOST
                  + " on a server. Nothing was stored.");
    }
  }

  private static final class Question {
    private @Nullable StoredMessage stored;
  }

  /** Whether a repeated request finds its answer. */
  private boolean isThere(Turn turn) {
    try {
      return store.findMessage(turn.owner(), turn.conversation(), turn.answer()).isPresent();
    } catch (UnknownWhileOfflineException unknown) {
      // The append of the same ids stays safe: the store compares them when the database is back.
      return false;
    }
  }

  private StoredMessage append(Call call, JsonNode body, Message question) {
    StoredMessage stored;
    if (body.hasNonNull("create") && Json.bool(body, "create")) {
      String title = Json.optionalString(body, "title");
      NewConversation ifAbsent =
          NewConversation.ofId(call.conversation()).withTitle(title == null ? "" : title);
      stored =
          store
              .append(call.owner(), ifAbsent, List.of(question), AppendCondition.always())
              .messages()
              .get(0);
    } else {
      stored = store.append(call.owner(), call.conversation(), question).get(0);
    }
    live.toConversation(
        call.owner(), call.conversation(), Event.messages(call.conversation(), List.of(stored)));
    watch.changed(call.owner(), call.conversation());
    return stored;
  }

  private void answer(Call call, int status, @Nullable StoredMessage question, Turn turn) {
    if (question == null) {
      throw new IllegalStateException("an answer was started without its question");
    }
    call.answer(
        status,
        out -> {
          out.writeStartObject();
          out.writeFieldName("question");
          ModelJson.write(out, question);
          out.writeStringField("answer_id", turn.answer().toString());
          out.writeBooleanField("growing", answers.isGrowing(turn.answer()));
          out.writeEndObject();
        });
  }

  private void stop(Call call) {
    UUID id = call.message();
    if (!answers.stop(call.owner(), call.conversation(), id)) {
      throw new Problem(
          404, "answer-not-growing", "Answer " + id + " does not grow on this server.");
    }
    call.nothing(204);
  }
}
