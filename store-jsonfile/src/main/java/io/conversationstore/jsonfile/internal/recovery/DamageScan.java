package io.conversationstore.jsonfile.internal.recovery;

import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.LineHead;
import io.conversationstore.jsonfile.internal.format.LineReader;
import io.conversationstore.jsonfile.internal.format.Manifest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reads all lines of the files in use and continues after damage. Changes nothing. Not thread-safe.
 */
public final class DamageScan {
  /**
   * A range of a file that a repair replaces by a line that lists the lost lines.
   *
   * @param file the number of the file
   * @param length in bytes; 0 if something is missing
   * @param from the number of the first lost line
   * @param through the number of the last lost line; lower than {@code from} if none is lost
   * @param torn whether a crash may have caused it: nothing shows that the lines were acknowledged
   * @param instead the field of the replacement line; null if the line reports lost lines
   */
  public record Damage(
      int file,
      long offset,
      long length,
      long from,
      long through,
      String what,
      boolean torn,
      @Nullable String instead) {
    Damage(int file, long offset, long length, long from, long through, String what, boolean torn) {
      this(file, offset, length, from, through, what, torn, null);
    }
  }

  private final LogFiles files;
  private final Manifest manifest;
  private final List<Damage> damages = new ArrayList<>();
  private long lines;
  private long bytes;
  private long number;

  public DamageScan(LogFiles files, Manifest manifest) {
    this.files = files;
    this.manifest = manifest;
  }

  public List<Damage> damages() {
    return damages;
  }

  public long lines() {
    return lines;
  }

  public long bytes() {
    return bytes;
  }

  public void run() throws IOException {
    List<String> names = files.list();
    number = 0;
    for (int part = manifest.firstSnapshot(); part <= manifest.lastSnapshot(); part++) {
      boolean last = part == manifest.lastSnapshot();
      long next = last ? manifest.snapshotLines() + 1 : from(names, -part - 1);
      scan(names, -part, next, false);
    }
    number = manifest.snapshotEnd();
    TreeSet<Integer> log = new TreeSet<>();
    names.stream()
        .map(Segments::number)
        .filter(segment -> segment >= manifest.firstSegment())
        .forEach(log::add);
    int end = Math.max(log.isEmpty() ? 0 : log.last(), manifest.lastSegment());
    for (int segment = manifest.firstSegment(); segment <= end; segment++) {
      scan(names, segment, segment == end ? 0 : from(names, segment + 1), segment == end);
    }
  }

  /** The number of the first line according to the file's header; 0 if unknown. */
  private long from(List<String> names, int file) throws IOException {
    if (!names.contains(Segments.name(file))) {
      return 0;
    }
    try (LogFiles.LogFile open = files.open(Segments.name(file))) {
      LineReader reader = new LineReader(open);
      return reader.next() && reader.isWhole()
          ? LineHead.of(reader.line(), reader.length()).from()
          : 0;
    }
  }

  /**
   * Scans one file.
   *
   * @param next the number of the first line of the next file, or 0 if unknown
   */
  private void scan(List<String> names, int file, long next, boolean mayBeTorn) throws IOException {
    if (!names.contains(Segments.name(file))) {
      long through = through(next, mayBeTorn);
      damages.add(new Damage(file, 0, 0, number + 1, through, "the file is missing", false));
      number = Math.max(number, through);
      return;
    }
    try (LogFiles.LogFile open = files.open(Segments.name(file))) {
      scan(new LineReader(open), file, next, mayBeTorn);
    }
  }

  /** A line as found; {@code number} is 0 for a header. */
  private record ScannedLine(
      long offset, long end, boolean whole, long number, long through, long synced) {
    static ScannedLine of(LineReader reader) {
      long end = reader.offset() + reader.length() + 1;
      if (!reader.isWhole()) {
        return new ScannedLine(reader.offset(), end, false, 0, 0, 0);
      }
      LineHead head = LineHead.of(reader.line(), reader.length());
      long through = Math.max(head.number(), head.through());
      return new ScannedLine(reader.offset(), end, true, head.number(), through, head.synced());
    }
  }

  private void scan(LineReader reader, int file, long next, boolean mayBeTorn) throws IOException {
    List<ScannedLine> found = new ArrayList<>();
    while (reader.next()) {
      ScannedLine line = ScannedLine.of(reader);
      if (next > 0 && line.number >= next) {
        break;
      }
      found.add(line);
      if (line.whole && Math.max(number, line.through) + 1 == next) {
        // The rest is abandoned lines or reserved blanks.
        break;
      }
    }
    if (mayBeTorn) {
      cutTornTail(file, found);
    }
    long end;
    if (found.isEmpty() || found.get(0).number != 0 || !found.get(0).whole) {
      long length = found.isEmpty() || found.get(0).whole ? 0 : found.remove(0).end;
      end = length;
      String what = "its header is damaged";
      // A crash while a segment was begun leaves only this, and opening removes it.
      boolean leftover = mayBeTorn && file > manifest.lastSegment() && found.isEmpty();
      damages.add(new Damage(file, 0, length, number + 1, number, what, leftover));
    } else {
      end = found.remove(0).end;
      bytes += end;
    }
    long badFrom = -1;
    for (ScannedLine line : found) {
      end = line.end;
      if (!line.whole || line.number <= number) {
        badFrom = badFrom < 0 ? line.offset : badFrom;
        continue;
      }
      if (badFrom >= 0 || line.number > number + 1) {
        damage(file, badFrom < 0 ? line.offset : badFrom, line.offset, line.number - 1);
      }
      badFrom = -1;
      number = line.through;
      lines++;
      bytes += line.end - line.offset;
    }
    long least = through(next, mayBeTorn);
    if (badFrom >= 0 || number < least) {
      damage(file, badFrom < 0 ? end : badFrom, end, Math.max(number, least));
      number = Math.max(number, least);
    }
  }

  /** The last line that a file must have, as far as known; the last file may have more. */
  private long through(long next, boolean last) {
    return last ? manifest.forcedThrough() : next - 1;
  }

  private void damage(int file, long from, long to, long through) {
    String what = to > from ? "lines are damaged" : "lines are missing";
    damages.add(new Damage(file, from, to - from, number + 1, through, what, false));
  }

  /**
   * As in {@link Recovery}: a crash tore the lines that nothing proves to have been on the disk.
   */
  private void cutTornTail(int file, List<ScannedLine> found) {
    long before = number;
    for (int i = 0; i < found.size(); i++) {
      if (found.get(i).whole) {
        before = Math.max(before, found.get(i).through);
        continue;
      }
      long last = before;
      if (last >= manifest.forcedThrough()
          && found.subList(i, found.size()).stream().noneMatch(line -> line.synced > last)) {
        long from = found.get(i).offset;
        long end = found.get(found.size() - 1).end;
        damages.add(
            new Damage(file, from, end - from, last + 1, last, "the last write was torn", true));
        found.subList(i, found.size()).clear();
      }
      return;
    }
  }
}
