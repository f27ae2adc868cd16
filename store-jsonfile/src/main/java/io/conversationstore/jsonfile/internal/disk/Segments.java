package io.conversationstore.jsonfile.internal.disk;

import io.conversationstore.StoreDamagedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open files that hold lines, for reads at a place. Segments of the log have positive numbers,
 * snapshot files negative ones. Thread-safe.
 */
public final class Segments implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Segments.class);
  private static final Pattern NAME = Pattern.compile("(log|snapshot)-(\\d{10})\\.jsonl");

  /** A place refers to a file that a compaction has removed; the reader must look it up again. */
  public static final class GoneException extends IOException {
    private static final long serialVersionUID = 1;

    GoneException(int segment) {
      super(name(segment) + " no longer exists");
    }
  }

  /** The segment's bytes from {@code start} on are now in {@code segment} at {@code newStart}. */
  private record Moved(long start, int segment, long newStart) {}

  private final String directory;
  private final Map<Integer, LogFiles.LogFile> open = new ConcurrentHashMap<>();
  private final Map<Integer, Moved> moved = new ConcurrentHashMap<>();

  /**
   * @param directory for error texts
   */
  public Segments(String directory) {
    this.directory = directory;
  }

  public static String name(int segment) {
    return segment > 0
        ? String.format(Locale.ROOT, "log-%010d.jsonl", segment)
        : String.format(Locale.ROOT, "snapshot-%010d.jsonl", -segment);
  }

  /** The number in a file's name; 0 for a name of another form. */
  public static int number(String name) {
    Matcher matcher = NAME.matcher(name);
    if (!matcher.matches()) {
      return 0;
    }
    long number = Long.parseLong(matcher.group(2));
    if (number > Integer.MAX_VALUE) {
      return 0;
    }
    return (int) (matcher.group(1).equals("log") ? number : -number);
  }

  /** Takes ownership of an open file under an unused number. */
  public void add(int segment, LogFiles.LogFile file) {
    LogFiles.LogFile before = open.put(segment, file);
    if (before != null) {
      close(before);
      throw new IllegalStateException(name(segment) + " is already open");
    }
  }

  /** Records that the bytes from {@code start} on were abandoned and written again elsewhere. */
  public void move(int segment, long start, int newSegment, long newStart) {
    moved.put(segment, new Moved(start, newSegment, newStart));
  }

  public LogFiles.@Nullable LogFile get(int segment) {
    return open.get(segment);
  }

  /** The names of the open files. */
  public Set<String> names() {
    return open.keySet().stream().map(Segments::name).collect(Collectors.toSet());
  }

  /** The names of the open files that another process truncated. */
  public Set<String> shortened() throws IOException {
    Set<String> names = new TreeSet<>();
    for (Map.Entry<Integer, LogFiles.LogFile> entry : open.entrySet()) {
      try {
        entry.getValue().requireWhole();
      } catch (NoSuchFileException e) {
        names.add(name(entry.getKey()));
      } catch (ClosedChannelException e) {
        LOG.debug("{} was removed meanwhile", name(entry.getKey()), e);
      }
    }
    return names;
  }

  /** The file of a number that is known to be open. */
  public LogFiles.LogFile require(int segment) {
    LogFiles.LogFile file = open.get(segment);
    if (file == null) {
      throw new IllegalStateException(name(segment) + " is not open");
    }
    return file;
  }

  /** The current place of bytes. */
  public Place resolve(Place place) {
    int segment = place.segment();
    long offset = place.offset();
    for (Moved to = moved.get(segment); to != null && offset >= to.start; to = moved.get(segment)) {
      offset = to.newStart + offset - to.start;
      segment = to.segment;
    }
    return segment == place.segment()
        ? place
        : new Place(segment, offset, place.length(), place.crc());
  }

  /**
   * The bytes at a place.
   *
   * @throws StoreDamagedException if they differ from those written
   */
  public byte[] read(Place asked) throws IOException {
    Place place = resolve(asked);
    LogFiles.LogFile file = open.get(place.segment());
    if (file == null) {
      throw new GoneException(place.segment());
    }
    ByteBuffer bytes = ByteBuffer.allocate(place.length());
    boolean whole = read(place.segment(), file, bytes, place.offset()) == place.length();
    if (whole && Place.crc(bytes.array(), 0, place.length()) == place.crc()) {
      return bytes.array();
    }
    if (open.get(place.segment()) != file) {
      throw new GoneException(place.segment());
    }
    throw damaged(place, "the bytes are not those that were written");
  }

  /** The bytes of a file from an offset on, unchecked; zeros beyond its end. */
  public byte[] read(int segment, long offset, int length) throws IOException {
    LogFiles.LogFile file = open.get(segment);
    if (file == null) {
      throw new GoneException(segment);
    }
    ByteBuffer bytes = ByteBuffer.allocate(length);
    read(segment, file, bytes, offset);
    return bytes.array();
  }

  private int read(int segment, LogFiles.LogFile file, ByteBuffer into, long offset)
      throws IOException {
    try {
      return file.read(into, offset);
    } catch (IOException e) {
      if (open.get(segment) != file) {
        throw new GoneException(segment);
      }
      throw e;
    }
  }

  public StoreDamagedException damaged(Place place, String what) {
    return new StoreDamagedException(
        name(place.segment()) + " in " + directory + ", byte " + place.offset() + ": " + what,
        null);
  }

  /** Replaces a file that counts by another one of the same content. */
  public void replace(int segment, LogFiles.LogFile file) {
    close(open.put(segment, file));
  }

  /** Forgets a file that no index refers to. */
  public void remove(int segment) {
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
        LOG.debug("A file could not be closed", e);
      }
    }
  }
}
