package io.conversationstore.jsonfile;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds where the contents stand in the JSON of a change: each entry of {@code messages} (digest
 * and message), and the {@code content} of each edit, in order. Thread-safe.
 */
final class ContentSpans {
  /** Bytes from {@code start} (inclusive) to {@code end}. */
  record Span(int start, int end, int crc) {
    Place in(int segment, long base) {
      return new Place(segment, base + start, end - start, crc);
    }
  }

  private static final JsonFactory FACTORY =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNumberLength(4_000)
                  .maxNestingDepth(1_000)
                  .build())
          .build();

  private ContentSpans() {}

  /** The spans in a change, or in a line that holds one; positions are from the first byte. */
  static List<Span> of(byte[] json, int length) {
    List<Span> spans = new ArrayList<>(2);
    try (JsonParser parser = FACTORY.createParser(json, 0, length)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token != JsonToken.FIELD_NAME) {
          continue;
        }
        String name = parser.currentName();
        JsonToken value = parser.nextToken();
        if (name.equals("messages") && value == JsonToken.START_ARRAY) {
          while (parser.nextToken() != JsonToken.END_ARRAY) {
            spans.add(span(parser, json));
          }
        } else if (name.equals("content")) {
          spans.add(span(parser, json));
        } else if (!name.equals("apply") && !name.equals("changes")) {
          // What an application puts in there is not ours to look into.
          parser.skipChildren();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return spans;
  }

  /** The value that the parser stands at; it is left at its end. */
  private static Span span(JsonParser parser, byte[] json) throws IOException {
    int start = (int) parser.currentTokenLocation().getByteOffset();
    parser.skipChildren();
    parser.finishToken();
    int end = (int) parser.currentLocation().getByteOffset();
    return new Span(start, end, Place.crc(json, start, end - start));
  }
}
