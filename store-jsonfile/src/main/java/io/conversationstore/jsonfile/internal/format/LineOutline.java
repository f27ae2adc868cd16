package io.conversationstore.jsonfile.internal.format;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.AppendCondition;
import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.TokenUsage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.StateJson;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A line without the contents of messages, and the positions of those contents. It is read in one
 * pass that creates no objects for data that the index does not keep. Immutable.
 *
 * @param number of the line; 0 if it has none
 * @param synced the number of the last line known to be on the disk
 * @param json the other fields, except {@code at} and the payload
 * @param at when it was written; null if missing
 * @param payload the change or the state that the line holds, an exception if it could not be read,
 *     null if the line holds neither
 * @param contents the positions of each message of an append (digest and message) and of the
 *     content of each edit, in order
 */
public record LineOutline(
    long number,
    long synced,
    JsonNode json,
    @Nullable Instant at,
    @Nullable Object payload,
    List<Span> contents) {

  /**
   * Bytes from {@code start} (inclusive) to {@code end} (exclusive), relative to where reading
   * began.
   */
  public record Span(int start, int end, int crc) {
    public Place in(int segment, long base) {
      return new Place(segment, base + start, end - start, crc);
    }
  }

  /** Stands for every message without usage; the index needs nothing else of them. */
  private static final Message UNREAD = Message.of(Role.USER);

  /**
   * Fields read from a message row: the index keeps the times, and the message needs the others.
   */
  private static final Set<String> KEPT =
      Set.of("id", "conversation_id", "seq", "role", "created_at", "edited_at");

  /**
   * Reads a line. If it is not JSON of the expected shape, the outline's payload is the exception.
   */
  static LineOutline of(byte[] bytes, int start, int length, Owners owners) throws IOException {
    try (JsonParser parser = Json.parser(bytes, start, length)) {
      return new Reader(parser, bytes, start, owners).line();
    }
  }

  /**
   * Reads a change, without the contents of its messages and edits.
   *
   * @throws IllegalArgumentException if it cannot be read
   */
  public static Change change(byte[] json, Owners owners) throws IOException {
    try (JsonParser parser = Json.parser(json, 0, json.length)) {
      return new Reader(parser, json, 0, owners).head();
    } catch (JsonProcessingException e) {
      // The parser's message quotes content.
      throw new IllegalArgumentException("the JSON does not have the shape of a change");
    }
  }

  /** Reuses the same object for the same owner, node and conversation in consecutive lines. */
  public static final class Owners {
    private @Nullable Owner last;
    private @Nullable UUID node;
    private String nodeText = "";
    private @Nullable ConversationRef ref;

    UUID node(String text) {
      UUID same = node;
      if (same == null || !nodeText.equals(text)) {
        same = UUID.fromString(text);
        node = same;
        nodeText = text;
      }
      return same;
    }

    ConversationRef ref(String conversation, long generation) {
      ConversationRef same = ref;
      if (same == null || same.generation() != generation || !same.id().equals(conversation)) {
        same = new ConversationRef(conversation, generation);
        ref = same;
      }
      return same;
    }

    Owner of(String tenantId, String userId) {
      Owner owner = last;
      if (owner == null || !owner.userId().equals(userId) || !owner.tenantId().equals(tenantId)) {
        owner = Owner.of(tenantId, userId);
        last = owner;
      }
      return owner;
    }
  }

  private static final class Reader {
    private final JsonParser parser;
    private final byte[] bytes;
    private final int start;
    private final Owners owners;
    private final List<List<NewMessage>> messages = new ArrayList<>(1);
    private final List<Span> contents = new ArrayList<>(2);
    private boolean headOnly;
    private long number;
    private long synced;
    private @Nullable Instant at;
    private @Nullable Object payload;

    Reader(JsonParser parser, byte[] bytes, int start, Owners owners) {
      this.parser = parser;
      this.bytes = bytes;
      this.start = start;
      this.owners = owners;
    }

    private interface Field {
      /** Reads the parser's current value; null if the value is left out. */
      @Nullable JsonNode read(String name) throws IOException;
    }

    LineOutline line() throws IOException {
      ObjectNode json = JsonNodeFactory.instance.objectNode();
      try {
        require(parser.nextToken() == JsonToken.START_OBJECT);
        fields(json, this::field);
      } catch (JsonProcessingException e) {
        // The parser's message quotes content.
        payload = new IllegalArgumentException("the JSON does not have the shape of a line");
      } catch (RuntimeException e) {
        // Reported when the line is used.
        payload =
            e instanceof IllegalArgumentException
                ? e
                : new IllegalArgumentException("a line has an invalid shape", e);
      }
      return new LineOutline(number, synced, json, at, payload, contents);
    }

    Change head() throws IOException {
      headOnly = true;
      parser.nextToken();
      apply();
      if (payload instanceof Change change) {
        return change;
      }
      throw new IllegalArgumentException("the JSON is not a change");
    }

    private @Nullable JsonNode field(String name) throws IOException {
      switch (name) {
        case "crc" -> {}
        case "n" -> number = parser.getLongValue();
        case "s" -> synced = parser.getLongValue();
        case "at" -> at = Json.time(name, parser.getText());
        case "apply" -> apply();
        case "row" -> {
          payload = StateJson.read(object(this::row));
        }
        default -> {
          return value();
        }
      }
      return null;
    }

    private void apply() throws IOException {
      require(parser.currentToken() == JsonToken.START_OBJECT);
      require(parser.nextToken() == JsonToken.FIELD_NAME);
      boolean first = parser.currentName().equals("change");
      parser.nextToken();
      if (first && parser.getText().equals(Change.Kind.MESSAGES_APPENDED.wireName())) {
        payload = append();
        return;
      }
      ObjectNode change = JsonNodeFactory.instance.objectNode();
      set(change, "change", first ? value() : null);
      fields(change, this::change);
      Iterator<List<NewMessage>> read = messages.iterator();
      payload = ChangeJson.read(change, part -> read.hasNext() ? read.next() : List.of());
    }

    /** Reads the most frequent change without building a tree. */
    private Object append() throws IOException {
      String id = "";
      String tenant = "";
      String user = "";
      long epoch = ChangeStamp.PRESENT_EPOCH;
      String time = "";
      String node = "";
      String conversation = "";
      long generation = 0;
      String last = null;
      boolean editExisting = false;
      List<NewMessage> appended = List.of();
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken token = parser.nextToken();
        switch (name) {
          case "id" -> id = parser.getText();
          case "tenant_id" -> tenant = parser.getText();
          case "user_id" -> user = parser.getText();
          case "epoch" -> epoch = parser.getLongValue();
          case "time" -> time = parser.getText();
          case "node" -> node = parser.getText();
          case "conversation_id" -> conversation = parser.getText();
          case "generation" -> generation = parser.getLongValue();
          case "if_last" -> last = parser.getText();
          case "edit_existing" -> editExisting = token == JsonToken.VALUE_TRUE;
          case "messages" -> appended = messages();
          default -> parser.skipChildren();
        }
      }
      ChangeStamp stamp =
          new ChangeStamp(
              UUID.fromString(id),
              owners.of(tenant, user),
              epoch,
              Json.time("time", time),
              owners.node(node));
      AppendCondition condition =
          last == null
              ? AppendCondition.always()
              : last.isEmpty()
                  ? AppendCondition.ifEmpty()
                  : AppendCondition.ifLastIs(UUID.fromString(last));
      ConversationRef ref = owners.ref(conversation, generation);
      return new Change.MessagesAppended(stamp, ref, appended, condition, editExisting);
    }

    private static void require(boolean holds) {
      if (!holds) {
        throw new IllegalArgumentException("a line has an invalid shape");
      }
    }

    private JsonNode object(Field field) throws IOException {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        return value();
      }
      ObjectNode object = JsonNodeFactory.instance.objectNode();
      fields(object, field);
      return object;
    }

    private void fields(ObjectNode into, Field field) throws IOException {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        set(into, name, field.read(name));
      }
    }

    private static void set(ObjectNode object, String name, @Nullable JsonNode value) {
      if (value != null) {
        object.set(name, value);
      }
    }

    private JsonNode value() throws IOException {
      JsonNodeFactory nodes = JsonNodeFactory.instance;
      return switch (parser.currentToken()) {
        case VALUE_STRING -> nodes.textNode(parser.getText());
        case VALUE_TRUE -> nodes.booleanNode(true);
        case VALUE_FALSE -> nodes.booleanNode(false);
        case VALUE_NULL -> nodes.nullNode();
        default -> Json.readValue(parser);
      };
    }

    private @Nullable JsonNode change(String name) throws IOException {
      JsonToken token = parser.currentToken();
      if (name.equals("messages") && token == JsonToken.START_ARRAY) {
        messages.add(messages());
        return null;
      } else if (name.equals("changes") && token == JsonToken.START_ARRAY) {
        ArrayNode changes = JsonNodeFactory.instance.arrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          changes.add(object(this::change));
        }
        return changes;
      } else if (name.equals("content") && headOnly) {
        parser.skipChildren();
        return null;
      } else if (name.equals("content")) {
        int from = position(parser.currentTokenLocation().getByteOffset());
        JsonNode content = value();
        add(from);
        return content;
      }
      return value();
    }

    private @Nullable JsonNode row(String name) throws IOException {
      return name.equals("message") ? object(this::keptOfRow) : value();
    }

    private @Nullable JsonNode keptOfRow(String name) throws IOException {
      if (KEPT.contains(name)) {
        return value();
      }
      parser.skipChildren();
      return null;
    }

    private List<NewMessage> messages() throws IOException {
      List<NewMessage> read = new ArrayList<>();
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        require(parser.currentToken() == JsonToken.START_OBJECT);
        int from = position(parser.currentTokenLocation().getByteOffset());
        read.add(message());
        add(from);
      }
      return read;
    }

    private NewMessage message() throws IOException {
      String digest = null;
      Instant createdAt = null;
      UUID id = null;
      TokenUsage usage = null;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        JsonToken token = parser.nextToken();
        if (name.equals("digest")) {
          digest = parser.getText();
        } else if (name.equals("created_at")) {
          createdAt = Json.time(name, parser.getText());
        } else if (name.equals("message") && token == JsonToken.START_OBJECT) {
          while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            parser.nextToken();
            if (field.equals("id")) {
              id = UUID.fromString(parser.getText());
            } else if (field.equals("usage")) {
              usage = usage();
            } else {
              parser.skipChildren();
            }
          }
        } else {
          parser.skipChildren();
        }
      }
      if (digest == null || id == null) {
        throw new IllegalArgumentException("a message lacks its digest or its id");
      }
      Message unread = usage == null ? UNREAD : UNREAD.withModel(null).withUsage(usage);
      return new NewMessage(id, unread, digest, createdAt);
    }

    private @Nullable TokenUsage usage() throws IOException {
      if (parser.currentToken() != JsonToken.START_OBJECT) {
        return ModelJson.readUsage(value());
      }
      long prompt = 0;
      long completion = 0;
      long total = 0;
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        switch (name) {
          case "prompt_tokens" -> prompt = parser.getLongValue();
          case "completion_tokens" -> completion = parser.getLongValue();
          case "total_tokens" -> total = parser.getLongValue();
          default -> parser.skipChildren();
        }
      }
      return new TokenUsage(prompt, completion, total);
    }

    /** Adds the bytes read since {@code from} as a content. */
    private void add(int from) throws IOException {
      parser.finishToken();
      int to = position(parser.currentLocation().getByteOffset());
      contents.add(new Span(from, to, Place.crc(bytes, start + from, to - from)));
    }

    private static int position(long offset) {
      return (int) offset;
    }
  }
}
