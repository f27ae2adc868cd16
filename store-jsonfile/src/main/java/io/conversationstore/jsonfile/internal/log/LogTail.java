package io.conversationstore.jsonfile.internal.log;

import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import io.conversationstore.jsonfile.internal.format.LogPosition;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The end of the log: appends lines to the last segment and makes them durable. Confined to the log
 * thread, except {@link #broken()}.
 *
 * <p>Forced lines survive a crash. If a write or a force fails, the segment is abandoned and never
 * forced again: all unforced lines are written to a new segment, whose header gives the number of
 * its first line. If that fails too, a line that could not be written is cut off again and refused;
 * if the state on the disk is unknown, all further writes are refused. At an opening, lines that
 * may not have been forced move too: an earlier force may have failed, and a later one of the same
 * bytes would only seem to work.
 */
public final class LogTail {
  private static final Logger LOG = LoggerFactory.getLogger(LogTail.class);

  /** The position of the next line. */
  record Slot(int segment, long offset, long number, long synced) {}

  /** Called on the log thread after a segment was begun. */
  public interface SegmentListener {
    void segmentBegun(int segment);
  }

  private final LogFiles files;
  private final Segments segments;
  private final long segmentBytes;
  private final SegmentListener listener;
  private final List<byte[]> unforced = new ArrayList<>();
  private final Preallocation room = new Preallocation();
  private int segment;
  private LogFiles.@Nullable LogFile file;
  private long size;
  private long number;
  private long forcedNumber;
  private long forcedSize;
  private long earlierBytes;
  private long firstLine;

  /**
   * Segments whose end was cut off. After a loss of power the end may be back, but it never counts.
   */
  private final Set<Integer> cut = new HashSet<>();

  private static final String HALF_DONE =
      "an error of the JVM, for example out of memory, interrupted a write; writes are refused"
          + " until the directory is reopened";

  /**
   * Whether an operation is under way, or failed with an unknown result: a line may be partly in
   * the file or missing in the index, or a segment may be unused.
   */
  private boolean midway;

  private volatile @Nullable String broken;

  /** The last write was refused; the next one may succeed. */
  private volatile boolean refusing;

  /** The next line goes to a new segment. */
  private boolean ended;

  /** Whether the last segment may hold text that an erasure removes. */
  private boolean text = true;

  /** A force of the unforced lines may have failed before: they move to a new segment first. */
  private boolean unsure;

  public LogTail(LogFiles files, Segments segments, long segmentBytes, SegmentListener listener) {
    this.files = files;
    this.segments = segments;
    this.segmentBytes = segmentBytes;
    this.listener = listener;
  }

  /** Continues where a recovery ended, or begins the first segment. */
  public void start(RecoveredLog end, int firstSegment) throws IOException {
    number = end.number();
    forcedNumber = end.forced().number();
    segment = end.segment();
    file = segments.get(segment);
    size = end.size();
    forcedSize = end.forced().offset();
    firstLine = LineFormat.logHeader(segment, 0).length;
    earlierBytes = end.bytes() - size;
    if (file == null) {
      segment = firstSegment - 1;
      begin();
      return;
    }
    // An earlier start may have cut off its end and failed to force that; no later start can detect
    // it.
    cut.add(segment);
    if (forcedNumber < number) {
      unsure = true;
      try {
        moveUnsure();
      } catch (EngineFailureException e) {
        LOG.warn(
            "The end of the log in {} could not be rewritten; writes wait for it",
            files.describe(),
            e);
      }
    }
  }

  /**
   * Writes the lines that may not be on the disk to a new segment. Some may have been acknowledged,
   * so the segment appears with all of them or not at all.
   */
  private void moveUnsure() {
    byte[] header = LineFormat.logHeader(segment + 1, forcedNumber + 1);
    midway = true;
    try {
      files.write(
          FileNames.SEGMENT_TEMPORARY,
          to -> {
            to.append(ByteBuffer.wrap(header));
            require(file).copyTo(to, forcedSize, size);
          });
      files.rename(FileNames.SEGMENT_TEMPORARY, Segments.name(segment + 1));
      files.forceDirectory();
      continueIn(
          files.open(Segments.name(segment + 1)), header.length, header.length + size - forcedSize);
      unsure = false;
      refusing = false;
      midway = false;
    } catch (IOException e) {
      refusing = true;
      midway = false;
      throw new EngineFailureException(
          FailureKind.UNAVAILABLE, false, "a write to " + files.describe() + " failed", e);
    }
  }

  /** Makes all lines durable and begins a new segment, unless the last one is empty. */
  public void roll() throws IOException {
    force();
    if (size > firstLine || cut.contains(segment)) {
      begin();
    }
  }

  /** Like {@link #roll}, but continues a last segment that holds only erasures. */
  public void rollFromText() throws IOException {
    if (text || cut.contains(segment)) {
      roll();
    } else {
      force();
    }
  }

  /** Segments that must be rewritten before the text cut off from them is gone for good. */
  public Set<Integer> cut() {
    return Set.copyOf(cut);
  }

  /** Records that these segments were rewritten. */
  public void rewritten(Set<Integer> those) {
    cut.removeAll(those);
  }

  /** The end of the last line that is on the disk. */
  public LogPosition end() {
    return new LogPosition(segment, forcedSize, forcedNumber);
  }

  /** Records the bytes that a compaction removed and wrote. */
  public void compacted(long removedBytes, long writtenBytes) {
    earlierBytes += writtenBytes - removedBytes;
  }

  /** The size of all segments in bytes. */
  public long bytes() {
    return earlierBytes + size;
  }

  boolean isForced() {
    return unforced.isEmpty();
  }

  /** The reason for refusing all writes, or null. */
  public @Nullable String broken() {
    return broken;
  }

  public boolean isRefusing() {
    return refusing;
  }

  public void breakDown(String why) {
    broken = why;
  }

  /** Refuses all writes if an error of the JVM interrupted one. */
  void breakDownMidway() {
    if (midway) {
      broken = HALF_DONE;
    }
  }

  /** Records that the index has the last appended line. */
  void committed() {
    midway = false;
  }

  void requireSound() {
    String why = broken;
    if (why != null) {
      throw new EngineFailureException(
          FailureKind.UNAVAILABLE, false, "the files in " + files.describe() + ": " + why, null);
    }
  }

  /** Whether the next line begins a new segment. */
  private boolean isFull() {
    return ended || size >= segmentBytes;
  }

  /**
   * Ends the segment that existed when the log was opened: another process may still have it open.
   */
  public void endSegment() {
    ended = size > firstLine;
  }

  /** The position of the next line; begins a new segment if the current one is full. */
  Slot next() throws IOException {
    requireSound();
    if (unsure) {
      moveUnsure();
    }
    if (isFull()) {
      force();
      begin();
    }
    return new Slot(segment, size, number + 1, forcedNumber);
  }

  /**
   * Appends the line that was made for {@link #next()}.
   *
   * @param holdsText whether it may hold text that an erasure removes
   */
  void append(byte[] line, boolean holdsText) {
    text |= holdsText;
    midway = true;
    room.make(require(file), size, line.length, segmentBytes);
    unforced.add(line);
    try {
      require(file).append(ByteBuffer.wrap(line));
      size += line.length;
      number++;
      refusing = false;
    } catch (NoSuchFileException e) {
      unforced.remove(unforced.size() - 1);
      midway = false;
      throw gone(e);
    } catch (IOException e) {
      LOG.warn("A write to {} failed", files.describe(), e);
      try {
        number++;
        abandon();
        refusing = false;
      } catch (IOException again) {
        number--;
        unforced.remove(unforced.size() - 1);
        e.addSuppressed(again);
        cutBack();
        midway = false;
        throw new EngineFailureException(
            FailureKind.UNAVAILABLE, false, "a write to " + files.describe() + " failed", e);
      }
    }
  }

  private void cutBack() {
    refusing = true;
    cut.add(segment);
    room.none();
    try {
      require(file).truncate(size);
    } catch (IOException e) {
      LOG.error("A failed write to {} could not be removed from the log", files.describe(), e);
      broken =
          "a failed write could not be removed from the log; writes are refused until the directory"
              + " is reopened";
    }
  }

  /**
   * Checks that the next start will find the file that was written to.
   *
   * @throws EngineFailureException if it was deleted; then all further writes are refused
   */
  void requireNamed() {
    requireSound();
    try {
      require(file).requireNamed();
    } catch (NoSuchFileException e) {
      throw gone(e);
    } catch (IOException e) {
      throw new EngineFailureException(
          FailureKind.UNAVAILABLE, true, files.describe() + " cannot be examined", e);
    }
  }

  /** Does not move to a new segment, because the earlier lines would be missing there. */
  private EngineFailureException gone(NoSuchFileException cause) {
    boolean unlocked = String.valueOf(cause.getFile()).endsWith(FileNames.LOCK);
    String what = unlocked ? FileNames.LOCK : Segments.name(segment);
    boolean shorter = LogFiles.SHORTER.equals(cause.getReason());
    String how = shorter ? LogFiles.SHORTER : "was deleted or moved away";
    LOG.error("{} in {} {}", what, files.describe(), how);
    broken =
        what
            + " "
            + how
            + (unlocked ? ", and another process may use the directory" : "")
            + "; writes are refused until the directory is reopened";
    return new EngineFailureException(
        FailureKind.UNAVAILABLE, true, "the files in " + files.describe() + ": " + broken, cause);
  }

  /** Makes all lines durable. */
  public void force() {
    requireSound();
    if (unsure) {
      moveUnsure();
    }
    if (unforced.isEmpty()) {
      return;
    }
    midway = true;
    try {
      require(file).force();
      unforced.clear();
      room.forced(size - forcedSize);
      forcedNumber = number;
      forcedSize = size;
      midway = false;
    } catch (NoSuchFileException e) {
      throw gone(e);
    } catch (IOException e) {
      LOG.warn(
          "An fsync in {} failed; its unacknowledged lines move to a new segment",
          files.describe(),
          e);
      try {
        abandon();
        midway = false;
      } catch (IOException again) {
        e.addSuppressed(again);
        broken =
            "fsync failed, and a new segment could not be created; writes are refused until the"
                + " directory is reopened";
        throw new EngineFailureException(
            FailureKind.UNAVAILABLE, true, "fsync in " + files.describe() + " failed", e);
      }
    }
  }

  /**
   * Writes the unforced lines to a new segment, durably. Some of them were acknowledged as written,
   * so the new segment holds all of them from the moment it counts.
   */
  private void abandon() throws IOException {
    byte[] header = LineFormat.logHeader(segment + 1, forcedNumber + 1);
    String name = Segments.name(segment + 1);
    long bytes =
        files.write(
            FileNames.SEGMENT_TEMPORARY,
            to -> {
              to.append(ByteBuffer.wrap(header));
              for (byte[] line : unforced) {
                to.append(ByteBuffer.wrap(line));
              }
            });
    LogFiles.LogFile next = null;
    try {
      files.rename(FileNames.SEGMENT_TEMPORARY, name);
      next = files.open(name);
      files.forceDirectory();
    } catch (IOException e) {
      if (next != null || files.list().contains(name)) {
        removeFailed(segment + 1, next, e);
      }
      throw e;
    }
    continueIn(next, header.length, bytes);
  }

  /**
   * Continues in the next segment, which holds all lines not known to be on the disk in this one.
   */
  private void continueIn(LogFiles.LogFile next, int headerBytes, long bytes) {
    int oldSegment = segment;
    LogFiles.LogFile oldFile = require(file);
    long start = forcedSize;
    segment++;
    ended = false;
    text = true;
    segments.add(segment, next);
    segments.move(oldSegment, start, segment, headerBytes);
    file = next;
    earlierBytes += start;
    size = bytes;
    firstLine = headerBytes;
    forcedSize = size;
    forcedNumber = number;
    unforced.clear();
    room.none();
    cut.add(oldSegment);
    try {
      oldFile.truncate(start);
      // The next start could not detect that the cut-off end may be back.
      oldFile.force();
      cut.remove(oldSegment);
    } catch (IOException e) {
      LOG.debug("An abandoned segment keeps its obsolete end", e);
    }
    listener.segmentBegun(segment);
  }

  private void removeFailed(int name, LogFiles.@Nullable LogFile next, IOException cause) {
    try {
      if (next != null) {
        next.close();
      }
      files.delete(Segments.name(name));
      files.forceDirectory();
    } catch (IOException e) {
      cause.addSuppressed(e);
      broken =
          "a failed segment could not be removed; writes are refused until the directory is"
              + " reopened";
    }
  }

  private void begin() throws IOException {
    if (file != null) {
      requireNamed();
      room.cutOff(file, size);
    }
    byte[] header = LineFormat.logHeader(segment + 1, number + 1);
    LogFiles.LogFile next = null;
    midway = true;
    try {
      next = files.create(Segments.name(segment + 1));
      next.append(ByteBuffer.wrap(header));
      next.force();
      files.forceDirectory();
    } catch (IOException e) {
      refusing = true;
      if (next != null) {
        removeFailed(segment + 1, next, e);
      }
      midway = false;
      throw e;
    }
    segment++;
    ended = false;
    text = false;
    segments.add(segment, next);
    file = next;
    earlierBytes += size;
    size = header.length;
    firstLine = size;
    forcedSize = size;
    midway = false;
    listener.segmentBegun(segment);
  }

  /** Makes all lines durable and cuts off the space reserved behind the last one. */
  void close() {
    if (broken == null && !unsure) {
      force();
      if (file != null) {
        room.cutOff(file, size);
      }
    }
  }

  private static LogFiles.LogFile require(LogFiles.@Nullable LogFile file) {
    if (file == null) {
      throw new IllegalStateException("the log is not started");
    }
    return file;
  }
}
