package io.conversationstore.cli.format;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Set;

/**
 * Reads a file of records, one in memory at a time: a line each, or the elements of a JSON array or
 * object. Thread-safe.
 */
final class RecordReader implements FormatReader {

  /** Names above the records of an object. */
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

  private final RecordMapper mapper;
  private final Shape shape;

  RecordReader(RecordMapper mapper, Shape shape) {
    this.mapper = mapper;
    this.shape = shape;
  }

  @Override
  public void read(String name, InputStream in, ImportHandler handler) throws IOException {
    if (shape == Shape.LINES) {
      lines(name, in, handler);
    } else {
      document(name, in, handler);
    }
  }

  private void lines(String name, InputStream in, ImportHandler handler) throws IOException {
    Lines lines = new Lines(in);
    for (Lines.Line line = lines.next(); line != null; line = lines.next()) {
      if (line.isBlank()) {
        continue;
      }
      Place place = new Place(name, line.number(), line.offset(), line.number(), null, 0);
      if (line.tooLong()) {
        handler.bad(place, "the line is longer than " + Lines.LONGEST + " bytes");
        continue;
      }
      JsonNode json;
      try {
        json = Json.parse(line.bytes(), 0, line.bytes().length);
      } catch (IllegalArgumentException e) {
        handler.bad(place, column(e));
        continue;
      }
      record(new SourceRecord(List.of(), json, place), handler);
    }
  }

  /** The parser counts lines within the record. */
  static String column(IllegalArgumentException e) {
    return String.valueOf(e.getMessage()).replace(" at line 1,", " at");
  }

  private void document(String name, InputStream in, ImportHandler handler) throws IOException {
    try (JsonParser parser = Json.parser(in)) {
      Document document = new Document(name, parser, handler);
      try {
        document.read();
      } catch (JsonProcessingException e) {
        handler.bad(
            document.place(),
            "invalid JSON at line "
                + e.getLocation().getLineNr()
                + ", column "
                + e.getLocation().getColumnNr()
                + "; the rest of the file was not read");
      }
    }
  }

  private void record(SourceRecord record, ImportHandler handler) {
    if (record.json().isNull()) {
      handler.note(record.place(), "the record is null");
      return;
    }
    try {
      mapper.map(record, conversation -> hand(conversation, record, handler));
    } catch (BadRecordException e) {
      handler.bad(e.in(record.place()), e.reason());
    } catch (IllegalArgumentException e) {
      handler.bad(record.place(), String.valueOf(e.getMessage()));
    }
  }

  private static void hand(MappedConversation mapped, SourceRecord record, ImportHandler handler) {
    Place place = record.place().withConversation(mapped.header().id());
    mapped.notes().forEach(note -> handler.note(place, note));
    MessageIds ids = new MessageIds(mapped.header().id());
    handler.begin(mapped.header(), place);
    long number = 0;
    for (ImportedMessage message : mapped.messages()) {
      number++;
      try {
        handler.message(ids.identified(message), place.withMessage(number));
      } catch (IllegalArgumentException e) {
        handler.abandon();
        throw new BadRecordException(
            mapped.header().id(), number, String.valueOf(e.getMessage()), e);
      }
    }
    handler.end();
  }

  /** One JSON document, or several one after the other. */
  private final class Document {

    private final String name;
    private final JsonParser parser;
    private final ImportHandler handler;
    private long number;
    private long begin;

    Document(String name, JsonParser parser, ImportHandler handler) {
      this.name = name;
      this.parser = parser;
      this.handler = handler;
    }

    Place place() {
      return new Place(name, 0, begin, number, null, 0);
    }

    void read() throws IOException {
      JsonToken token = parser.nextToken();
      if (token == null) {
        handler.bad(Place.of(name), "the file is empty");
      }
      while (token != null) {
        if (token == JsonToken.START_ARRAY) {
          array(List.of());
        } else if (token == JsonToken.START_OBJECT && shape == Shape.DOCUMENT) {
          object();
        } else {
          value(List.of());
        }
        token = parser.nextToken();
      }
    }

    private void array(List<String> path) throws IOException {
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        value(path);
      }
    }

    private void object() throws IOException {
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String key = parser.currentName();
        JsonToken token = parser.nextToken();
        if (WRAPPERS.contains(key) && token == JsonToken.START_ARRAY) {
          array(List.of());
        } else if (WRAPPERS.contains(key) && token == JsonToken.START_OBJECT) {
          object();
        } else if (token.isStructStart()) {
          value(List.of(key));
        } else {
          // A field beside the conversations, such as a version.
          parser.skipChildren();
        }
      }
    }

    private void value(List<String> path) throws IOException {
      number++;
      begin = parser.currentTokenLocation().getByteOffset();
      JsonNode json = Json.readValue(parser);
      record(new SourceRecord(path, json, place()), handler);
    }
  }
}
