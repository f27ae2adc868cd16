package io.conversationstore.jsonfile.internal.recovery;

import io.conversationstore.jsonfile.internal.format.LogPosition;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Tracks, while lines are read, the last line known to be on the disk with all lines before it, and
 * the end of that line in its file. Not thread-safe.
 */
final class DurablePrefix {
  private record UnsureLine(long number, long end) {}

  /** Lines not known to be on the disk. */
  private final Deque<UnsureLine> unsure = new ArrayDeque<>();

  private long through;
  private long number;
  private long end;

  /** Records that lines up to this one are on the disk. */
  void through(long line) {
    through = Math.max(through, line);
  }

  /** Begins a file at an offset, which follows the line of this number. */
  void begin(long before, long offset) {
    unsure.clear();
    number = before;
    end = offset;
  }

  /**
   * Records a line that was read.
   *
   * @param lineEnd the end of the line in the file
   * @param synced the last line known to be on the disk when this one was written
   */
  void line(long line, long lineEnd, long synced) {
    through(synced);
    unsure.add(new UnsureLine(line, lineEnd));
    for (UnsureLine first = unsure.peek();
        first != null && first.number <= through;
        first = unsure.peek()) {
      number = first.number;
      end = first.end;
      unsure.remove();
    }
  }

  /** The end of what is known to be on the disk. */
  LogPosition end(int segment) {
    return new LogPosition(segment, end, number);
  }
}
