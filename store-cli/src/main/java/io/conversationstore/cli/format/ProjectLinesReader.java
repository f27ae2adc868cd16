package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.ConversationStatus;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Preferences;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the project's own JSON Lines, which {@link ProjectLinesWriter} describes, one message at a
 * time. Thread-safe.
 */
final class ProjectLinesReader implements FormatReader {

  @Override
  public void read(String name, InputStream in, ImportHandler handler) throws IOException {
    new Reading(name, handler).read(new Lines(in));
  }

  /** One file. For one thread. */
  private static final class Reading {

    private final String name;
    private final ImportHandler handler;
    private boolean open;
    private boolean skipping;
    private boolean ended;
    private long record;
    private long message;
    private Place conversation;
    private MessageIds ids = new MessageIds("");

    Reading(String name, ImportHandler handler) {
      this.name = name;
      this.handler = handler;
      this.conversation = Place.of(name);
    }

    void read(Lines lines) throws IOException {
      for (Lines.Line line = lines.next(); line != null; line = lines.next()) {
        if (line.isBlank()) {
          continue;
        }
        record++;
        Place place = new Place(name, line.number(), line.offset(), record, null, 0);
        try {
          if (line.tooLong()) {
            throw new IllegalArgumentException("the line is longer than " + Lines.LONGEST);
          }
          line(Json.parse(line.bytes(), 0, line.bytes().length), place);
        } catch (VersionException e) {
          handler.bad(place, e.getMessage());
          return;
        } catch (IllegalArgumentException e) {
          bad(place, e);
        }
      }
      close();
      if (!ended) {
        handler.bad(
            Place.of(name), "the file has no end line; what followed its last line is missing");
      }
    }

    private void line(JsonNode json, Place place) {
      if (json.has(ProjectLines.HEADER)) {
        long version = Json.number(json, "version", 0);
        if (version != ProjectLines.VERSION) {
          throw new VersionException(
              "the file has version "
                  + version
                  + " of the format, but this program reads version "
                  + ProjectLines.VERSION
                  + "; use a newer program");
        }
      } else if (json.path(ProjectLines.CONVERSATION).isObject()) {
        close();
        begin(json.path(ProjectLines.CONVERSATION), place);
      } else if (json.path(ProjectLines.MESSAGE).isObject()) {
        message(json.path(ProjectLines.MESSAGE), place);
      } else if (json.path(ProjectLines.PREFERENCES).isObject()) {
        close();
        preferences(json.path(ProjectLines.PREFERENCES));
      } else if (json.has(ProjectLines.END)) {
        close();
        ended = true;
      } else {
        throw new IllegalArgumentException("the line has an unknown kind");
      }
    }

    private void begin(JsonNode json, Place place) {
      skipping = true;
      ConversationHeader header = header(json);
      conversation = place.withConversation(header.id());
      ids = new MessageIds(header.id());
      message = 0;
      handler.begin(header, conversation);
      open = true;
      skipping = false;
    }

    private static ConversationHeader header(JsonNode json) {
      List<String> tags = new ArrayList<>();
      for (JsonNode tag : Json.array(json, "tags")) {
        tags.add(tag.asText());
      }
      String title = Json.optionalString(json, "title");
      String status = Json.optionalString(json, "status");
      NewConversation fields =
          NewConversation.ofId(Json.string(json, "id"))
              .withTitle(title == null ? "" : title)
              .withSettings(ModelJson.readObject(json, "settings"))
              .withMetadata(ModelJson.readObject(json, "metadata"))
              .withTags(tags)
              .withPinned(Json.bool(json, "pinned"))
              .withExpiresAt(Json.optionalTime(json, "expires_at"));
      return new ConversationHeader(
          fields,
          status != null && ConversationStatus.ofWireName(status) == ConversationStatus.ARCHIVED,
          Json.optionalTime(json, "created_at"),
          Json.optionalTime(json, "updated_at"),
          json.has("tenant_id") || json.has("user_id") ? owner(json) : null);
    }

    private static Owner owner(JsonNode json) {
      return Owner.of(Json.string(json, "tenant_id"), Json.string(json, "user_id"));
    }

    private void message(JsonNode json, Place place) {
      if (skipping) {
        return;
      }
      if (!open) {
        throw new IllegalArgumentException("the message has no conversation before it");
      }
      message++;
      Message read = ModelJson.readMessage(json);
      handler.message(
          ids.identified(
              new ImportedMessage(
                  read,
                  Json.optionalTime(json, "created_at"),
                  Json.optionalTime(json, "edited_at"))),
          place.withConversation(conversation.conversation()).withMessage(message));
    }

    private void preferences(JsonNode json) {
      handler.preferences(
          owner(json),
          new Preferences(
              Json.optionalString(json, "active_conversation"),
              Json.optionalString(json, "selected_model")));
    }

    private void bad(Place place, IllegalArgumentException e) {
      String reason = RecordReader.column(e);
      if (open) {
        handler.bad(
            place.withConversation(conversation.conversation()).withMessage(message),
            reason + "; the rest of this conversation is left out");
        handler.abandon();
        open = false;
        skipping = true;
      } else {
        handler.bad(place, reason);
      }
    }

    private void close() {
      if (open) {
        handler.end();
        open = false;
      }
      skipping = false;
    }
  }

  /** The file cannot be read at all. */
  private static final class VersionException extends IllegalArgumentException {

    private static final long serialVersionUID = 1L;

    VersionException(String message) {
      super(message);
    }

    @Override
    public String getMessage() {
      return String.valueOf(super.getMessage());
    }
  }
}
