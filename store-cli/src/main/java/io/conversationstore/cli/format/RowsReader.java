package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.Owner;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hands conversations to a handler whose header and messages come as rows of tables, as JSON
 * objects with the names of the columns. Fields with the names that programs use are recognized as
 * in files; others are kept in the metadata. Memory depends on the largest row. For one thread.
 */
public final class RowsReader {
  private final String source;
  private final ImportHandler handler;
  private long conversations;
  private @Nullable MessageIds ids;
  private Place place;
  private long messages;

  /**
   * @param source the name of the source, for reports
   */
  public RowsReader(String source, ImportHandler handler) {
    this.source = source;
    this.handler = handler;
    this.place = Place.of(source);
  }

  /**
   * A conversation begins; the one before is complete.
   *
   * @param id 1 to 255 characters
   * @param owner null if the rows do not say
   * @param header its other columns
   */
  public void begin(String id, @Nullable Owner owner, ObjectNode header) {
    end();
    conversations++;
    place = Place.ofConversation(source, conversations, id);
    messages = 0;
    try {
      ConversationHeader read = Headers.read(header, id);
      handler.begin(
          new ConversationHeader(
              read.conversation(), read.archived(), read.createdAt(), read.updatedAt(), owner),
          place);
      ids = new MessageIds(id);
    } catch (IllegalArgumentException e) {
      handler.bad(place, String.valueOf(e.getMessage()));
    }
  }

  /** A message of the conversation; ignored if the conversation was bad. */
  public void message(ObjectNode row) {
    MessageIds identified = ids;
    if (identified == null) {
      return;
    }
    messages++;
    try {
      for (ImportedMessage message : MessageMapper.read(row)) {
        handler.message(identified.identified(message), place.withMessage(messages));
      }
    } catch (IllegalArgumentException e) {
      ids = null;
      handler.abandon();
      handler.bad(place.withMessage(messages), String.valueOf(e.getMessage()));
    }
  }

  /** All messages of the conversation, as a JSON array in one column. */
  public void messages(JsonNode array) {
    for (JsonNode message : array) {
      if (message instanceof ObjectNode object) {
        message(LangChain4jMessages.toChat(object));
      }
    }
  }

  /** The last conversation is complete. */
  public void end() {
    if (ids != null) {
      ids = null;
      handler.end();
    }
  }

  /** Something about the source that is no error. */
  public void note(String note) {
    handler.note(Place.of(source), note);
  }

  /** Whether a text can be the id of a conversation or of an owner. */
  public static boolean isName(@Nullable String text) {
    return Fields.isName(text);
  }

  /** The names of columns that hold an id, the best first. */
  public static List<String> idNames() {
    return Headers.IDS;
  }
}
