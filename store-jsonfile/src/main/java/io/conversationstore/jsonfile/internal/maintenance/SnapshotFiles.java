package io.conversationstore.jsonfile.internal.maintenance;

import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the lines of a snapshot to as many files as needed. The files count only when {@code
 * store.json} names them. Not thread-safe.
 */
final class SnapshotFiles {
  private static final int BUFFER = 1 << 20;

  /** Files are forced after this many bytes, because a large flush would delay the log's own. */
  private static final long FORCE_EVERY = 4 << 20;

  /** Called after bytes were written. */
  interface Pace {
    void wrote(long bytes) throws IOException;
  }

  private final LogFiles files;
  private final Segments segments;
  private final long fileBytes;
  private final long through;
  private final Pace pace;
  private final List<Integer> written = new ArrayList<>();
  private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
  private int part;
  private long lines;
  private long size;
  private long bytes;
  private long unforced;
  private LogFiles.@Nullable LogFile file;

  /**
   * @param first the number of the first file
   * @param fileBytes the size at which the next file begins
   * @param through the last line of the log that the snapshot covers
   */
  SnapshotFiles(
      LogFiles files, Segments segments, int first, long fileBytes, long through, Pace pace) {
    this.files = files;
    this.segments = segments;
    this.fileBytes = fileBytes;
    this.through = through;
    this.pace = pace;
    this.part = first - 1;
  }

  /** The number of the last file. */
  int last() {
    return part;
  }

  long lines() {
    return lines;
  }

  /** The size of all files in bytes. */
  long bytes() {
    return bytes;
  }

  /** Writes a line and returns the place of its payload. */
  Place line(String name, byte[] payload, Instant at) throws IOException {
    if (file == null || size >= fileBytes) {
      finish();
      begin();
    }
    lines++;
    byte[] head = LineFormat.head(lines, 0, at, "\"" + name + "\":");
    Place place =
        new Place(-part, size + head.length, payload.length, Place.crc(payload, 0, payload.length));
    put(LineFormat.join(head, payload));
    return place;
  }

  private void begin() throws IOException {
    part++;
    LogFiles.LogFile next = files.create(Segments.name(-part));
    written.add(-part);
    segments.add(-part, next);
    file = next;
    size = 0;
    put(LineFormat.snapshotHeader(-part, lines + 1, through));
  }

  private void put(byte[] line) throws IOException {
    size += line.length;
    bytes += line.length;
    if (line.length > buffer.remaining()) {
      flush();
    }
    if (line.length > buffer.capacity()) {
      append(ByteBuffer.wrap(line));
    } else {
      buffer.put(line);
    }
  }

  private void flush() throws IOException {
    buffer.flip();
    append(buffer);
    buffer.clear();
  }

  private void append(ByteBuffer some) throws IOException {
    int count = some.remaining();
    if (count > 0 && file != null) {
      file.append(some);
      unforced += count;
      if (unforced >= FORCE_EVERY) {
        file.force();
        unforced = 0;
      }
      pace.wrote(count);
    }
  }

  /** Makes the written lines durable, except for the file names. */
  void finish() throws IOException {
    if (file != null) {
      flush();
      file.force();
    }
  }

  /** Closes and removes the written files. A file that cannot be deleted is closed anyway. */
  void undo() throws IOException {
    written.forEach(segments::remove);
    for (int leftover : written) {
      files.delete(Segments.name(leftover));
    }
    files.forceDirectory();
  }
}
