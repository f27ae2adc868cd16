package io.conversationstore.jsonfile;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a log into an index and finds where it ends. For one thread.
 *
 * <p>Nothing on disk changes before everything was read and found sound: then what a crash left
 * over is removed, and a torn tail cut off. A line is torn where it is not whole and no line after
 * it was written when it was known to be on disk (each line says up to which number that was);
 * anything else that is not whole is damage.
 */
final class Recovery {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  /**
   * Where writing goes on.
   *
   * @param segment the last one, or 0 if there is none to go on with
   * @param size of that segment in bytes
   * @param number of the last line
   * @param bytes of all segments
   */
  record End(int segment, long size, long number, long bytes) {}

  private record Header(int segment, long from, boolean snapshot) {}

  private final LogFiles files;
  private final Manifest manifest;
  private final Segments segments;
  private final Replay replay;
  private long number;
  private long cut = -1;

  Recovery(LogFiles files, Manifest manifest, Segments segments, Replay replay) {
    this.files = files;
    this.manifest = manifest;
    this.segments = segments;
    this.replay = replay;
  }

  /** Reads, then cleans up. */
  End run() throws IOException {
    List<String> leftovers = new ArrayList<>();
    List<Header> headers = headers(leftovers);
    End end = read(headers);
    // From the last on, one by one: a crash must not leave a gap, which would be taken for damage.
    leftovers.sort(Comparator.reverseOrder());
    for (String name : leftovers) {
      files.delete(name);
      files.forceDirectory();
    }
    LogFiles.LogFile last = segments.get(end.segment());
    if (last != null) {
      if (cut >= 0) {
        LOG.warn(
            "the last write to {} in {} was torn: {} bytes from byte {} on are cut off",
            Segments.name(end.segment()),
            files.describe(),
            last.size() - cut,
            cut);
        last.truncate(cut);
      }
      last.force();
    }
    return end;
  }

  /** Reads segments without cleaning up, as for a new snapshot. */
  End read(int first, int last) throws IOException {
    List<Header> headers = new ArrayList<>();
    for (int segment = first; segment <= last; segment++) {
      Header header = header(segment);
      if (header == null) {
        throw damaged(segment, 0, "its header is not whole");
      }
      headers.add(header);
    }
    return read(headers);
  }

  private List<Header> headers(List<String> leftovers) throws IOException {
    TreeSet<Integer> numbers = new TreeSet<>();
    for (String name : files.list()) {
      int segment = Segments.number(name);
      if (segment >= manifest.firstSegment()) {
        numbers.add(segment);
      } else if (segment > 0 || (name.endsWith(".tmp") && !name.startsWith("LOCK"))) {
        leftovers.add(name);
      }
    }
    List<Header> headers = new ArrayList<>();
    int expected = manifest.firstSegment();
    boolean leftover = false;
    for (int segment : numbers) {
      String name = Segments.name(segment);
      if (leftover) {
        leftovers.add(name);
        continue;
      }
      if (segment != expected++) {
        throw damaged(segment - 1, 0, "the file is missing");
      }
      segments.add(segment, files.open(name));
      Header header = header(segment);
      boolean uncovered =
          header != null && header.snapshot() && segment > manifest.lastSnapshotSegment();
      if (uncovered || (header == null && segment == numbers.last())) {
        leftover = true;
        leftovers.add(name);
        segments.remove(segment);
      } else if (header == null) {
        if (isSnapshot(numbers.higher(segment))) {
          leftover = true;
          leftovers.add(name);
          segments.remove(segment);
          continue;
        }
        throw damaged(segment, 0, "its header is not whole");
      } else {
        headers.add(header);
      }
    }
    if (expected <= manifest.lastSnapshotSegment()) {
      throw damaged(expected, 0, "the file is missing");
    }
    return headers;
  }

