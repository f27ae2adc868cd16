package io.conversationstore.transfer;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.NewConversation;
import io.conversationstore.json.Json;
import io.conversationstore.spi.InputChecks;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads a file step by step: it holds one message at a time. For one thread and one file.
 *
 * <p>What the file gets wrong is a {@link TransferException} with the place; what the receiver
 * throws is passed on as it is.
 */
final class FileReader {

  /** Takes what is read. */
  interface Receiver {

    /**
     * A message of a conversation.
     *
     * @param header the conversation's as far as it was read
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

  private final JsonParser parser;
  private final TransferOptions options;
  private final InputChecks checks;
  private final Counts counts;
  private final Receiver receiver;
  private long conversation;
  private long message;

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
    if (first != JsonToken.START_OBJECT) {
      throw fault("the file must be one JSON object keyed by conversation id", null);
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      conversation++;
      message = 0;
      conversation(parser.currentName());
    }
    if (parser.nextToken() != null) {
      throw fault("something follows the JSON object", null);
    }
  }

  private void conversation(String id) throws IOException {
    OpenConversation open = new OpenConversation(id);
    checked(() -> NewConversation.withId(id));
    JsonToken value = parser.nextToken();
    if (value == JsonToken.VALUE_NULL) {
      counts.skip(conversation, 0, "the conversation is null");
      return;
    }
    if (value != JsonToken.START_OBJECT) {
      throw fault("a conversation must be a JSON object", null);
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      JsonToken token = parser.nextToken();
      if (name.equals("messages") && token != JsonToken.VALUE_NULL) {
        messages(open, token);
      } else if (!name.equals("messages")) {
        open.fields().set(name, Json.readValue(parser));
      }
    }
    message = 0;
    receiver.end(open, header(open));
  }

  private void messages(OpenConversation open, JsonToken first) throws IOException {
    if (first != JsonToken.START_ARRAY) {
      throw fault("messages must be an array", null);
    }
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      message++;
      if (parser.currentToken() == JsonToken.VALUE_NULL) {
        counts.skip(conversation, message, "the message is null");
        continue;
      }
      JsonNode json = Json.readValue(parser);
      Entry entry = checked(() -> open.identified(LenientMessages.read(json, options.zone())));
      long bytes = checked(() -> checks.check(entry.message()));
      receiver.message(open, () -> header(open), entry, bytes);
    }
    message = 0;
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
      // The model's texts name fields and limits, never content.
      throw fault(String.valueOf(e.getMessage()), e);
    }
  }

  /** Jackson's own text quotes what it read, so it is neither shown nor kept as the cause. */
  private TransferException malformed(JsonProcessingException e) {
    String what =
        e instanceof JsonEOFException ? "the file ends too early" : "the file is not JSON there";
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
