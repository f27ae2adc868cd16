package io.conversationstore.jsonfile;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Finds, while lines are read, up to which of them the disk is known to have all, and where that
 * one ends in its file. For one thread.
 */
final class Forced {
  private record Line(long number, long end) {}

  /** Those that are not known to be on the disk. */
  private final Deque<Line> unsure = new ArrayDeque<>();

  private long through;
  private long number;
  private long end;

  /** Lines up to this one are on the disk. */
  void through(long line) {
    through = Math.max(through, line);
  }

  /** A file is read from a place on; before it stands the line of this number. */
  void begin(long before, long offset) {
    unsure.clear();
    number = before;
    end = offset;
  }

  /**
   * A line was read.
   *
   * @param lineEnd where it ends in the file
   * @param synced up to which line it knew all to be on the disk
   */
  void line(long line, long lineEnd, long synced) {
    through(synced);
    unsure.add(new Line(line, lineEnd));
    for (Line first = unsure.peek();
        first != null && first.number <= through;
        first = unsure.peek()) {
      number = first.number;
      end = first.end;
      unsure.remove();
    }
  }

  /** The end of what is known to be on the disk. */
  LogTail.Position end(int segment) {
    return new LogTail.Position(segment, end, number);
  }
}
