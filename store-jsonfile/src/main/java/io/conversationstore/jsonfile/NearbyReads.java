package io.conversationstore.jsonfile;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.util.List;

/**
 * Reads JSON at places one after the other; those that stand near each other in a file are read at
 * once. For one thread.
 */
final class NearbyReads {
  /** So many bytes between two places are read for nothing, rather than read again. */
  private static final int GAP = 2 << 10;

  private static final int MOST = 256 << 10;

  private final Segments segments;
  private final List<Place> places;
  private int next;
  private byte[] bytes = {};
  private int segment;
  private long start;

  /**
   * @param places that are about to be read, in this order; any of them may be left out
   */
  NearbyReads(Segments segments, List<Place> places) {
    this.segments = segments;
    this.places = places;
  }

  /**
   * The JSON at a place.
   *
   * @throws io.conversationstore.StoreDamagedException if it is not what was written
   */
  JsonNode json(Place place) throws IOException {
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
    // Alone, or with the error that says what is wrong.
    byte[] alone = segments.read(place);
    return Json.parse(alone, 0, alone.length);
  }

  private boolean isThere(Place at) {
    return at.segment() == segment
        && at.offset() >= start
        && at.offset() + at.length() <= start + bytes.length;
  }

  /** Reads a place and those after it that stand near; nothing where there are none. */
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
