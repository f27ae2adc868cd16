package io.conversationstore.examples.chat.web;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.examples.chat.live.Event;
import io.conversationstore.examples.chat.live.Live;
import io.conversationstore.examples.chat.live.Watch;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Lists, creates, shows, changes and deletes conversations. */
final class ConversationRoutes {

  private static final Set<String> NEW = Set.of("id", "title", "pinned", "tags", "settings");
  private static final Set<String> CHANGES =
      Set.of("title", "pinned", "status", "tags", "settings");

  private final ConversationStore store;
  private final Writes writes;
  private final Live live;
  private final Watch watch;

  ConversationRoutes(ConversationStore store, Writes writes, Live live, Watch watch) {
    this.store = store;
    this.writes = writes;
    this.live = live;
    this.watch = watch;
  }

  List<Route> all() {
    return List.of(
        Route.of("GET", "/conversations", this::list),
        Route.of("POST", "/conversations", this::create),
        Route.of("GET", "/conversations/{id}", this::show),
        Route.of("PATCH", "/conversations/{id}", this::change),
        Route.of("DELETE", "/conversations/{id}", this::delete));
  }

  private void list(Call call) {
    String status = call.query("status");
    Page<Conversation> page =
        store.list(
            call.owner(),
            ConversationQuery.all()
                .withLimit(call.limit(ConversationQuery.DEFAULT_LIMIT))
                .withCursor(call.cursor())
                .withStatus(status == null ? null : ConversationStatus.ofWireName(status))
                .withPinned(call.flag("pinned"))
                .withTag(call.query("tag"))
                .withTitleContaining(call.query("title")));
    call.answer(
        200,
        out -> {
          out.writeStartObject();
          out.writeArrayFieldStart("conversations");
          for (Conversation each : page) {
            ModelJson.write(out, each);
          }
          out.writeEndArray();
          Views.endPage(out, page);
        });
  }

  private void create(Call call) {
    JsonNode body = call.body(NEW);
    String id = Json.optionalString(body, "id");
    if (id == null && call.key() != null) {
      id = new Ids(call.owner(), "", call.key()).next("conversation").toString();
    }
    NewConversation wanted =
        NewConversation.titled(title(body, ""))
            .withId(id)
            .withPinned(flag(body, "pinned", false))
            .withTags(body.has("tags") ? Views.strings(body, "tags") : List.of());
    if (body.has("settings")) {
      wanted = wanted.withSettings(ModelJson.readObject(body.get("settings"), "settings"));
    }
    Conversation made =
        id == null
            ? store.create(call.owner(), wanted)
            : store.createIfAbsent(call.owner(), wanted);
    watch.changed(call.owner(), made.id());
    call.context().header("Location", "/conversations/" + made.id());
    call.answerTagged(201, Etags.of(made), out -> ModelJson.write(out, made));
  }

  private static String title(JsonNode body, String byDefault) {
    String title = Json.optionalString(body, "title");
    return title == null ? byDefault : title;
  }

  private static boolean flag(JsonNode body, String name, boolean byDefault) {
    return body.hasNonNull(name) ? Json.bool(body, name) : byDefault;
  }

  private void show(Call call) {
    Conversation conversation = find(call);
    String tag = Etags.of(conversation);
    if (call.hasAlready(tag)) {
      call.context().header("ETag", tag);
      call.nothing(304);
      return;
    }
    Page<StoredMessage> last =
        store.messages(
            call.owner(),
            conversation.id(),
            MessageQuery.last(call.limit(MessageRoutes.DEFAULT_LIMIT)));
    call.answerTagged(200, tag, out -> write(out, conversation, last));
  }

  private static void write(
      JsonGenerator out, Conversation conversation, Page<StoredMessage> messages)
      throws IOException {
    out.writeStartObject();
    out.writeFieldName("conversation");
    ModelJson.write(out, conversation);
    out.writeArrayFieldStart("messages");
    for (StoredMessage message : messages) {
      ModelJson.write(out, message);
    }
    out.writeEndArray();
    Views.endPage(out, messages);
  }

  private Conversation find(Call call) {
    return store
        .find(call.owner(), call.conversation())
        .orElseThrow(() -> Problem.conversationNotFound(call.conversation()));
  }

  private void change(Call call) {
    JsonNode body = call.body(CHANGES);
    ConversationUpdate update = update(body);
    Conversation changed =
        writes.alone(
            call.owner(),
            call.conversation(),
            () -> {
              requireMatch(call);
              return store.update(call.owner(), call.conversation(), update);
            });
    watch.changed(call.owner(), changed.id());
    call.answerTagged(200, Etags.of(changed), out -> ModelJson.write(out, changed));
  }

  private static ConversationUpdate update(JsonNode body) {
    ConversationUpdate update = ConversationUpdate.touch();
    String title = Json.optionalString(body, "title");
    @Nullable String status = Json.optionalString(body, "status");
    if (title != null) {
      update = update.withTitle(title);
    }
    if (status != null) {
      update = update.withStatus(ConversationStatus.ofWireName(status));
    }
    if (body.hasNonNull("pinned")) {
      update = update.withPinned(Json.bool(body, "pinned"));
    }
    if (body.has("tags")) {
      update = update.withTags(Views.strings(body, "tags"));
    }
    if (body.has("settings")) {
      update = update.withSettings(ModelJson.readObject(body.get("settings"), "settings"));
    }
    return update;
  }

  private void requireMatch(Call call) {
    if (call.context().header("If-Match") != null) {
      call.requireMatch(Etags.of(find(call)));
    }
  }

  private void delete(Call call) {
    boolean deleted =
        writes.alone(
            call.owner(),
            call.conversation(),
            () -> {
              requireMatch(call);
              return store.delete(call.owner(), call.conversation());
            });
    if (!deleted) {
      throw Problem.conversationNotFound(call.conversation());
    }
    live.toOwner(call.owner(), Event.deleted(call.conversation()));
    call.nothing(204);
  }
}
