package io.conversationstore.jsonfile.internal.disk;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.util.List;

/**
 * Reads JSON at a sequence of places; places near each other in a file are read at once. Not
 * thread-safe.
 */
public final class NearbyReads {
  /** A gap of up to this many bytes is read along, which is cheaper than another read. */
  private static final int GAP = 2 << 10;

  private static final int MOST = 256 << 10;

  private final Segments segments;
  private final List<Place> places;
  private int next;
  private byte[] bytes = {};
  private int segment;
  private long start;

  /**
   * @param places that will be read, in this order; any may be skipped
   */
  public NearbyReads(Segments segments, List<Place> places) {
    this.segments = segments;
    this.places = places;
  }

  /**
   * The JSON at a place.
   *
   * @throws io.conversationstore.StoreDamagedException if it is not what was written
   */
  public JsonNode json(Place place) throws IOException {
    Place at = segments.resolve(place);
    if (!isThere(at)) {
      readAround(place, at);
    }
    if (isThere(at)) {
      int from = (int) (at.offset() - start);
      if (Place.crc(bytes, from, at.length()) == at.crc()) {
        return Json.parse(bytes, from, at.length());
      }
    }
    // Read it alone, or fail with the specific error.
    byte[] alone = segments.read(place);
    return Json.parse(alone, 0, alone.length);
  }

  private boolean isThere(Place at) {
    return at.segment() == segment
        && at.offset() >= start
        && at.offset() + at.length() <= start + bytes.length;
  }

  /** Reads a place together with the following near ones; does nothing if there are none. */
  private void readAround(Place place, Place at) throws IOException {
    while (next < places.size() && !places.get(next).equals(place)) {
      next++;
    }
    long end = at.offset() + at.length();
    for (next++; next < places.size(); next++) {
      Place neighbour = segments.resolve(places.get(next));
      long further = neighbour.offset() + neighbour.length();
      if (neighbour.segment() != at.segment()
          || neighbour.offset() < end
          || neighbour.offset() > end + GAP
          || further > at.offset() + MOST) {
        break;
      }
      end = further;
    }
    if (end > at.offset() + at.length()) {
      bytes = segments.read(at.segment(), at.offset(), (int) (end - at.offset()));
      segment = at.segment();
      start = at.offset();
    }
  }
}
