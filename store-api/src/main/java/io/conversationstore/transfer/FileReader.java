package io.conversationstore.transfer;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.NewConversation;
import io.conversationstore.internal.InputChecks;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads a file step by step: holds one message at a time and the conversation's header. For one
 * thread and one file.
 *
 * <p>A conversation is recognized by its messages: an object with a list of them under one of
 * {@link #MESSAGES}, or such a list itself. It may be nested down to {@link #MOST_DEPTH}: keyed by
 * its id, below the name of a user, in a list, or under a word that means conversations. Its id is
 * its key, prefixed by the keys above it; in a list, the id that it names.
 *
 * <p>Errors in the file are a {@link TransferException} with the place; exceptions of the receiver
 * are passed on unchanged.
 */
final class FileReader {

  /** Receives the contents of the file. */
  interface Receiver {

    /**
     * A message of a conversation.
     *
     * @param header the conversation's header as far as it was read
     * @param bytes its size in JSON
     */
    void message(
        OpenConversation conversation,
        Supplier<LenientHeaders.Header> header,
        Entry message,
        long bytes);

    /** The end of a conversation. */
    void end(OpenConversation conversation, LenientHeaders.Header header);
  }

  /**
   * Field names of a conversation's messages; under the first, elements of any form are messages.
   */
  private static final List<String> MESSAGES =
      List.of(
          "messages",
          "history",
          "chat_history",
          "chatHistory",
          "chat_messages",
          "message_history",
          "conversation",
          "conversations",
          "dialog",
          "dialogue",
          "entries",
          "exchanges",
          "items",
          "log",
          "transcript",
          "turns");

  /** Words for conversations, which are not part of an id. */
  private static final Set<String> WRAPPERS =
      Set.of(
          "chats",
          "chat_sessions",
          "conversations",
          "data",
          "dialogs",
          "histories",
          "items",
          "sessions",
          "threads",
          "users");

  /** A tree of messages in exports of ChatGPT; one branch is shown. */
  private static final String MAPPING = "mapping";

  /** The id of a conversation without a name in the file. */
  private static final String ONLY = "conversation";

  private static final int MOST_DEPTH = 5;
  private static final String NOTHING_FOUND = "it contains no messages";

  private final JsonParser parser;
  private final TransferOptions options;
  private final InputChecks checks;
  private final Counts counts;
  private final Receiver receiver;
  private long conversation;
  private long message;
  private boolean begun;

  private FileReader(JsonParser parser, TransferOptions options, Counts counts, Receiver receiver) {
    this.parser = parser;
    this.options = options;
    this.checks = new InputChecks(options.limits());
    this.counts = counts;
    this.receiver = receiver;
  }

  /** Reads to the end; the stream stays open. */
  static void read(InputStream in, TransferOptions options, Counts counts, Receiver receiver) {
    try (JsonParser parser = Json.parser(in)) {
      FileReader reader = new FileReader(parser, options, counts, receiver);
      try {
        reader.file();
      } catch (JsonProcessingException e) {
        throw reader.malformed(e);
      }
    } catch (IOException e) {
      throw new TransferException("the file cannot be read", counts.report(), e);
    }
  }

  private void file() throws IOException {
    JsonToken first = parser.nextToken();
    if (first == null) {
      throw fault("the file is empty", null);
    }
    if (first == JsonToken.START_ARRAY) {
      JsonNode rest = array(List.of(), false);
      if (rest != null && !rest.isEmpty()) {
        counts.skip(0, 0, NOTHING_FOUND);
      }
    } else if (first == JsonToken.START_OBJECT) {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        parser.nextToken();
        next();
        JsonNode rest = value(List.of(name));
        if (rest != null) {
          withoutMessages(name, rest);
        }
      }
    } else {
      throw fault("the file must be one JSON object keyed by conversation id, or an array", null);
    }
    if (parser.nextToken() != null) {
      throw fault("the JSON value is followed by other text", null);
    }
  }

  private void next() {
    conversation++;
    message = 0;
    begun = false;
  }

  /** Reads a value and the conversations in it; returns the value if it holds none. */
  private @Nullable JsonNode value(List<String> path) throws IOException {
    if (path.size() > MOST_DEPTH) {
      return Json.readValue(parser);
    }
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(path, false);
      case START_ARRAY -> array(path, false);
      default -> Json.readValue(parser);
    };
  }

  /**
   * A list of conversations, or of the messages of one; its first element decides.
   *
   * @param begunWithOne whether the first element is a conversation that was read already
   */
  private @Nullable JsonNode array(List<String> path, boolean begunWithOne) throws IOException {
    ArrayNode elements = JsonNodeFactory.instance.arrayNode();
    boolean found = begunWithOne;
    for (int index = found ? 2 : 1; parser.nextToken() != JsonToken.END_ARRAY; index++) {
      if (parser.currentToken() != JsonToken.START_OBJECT || path.size() >= MOST_DEPTH) {
        JsonNode other = Json.readValue(parser);
        if (found) {
          counts.skip(conversation, 0, NOTHING_FOUND);
        } else {
          elements.add(other);
        }
        continue;
      }
      if (path.isEmpty() || found) {
        next();
      }
      JsonNode element = object(child(path, String.valueOf(index)), true);
      if (element == null) {
        found = true;
      } else if (!found && LenientMessages.isMessage(element)) {
        OpenConversation open = open(path.isEmpty() ? ONLY : idOf(path));
        skipNulls(elements);
        message(open, element);
        finished = false;
        restOfMessages(open);
        end(open);
        return null;
      } else if (found) {
        withoutMessages(idIn(element, child(path, String.valueOf(index))), element);
      } else {
        elements.add(element);
      }
    }
    return found ? null : elements;
  }

  private void skipNulls(ArrayNode before) {
    for (int i = 0; i < before.size(); i++) {
      message++;
      counts.skip(conversation, message, "the message is null");
    }
  }

  /**
   * A conversation, or a group of them; the object itself if it is neither.
   *
   * @param record whether it names its own id, because it is in a list
   */
  private @Nullable JsonNode object(List<String> path, boolean record) throws IOException {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    OpenConversation open = null;
    List<JsonNode> held = null;
    JsonNode mapping = null;
    boolean group = false;
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken token = parser.nextToken();
      boolean container = token == JsonToken.START_ARRAY || token == JsonToken.START_OBJECT;
      if (name.equals(MESSAGES.get(0)) && !container && token != JsonToken.VALUE_NULL) {
        throw fault("messages must be an array", null);
      }
      if (name.equals(MESSAGES.get(0)) && !container) {
        continue;
      }
      if (container && open == null && held == null && MESSAGES.contains(name)) {
        Messages found = messages(path, name);
        if (found == null) {
          group = true;
        } else if (!found.areMessages) {
          fields.set(name, found.elements);
        } else if (record && LenientHeaders.idOf(fields) == null) {
          // The id may follow, so the messages are held until then.
          held = new ArrayList<>();
          found.elements.forEach(held::add);
          readAll(held);
        } else {
          open = open(record ? idIn(fields, path) : idOf(path));
          open.fields().setAll(fields);
          fields = open.fields();
          messages(open, found.elements);
          restOfMessages(open);
        }
      } else if (container && name.equals(MAPPING)) {
        mapping = Json.readValue(parser);
      } else if (container && open == null && held == null && mayHoldOthers(name, fields, group)) {
        JsonNode plain = value(child(path, name));
        group |= plain == null;
        if (plain != null) {
          fields.set(name, plain);
        }
      } else {
        fields.set(name, Json.readValue(parser));
      }
    }
    List<JsonNode> waiting = held;
    if (mapping != null && open == null && held == null && MessageTree.is(mapping)) {
      waiting = MessageTree.shown(mapping, fields.path("current_node").textValue());
    } else if (mapping != null) {
      fields.set(MAPPING, mapping);
    }
    if (waiting != null) {
      open = open(record ? idIn(fields, path) : idOf(path));
      open.fields().setAll(fields);
      for (JsonNode each : waiting) {
        message(open, each);
      }
    }
    if (open != null) {
      end(open);
      return null;
    }
    if (!group) {
      return fields;
    }
    for (Map.Entry<String, JsonNode> field : fields.properties()) {
      if (field.getValue().isContainerNode()) {
        withoutMessages(idOf(child(path, field.getKey())), field.getValue());
      } else {
        counts.skip(conversation, 0, "it is not a conversation");
      }
    }
    return null;
  }

  /**
   * Whether a name may hold conversations: a conversation's own fields take precedence over ids as
   * keys.
   */
  private static boolean mayHoldOthers(String name, ObjectNode fields, boolean group) {
    return !LenientHeaders.FIELDS.contains(name)
        && (group || fields.isEmpty() || WRAPPERS.contains(name));
  }

  /** The value under a name of messages; the parser is after the elements. */
  private record Messages(boolean areMessages, JsonNode elements) {}

  /**
   * Begins to read the value under a name of messages. If it holds messages, returns those read so
   * far, and the rest is still to be read. Else returns the whole value, or null if it held
   * conversations.
   */
  private @Nullable Messages messages(List<String> path, String name) throws IOException {
    boolean surely = name.equals(MESSAGES.get(0));
    ArrayNode looked = JsonNodeFactory.instance.arrayNode();
    if (parser.currentToken() == JsonToken.START_OBJECT) {
      // Keyed by numbers or ids, in their order.
      JsonNode rest = surely ? Json.readValue(parser) : value(child(path, name));
      if (rest == null) {
        return null;
      }
      boolean all = !rest.isEmpty() || surely;
      for (JsonNode each : rest) {
        all &= LenientMessages.isMessage(each);
        looked.add(each);
      }
      finished = true;
      return all ? new Messages(true, looked) : new Messages(false, rest);
    }
    finished = false;
    if (surely) {
      return new Messages(true, looked);
    }
    while (parser.nextToken() == JsonToken.VALUE_NULL) {
      looked.addNull();
    }
    if (parser.currentToken() == JsonToken.END_ARRAY) {
      finished = true;
      return new Messages(true, looked);
    }
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      return new Messages(false, rest(looked, Json.readValue(parser)));
    }
    JsonNode first = object(child(child(path, name), "1"), true);
    if (first == null) {
      array(child(path, name), true);
      return null;
    }
    if (!LenientMessages.isMessage(first)) {
      return new Messages(false, rest(looked, first));
    }
    looked.add(first);
    return new Messages(true, looked);
  }

  /** Whether the parser is after the messages that {@link #messages} began to read. */
  private boolean finished;

  private ArrayNode rest(ArrayNode before, JsonNode element) throws IOException {
    before.add(element);
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      before.add(Json.readValue(parser));
    }
    return before;
  }

  private void readAll(List<JsonNode> into) throws IOException {
    while (!finished && parser.nextToken() != JsonToken.END_ARRAY) {
      into.add(Json.readValue(parser));
    }
    finished = true;
  }

  private void messages(OpenConversation open, JsonNode elements) {
    for (JsonNode element : elements) {
      message(open, element);
    }
  }

  private void restOfMessages(OpenConversation open) throws IOException {
    while (!finished && parser.nextToken() != JsonToken.END_ARRAY) {
      message(open, Json.readValue(parser));
    }
    finished = true;
  }

  private void message(OpenConversation open, JsonNode json) {
    message++;
    if (json.isNull()) {
      counts.skip(conversation, message, "the message is null");
      return;
    }
    Entry entry = checked(() -> open.identified(LenientMessages.read(json, options.zone())));
    long bytes = checked(() -> checks.check(entry.message()));
    receiver.message(open, () -> header(open), entry, bytes);
  }

  /** A conversation with only a header, or a value that is not a conversation. */
  private void withoutMessages(String id, JsonNode rest) {
    if (rest.isNull()) {
      counts.skip(conversation, 0, "the conversation is null");
      return;
    }
    boolean header = false;
    boolean unread = false;
    for (Map.Entry<String, JsonNode> field : rest.properties()) {
      boolean known = LenientHeaders.FIELDS.contains(field.getKey());
      header |= known;
      unread |= !known && field.getValue().isContainerNode() && !field.getValue().isEmpty();
    }
    if (!rest.isContainerNode() || !(rest.isEmpty() || header)) {
      counts.skip(conversation, 0, NOTHING_FOUND);
      return;
    }
    if (unread) {
      counts.skip(conversation, 0, "it has no known field for messages");
    }
    OpenConversation open = open(id);
    if (rest instanceof ObjectNode object) {
      open.fields().setAll(object);
    }
    end(open);
  }

  private OpenConversation open(String id) {
    if (begun) {
      next();
    }
    begun = true;
    message = 0;
    checked(() -> NewConversation.ofId(id));
    return new OpenConversation(id);
  }

  private void end(OpenConversation open) {
    message = 0;
    receiver.end(open, header(open));
  }

  private static List<String> child(List<String> path, String name) {
    List<String> child = new ArrayList<>(path);
    child.add(name);
    return child;
  }

  /** The keys above a conversation, without words that only mean conversations. */
  private static String idOf(List<String> path) {
    StringBuilder id = new StringBuilder();
    for (int i = 0; i < path.size(); i++) {
      if (i == path.size() - 1 || !WRAPPERS.contains(path.get(i))) {
        id.append(id.isEmpty() ? "" : "/").append(path.get(i));
      }
    }
    return id.toString();
  }

  /**
   * The id that a conversation in a list names, prefixed by the keys above the list; else its
   * place.
   */
  private static String idIn(JsonNode fields, List<String> path) {
    String own = LenientHeaders.idOf(fields);
    if (own == null) {
      return idOf(path);
    }
    List<String> named = new ArrayList<>(path);
    named.set(path.size() - 1, own);
    return idOf(named);
  }

  private LenientHeaders.Header header(OpenConversation open) {
    return checked(
        () -> {
          LenientHeaders.Header header =
              LenientHeaders.read(open.id(), open.fields().deepCopy(), options.zone());
          checks.check(header.conversation());
          return header;
        });
  }

  private <T> T checked(Supplier<T> read) {
    try {
      return read.get();
    } catch (IllegalArgumentException e) {
      // The model's error texts name fields and limits, never content.
      throw fault(String.valueOf(e.getMessage()), e);
    }
  }

  /** Jackson's error text quotes the input, so it is neither shown nor kept as the cause. */
  private TransferException malformed(JsonProcessingException e) {
    String what =
        e instanceof JsonEOFException
            ? "the file is incomplete"
            : "the file is not valid JSON here";
    return new TransferException(where(e.getLocation()) + what, counts.report(), null);
  }

  private TransferException fault(String what, @Nullable Throwable cause) {
    return new TransferException(
        where(parser.currentTokenLocation()) + what, counts.report(), cause);
  }

  private String where(@Nullable JsonLocation location) {
    StringBuilder where = new StringBuilder();
    if (conversation > 0) {
      where.append("conversation ").append(conversation);
      if (message > 0) {
        where.append(", message ").append(message);
      }
      where.append(", ");
    }
    if (location != null) {
      where.append("line ").append(location.getLineNr());
      if (location.getByteOffset() >= 0) {
        where.append(", byte ").append(location.getByteOffset());
      }
    }
    return where.append(": ").toString();
  }
}
