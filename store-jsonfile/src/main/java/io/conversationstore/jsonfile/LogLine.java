package io.conversationstore.jsonfile;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.json.Json;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One line of a file as it was read. Immutable.
 *
 * @param offset where it begins in the file
 * @param bytes holds it from {@code start} on
 * @param length in bytes, without the newline
 * @param outline what it says but for contents; null where the line is not whole
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
record LogLine(long offset, byte[] bytes, int start, int length, @Nullable LineOutline outline) {

  /** Reads the line that stands in some bytes. */
  static LogLine of(long offset, byte[] bytes, int start, int length, LineOutline.Owners owners)
      throws IOException {
    boolean whole = Line.isWhole(bytes, start, length);
    LineOutline outline = whole ? LineOutline.of(bytes, start, length, owners) : null;
    return new LogLine(offset, bytes, start, length, outline);
  }

  boolean isWhole() {
    return outline != null;
  }

  /** A whole line that ends where this one, which is not whole, ends; this one if there is none. */
  LogLine lineWithin() throws IOException {
    int end = start + length;
    for (int at = Line.begin(bytes, start + 1, end);
        at < end;
        at = Line.begin(bytes, at + 1, end)) {
      LogLine within = of(offset + at - start, bytes, at, end - at, new LineOutline.Owners());
      if (within.isWhole()) {
        return within;
      }
    }
    return this;
  }

  long number() {
    return required().number();
  }

  /** The number of the last line that was known to be on the disk when this one was written. */
  long synced() {
    return required().synced();
  }

  /** When it was written. */
  Instant at() {
    Instant at = required().at();
    if (at == null) {
      throw new IllegalArgumentException("at is missing");
    }
    return at;
  }

  /** The fields that are neither told otherwise nor a change or a state. */
  JsonNode json() {
    return required().json();
  }

  /**
   * The change or the state that the line holds, messages without what the index does not keep;
   * null where it holds another thing.
   *
   * @throws IllegalArgumentException if it cannot be read
   */
  @Nullable Object payload() {
    Object payload = required().payload();
    if (payload instanceof IllegalArgumentException e) {
      throw e;
    }
    return payload;
  }

  private LineOutline required() {
    if (outline == null) {
      throw new IllegalStateException("a line that is not whole says nothing");
    }
    return outline;
  }

  /** Where the newline, or what follows, stands in the file. */
  long end() {
    return offset + length;
  }

  /** The change that the line holds, as a whole. */
  Change change() {
    return ChangeJson.read(Json.parse(bytes, start, length).get("apply"));
  }

  /** Where the contents of its change stand in the file. */
  List<Place> contents(int segment) {
    List<LineOutline.Span> spans = required().contents();
    List<Place> places = new ArrayList<>(spans.size());
    for (LineOutline.Span span : spans) {
      places.add(span.in(segment, offset));
    }
    return places;
  }
}