  /** Whether a segment after a torn one shows that both are of a snapshot that was not finished. */
  private boolean isSnapshot(@org.jspecify.annotations.Nullable Integer segment)
      throws IOException {
    if (segment == null || segment <= manifest.lastSnapshotSegment()) {
      return false;
    }
    segments.add(segment, files.open(Segments.name(segment)));
    Header header = header(segment);
    segments.remove(segment);
    return header != null && header.snapshot();
  }

  /** Null where the first line is not whole and no other one is. */
  private @org.jspecify.annotations.Nullable Header header(int segment) throws IOException {
    LogReader reader = reader(segment);
    if (!reader.next()) {
      return null;
    }
    if (!reader.isWhole()) {
      while (reader.next()) {
        if (reader.isWhole()) {
          throw damaged(segment, 0, "its header is not whole");
        }
      }
      return null;
    }
    JsonNode json = Line.parse(reader.line(), reader.length());
    Manifest.requireKnown(files, Segments.name(segment), Json.number(json, "format", 0));
    if (Json.number(json, "segment", 0) != segment) {
      throw damaged(segment, 0, "it says that it is another segment");
    }
    return new Header(
        segment, Json.number(json, "from", 0), Json.string(json, "kind").equals("snapshot"));
  }

  private LogReader reader(int segment) {
    LogFiles.LogFile file = segments.get(segment);
    if (file == null) {
      throw new IllegalStateException("segment " + segment + " is not open");
    }
    return new LogReader(file);
  }

  private End read(List<Header> headers) throws IOException {
    if (headers.isEmpty()) {
      return new End(0, 0, 0, 0);
    }
    number = headers.get(0).from() - 1;
    long bytes = 0;
    long size = 0;
    for (int i = 0; i < headers.size(); i++) {
      Header header = headers.get(i);
      boolean last = i == headers.size() - 1;
      long end = last ? Long.MAX_VALUE : headers.get(i + 1).from();
      size = read(header, end, last && !header.snapshot());
      bytes += size;
      if (!last && number + 1 != end) {
        throw damaged(header.segment(), size, "lines are missing before segment " + (i + 1));
      }
    }
    if (number < manifest.snapshotEnd()) {
      throw damaged(headers.get(headers.size() - 1).segment(), size, "lines are missing");
    }
    return new End(headers.get(headers.size() - 1).segment(), size, number, bytes);
  }

  /** Returns where the last good line of the segment ends. */
  private long read(Header header, long end, boolean mayBeTorn) throws IOException {
    LogReader reader = reader(header.segment());
    reader.next();
    long good = reader.length() + 1L;
    while (number + 1 < end && reader.next()) {
      if (!reader.isWhole()) {
        if (!mayBeTorn) {
          throw damaged(header.segment(), reader.offset(), "a line is not whole");
        }
        requireTorn(header.segment(), reader);
        cut = good;
        return good;
      }
      JsonNode json = Line.parse(reader.line(), reader.length());
      if (Json.number(json, "n", 0) != number + 1) {
        throw damaged(header.segment(), reader.offset(), "lines are missing before this one");
      }
      try {
        replay.line(
            json,
            reader.line(),
            reader.length(),
            header.segment(),
            reader.offset(),
            header.snapshot());
      } catch (RuntimeException e) {
        throw new StoreDamagedException(
            where(header.segment(), reader.offset()) + "the line cannot be read", e);
      }
      number++;
      good = reader.offset() + reader.length() + 1;
    }
    return good;
  }

  /** The bad line was not known to be on disk by any line after it, or it is damage. */
  private void requireTorn(int segment, LogReader reader) throws IOException {
    long offset = reader.offset();
    while (reader.next()) {
      if (reader.isWhole()
          && Json.number(Line.parse(reader.line(), reader.length()), "s", 0) > number) {
        throw damaged(segment, offset, "a line is not whole, but later ones are");
      }
    }
  }

  private StoreDamagedException damaged(int segment, long offset, String what) {
    return new StoreDamagedException(where(segment, offset) + what + "; nothing was changed", null);
  }

  private String where(int segment, long offset) {
    return Segments.name(segment) + " in " + files.describe() + ", byte " + offset + ": ";
  }
}
