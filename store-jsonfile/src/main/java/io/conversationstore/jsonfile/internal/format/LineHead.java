package io.conversationstore.jsonfile.internal.format;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a whole line that precede all content. The store itself wrote them, so unreadable
 * content stops neither an erasure nor a repair. Immutable.
 *
 * @param number of the line; 0 if it has none
 * @param synced the number of the last line known to be on the disk
 * @param from the number of the first line of the file, in its header
 * @param through the last line that it replaces, if it reports lost lines; else 0
 * @param at when it was written
 * @param payload the name of the field that holds a change or a state; empty if there is none
 * @param kind of the change or the state
 * @param id of the change, or of the conversation whose state it is
 * @param tenant of the owner; empty if the line names no owner
 * @param user of the owner
 * @param epoch of the change or the state
 * @param time of the change
 * @param conversation the id of its conversation; empty if the line names none
 * @param generation of that conversation
 */
public record LineHead(
    long number,
    long synced,
    long from,
    long through,
    String at,
    String payload,
    String kind,
    String id,
    String tenant,
    String user,
    long epoch,
    String time,
    String conversation,
    long generation) {

  /** The owner of the line; null if it names none. */
  public @Nullable Owner owner() {
    return tenant.isEmpty() || user.isEmpty() ? null : Owner.of(tenant, user);
  }

  public static LineHead of(byte[] line, int length) {
    Reader reader = new Reader();
    try (JsonParser parser = Json.parser(line, 0, length)) {
      reader.read(parser);
    } catch (IOException e) {
      // The exception quotes content, and the fields before content are complete by now.
      return reader.head();
    }
    return reader.head();
  }

  private static final class Reader {
    private long number;
    private long synced;
    private long from = 1;
    private long through;
    private String at = "";
    private String payload = "";
    private String kind = "";
    private String id = "";
    private String tenant = "";
    private String user = "";
    private long epoch;
    private String time = "";
    private String conversation = "";
    private long generation;

    LineHead head() {
      return new LineHead(
          number,
          synced,
          from,
          through,
          at,
          payload,
          kind,
          id,
          tenant,
          user,
          epoch,
          time,
          conversation,
          generation);
    }

    void read(JsonParser parser) throws IOException {
      parser.nextToken();
      while (payload.isEmpty() && parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        switch (name) {
          case "n" -> number = parser.getLongValue();
          case "s" -> synced = parser.getLongValue();
          case "from" -> from = parser.getLongValue();
          case "at" -> at = parser.getText();
          case "lost" -> lost(parser);
          case "apply", "row", "pending" -> {
            payload = name;
            payload(parser);
          }
          default -> parser.skipChildren();
        }
      }
    }

    private void lost(JsonParser parser) throws IOException {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        parser.nextToken();
        through = parser.getLongValue();
      }
    }

    /** Reads on up to a field that never precedes content. */
    private void payload(JsonParser parser) throws IOException {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        if (!parser.nextToken().isScalarValue()) {
          return;
        }
        switch (name) {
          case "change", "state" -> kind = parser.getText();
          case "id" -> id = parser.getText();
          case "tenant_id" -> tenant = parser.getText();
          case "user_id" -> user = parser.getText();
          case "epoch" -> epoch = parser.getLongValue();
          case "time" -> time = parser.getText();
          case "node" -> parser.finishToken();
          case "conversation_id" -> conversation = parser.getText();
          case "generation" -> generation = parser.getLongValue();
          default -> {
            return;
          }
        }
      }
    }
  }
}
