package io.conversationstore.jsonfile;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The open segment files, for reading at a place. Thread-safe. */
final class Segments implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Segments.class);
  private static final Pattern NAME = Pattern.compile("log-(\\d{10})\\.jsonl");

  /** A reader came with a place of a segment that a compaction has removed; look again. */
  static final class GoneException extends IOException {
    private static final long serialVersionUID = 1;

    GoneException(int segment) {
      super("segment " + segment + " is gone");
    }
  }

  /** From {@code start} on, the segment's bytes stand in {@code segment} at {@code newStart}. */
  private record Moved(long start, int segment, long newStart) {}

  private final Map<Integer, LogFiles.LogFile> open = new ConcurrentHashMap<>();
  private final Map<Integer, Moved> moved = new ConcurrentHashMap<>();

  static String name(int segment) {
    return String.format(java.util.Locale.ROOT, "log-%010d.jsonl", segment);
  }

  /** The number in a segment's name; 0 where it is not one. */
  static int number(String name) {
    Matcher matcher = NAME.matcher(name);
    return matcher.matches() ? (int) Long.parseLong(matcher.group(1)) : 0;
  }

  void add(int segment, LogFiles.LogFile file) {
    open.put(segment, file);
  }

  /** Says that the bytes from {@code start} on were abandoned and written again elsewhere. */
  void move(int segment, long start, int newSegment, long newStart) {
    moved.put(segment, new Moved(start, newSegment, newStart));
  }

  LogFiles.@Nullable LogFile get(int segment) {
    return open.get(segment);
  }

  /** The bytes at a place. */
  byte[] read(Place place) throws IOException {
    int segment = place.segment();
    long offset = place.offset();
    for (Moved to = moved.get(segment); to != null && offset >= to.start; to = moved.get(segment)) {
      offset = to.newStart + offset - to.start;
      segment = to.segment;
    }
    LogFiles.LogFile file = open.get(segment);
    if (file == null) {
      throw new GoneException(segment);
    }
    ByteBuffer bytes = ByteBuffer.allocate(place.length());
    try {
      if (file.read(bytes, offset) == place.length()) {
        return bytes.array();
      }
    } catch (IOException e) {
      if (open.get(segment) == null) {
        throw new GoneException(segment);
      }
      throw e;
    }
    if (open.get(segment) == null) {
      throw new GoneException(segment);
    }
    throw new IOException("segment " + segment + " ends before byte " + (offset + place.length()));
  }

  /** Forgets a segment that no index points to any more. */
  void remove(int segment) {
    LogFiles.LogFile file = open.remove(segment);
    moved.remove(segment);
    close(file);
  }

  @Override
  public void close() {
    open.values().forEach(Segments::close);
    open.clear();
  }

  private static void close(LogFiles.@Nullable LogFile file) {
    if (file != null) {
      try {
        file.close();
      } catch (IOException e) {
        LOG.debug("a segment could not be closed", e);
      }
    }
  }
}
