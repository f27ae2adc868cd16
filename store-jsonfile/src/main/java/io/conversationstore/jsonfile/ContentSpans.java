package io.conversationstore.jsonfile;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Finds where the contents stand in the JSON of a change or of a row: each {@code message} object,
 * and the {@code content} of each edit, in order. Thread-safe.
 */
final class ContentSpans {
  /** Bytes from {@code start} (inclusive) to {@code end}. */
  record Span(int start, int end) {
    Place in(int segment, long base) {
      return new Place(segment, base + start, end - start);
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

  /** What an application puts in there is not ours to look into. */
  private static final Set<String> OPAQUE = Set.of("conversation", "update", "live", "fields");

  private ContentSpans() {}

  /** The spans in a line; positions are from the line's first byte. */
  static List<Span> of(byte[] json, int length) {
    List<Span> spans = new ArrayList<>(2);
    try (JsonParser parser = FACTORY.createParser(json, 0, length)) {
      for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
        if (token != JsonToken.FIELD_NAME) {
          continue;
        }
        String name = parser.currentName();
        if (OPAQUE.contains(name)) {
          parser.nextToken();
          parser.skipChildren();
        } else if (name.equals("message") || name.equals("content")) {
          JsonToken value = parser.nextToken();
          int start = (int) parser.currentTokenLocation().getByteOffset();
          parser.skipChildren();
          parser.finishToken();
          if (value != JsonToken.VALUE_NULL || name.equals("content")) {
            spans.add(new Span(start, (int) parser.currentLocation().getByteOffset()));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return spans;
  }
}
