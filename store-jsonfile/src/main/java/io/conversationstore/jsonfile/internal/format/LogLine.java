package io.conversationstore.jsonfile.internal.format;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One line as read from a file. Immutable.
 *
 * @param offset of the line in the file
 * @param bytes holds the line from {@code start} on
 * @param length in bytes, without the newline
 * @param outline the line without contents; null if the line is not whole
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
public record LogLine(
    long offset, byte[] bytes, int start, int length, @Nullable LineOutline outline) {

  /** Reads the line at a position of a byte array. */
  static LogLine of(long offset, byte[] bytes, int start, int length, LineOutline.Owners owners)
      throws IOException {
    boolean whole = LineFormat.isWhole(bytes, start, length);
    LineOutline outline = whole ? LineOutline.of(bytes, start, length, owners) : null;
    return new LogLine(offset, bytes, start, length, outline);
  }

  public boolean isWhole() {
    return outline != null;
  }

  /** A whole line that ends where this damaged one ends; this one if there is none. */
  public LogLine lineWithin() throws IOException {
    int end = start + length;
    for (int at = LineFormat.begin(bytes, start + 1, end);
        at < end;
        at = LineFormat.begin(bytes, at + 1, end)) {
      LogLine within = of(offset + at - start, bytes, at, end - at, new LineOutline.Owners());
      if (within.isWhole()) {
        return within;
      }
    }
    return this;
  }

  public long number() {
    return required().number();
  }

  /** The number of the last line known to be on the disk when this one was written. */
  public long synced() {
    return required().synced();
  }

  /** When it was written. */
  public Instant at() {
    Instant at = required().at();
    if (at == null) {
      throw new IllegalArgumentException("at is missing");
    }
    return at;
  }

  /** The fields without a getter of their own that are neither a change nor a state. */
  public JsonNode json() {
    return required().json();
  }

  /**
   * The change or the state that the line holds, without message data that the index does not keep;
   * null if the line holds neither.
   *
   * @throws IllegalArgumentException if it cannot be read
   */
  public @Nullable Object payload() {
    Object payload = required().payload();
    if (payload instanceof IllegalArgumentException e) {
      throw e;
    }
    return payload;
  }

  private LineOutline required() {
    if (outline == null) {
      throw new IllegalStateException("a damaged line has no content");
    }
    return outline;
  }

  /** The offset just behind the line in the file, normally that of the newline. */
  public long end() {
    return offset + length;
  }

  /** The complete change that the line holds. */
  public Change change() {
    return ChangeJson.read(Json.parse(bytes, start, length).get("apply"));
  }

  /** The places of the contents of its change. */
  public List<Place> contents(int segment) {
    List<LineOutline.Span> spans = required().contents();
    List<Place> places = new ArrayList<>(spans.size());
    for (LineOutline.Span span : spans) {
      places.add(span.in(segment, offset));
    }
    return places;
  }
}
