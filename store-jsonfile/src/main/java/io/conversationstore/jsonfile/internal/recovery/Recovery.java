package io.conversationstore.jsonfile.internal.recovery;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.internal.apply.Contents;
import io.conversationstore.jsonfile.internal.apply.LinePayloads;
import io.conversationstore.jsonfile.internal.apply.Replay;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import io.conversationstore.jsonfile.internal.format.LineReader;
import io.conversationstore.jsonfile.internal.format.LogLine;
import io.conversationstore.jsonfile.internal.format.LogPosition;
import io.conversationstore.jsonfile.internal.format.Manifest;
import io.conversationstore.jsonfile.internal.format.ParallelLineReader;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.log.RecoveredLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a directory into an index and finds the end of its log. Not thread-safe.
 *
 * <p>Nothing on disk changes until everything was read and found sound; then leftovers of a crash
 * are removed and a torn tail is cut off. A line that is not whole is torn if nothing shows that it
 * was on the disk: neither a later line (each gives the last number known to be on the disk) nor
 * {@code store.json}. Any other line that is not whole is damage.
 */
public final class Recovery {
  private static final Logger LOG = LoggerFactory.getLogger(Recovery.class);

  /** Whole lines cannot be read or applied; nothing was changed. */
  public static final class UnusableLinesException extends IOException {
    private static final long serialVersionUID = 1;
    private final transient List<DamageScan.Damage> lines;

    UnusableLinesException(List<DamageScan.Damage> lines) {
      super(lines.size() + " lines cannot be read");
      this.lines = List.copyOf(lines);
    }

    public List<DamageScan.Damage> lines() {
      return lines;
    }
  }

  /** The first line of a file. */
  private record Header(int file, long from) {}

  private final LogFiles files;
  private final Manifest manifest;
  private final Segments segments;
  private final Contents contents;
  private final ParallelLineReader logLines = new ParallelLineReader();
  private final List<String> leftovers = new ArrayList<>();
  private Index index = new Index();
  private final DurablePrefix forced = new DurablePrefix();
  private long number;
  private long cut = -1;
  private long replayed;
  private boolean holesFound;
  private Unusable unusable = (file, line) -> {};

  /** Whether this is only a check, which reports all findings and opens nothing. */
  private boolean checks;

  public Recovery(LogFiles files, Manifest manifest, Segments segments, Contents contents) {
    this.files = files;
    this.manifest = manifest;
    this.segments = segments;
    this.contents = contents;
  }

  /**
   * Reads, with the checkpoint if it is usable, then cleans up.
   *
   * @throws UnusableLinesException if lines must be set aside first
   */
  public RecoveredLog run() throws IOException {
    try (logLines) {
      List<DamageScan.Damage> lines = new ArrayList<>();
      unusable = (file, line) -> lines.add(Repair.unusable(file, line));
      RecoveredLog end = readAll();
      if (!lines.isEmpty()) {
        throw new UnusableLinesException(lines);
      }
      cleanUp(end);
      return end;
    }
  }

  private RecoveredLog readAll() throws IOException {
    List<Integer> log = open();
    Checkpoint.Loaded checkpoint = Checkpoint.load(files, manifest, segments);
    RecoveredLog end;
    if (checkpoint == null) {
      // A checkpoint of other files may hold text of owners that these files no longer know.
      leftovers.add(FileNames.CHECKPOINT);
      readSnapshot();
      end = readLog(log, null);
    } else {
      index = checkpoint.index();
      requireReached();
      end = readLog(log, checkpoint.end());
    }
    if (holesFound) {
      index.recount();
    }
    return end;
  }

  /**
   * Checks that files are long enough for all contents in the checkpoint, which are not read again.
   */
  private void requireReached() throws IOException {
    Map<Integer, Long> reached = new TreeMap<>();
    for (OwnerRows owner : index.owners()) {
      for (ConversationRows rows : owner.conversations().values()) {
        rows.messages().reach((file, end) -> reached.merge(file, end, Math::max));
      }
    }
    for (Map.Entry<Integer, Long> file : reached.entrySet()) {
      LogFiles.LogFile open = segments.get(file.getKey());
      if (open != null && open.size() < file.getValue()) {
        throw damaged(file.getKey(), open.size(), "the end of the file is missing");
      }
    }
  }

  /** Receives a line that is whole but cannot be applied. */
  public interface Unusable {
    void found(int file, LogLine line);
  }

  /** Reads everything, continues after lines that cannot be applied, and changes nothing. */
  public RecoveredLog check(Unusable listener) throws IOException {
    unusable = listener;
    checks = true;
    try (logLines) {
      List<Integer> log = open();
      readSnapshot();
      return readLog(log, null);
    }
  }

  private void cleanUp(RecoveredLog end) throws IOException {
    leftovers.retainAll(files.list());
    for (String name : leftovers) {
      files.delete(name);
    }
    if (!leftovers.isEmpty()) {
      files.forceDirectory();
    }
    LogFiles.LogFile last = segments.get(end.segment());
    if (last != null) {
      if (cut >= 0) {
        LOG.warn(
            "The last write to {} in {} was torn; the file is truncated at byte {}",
            Segments.name(end.segment()),
            files.describe(),
            cut);
      }
      if (last.size() > end.size()) {
        last.truncate(end.size());
      }
      last.force();
    }
  }

  /** Opens the files that count; returns the segments of the log in order. */
  private List<Integer> open() throws IOException {
    TreeSet<Integer> log = new TreeSet<>();
    TreeSet<Integer> snapshot = new TreeSet<>();
    for (String name : files.list()) {
      int file = Segments.number(name);
      if (file != 0 && manifest.counts(file)) {
        (file > 0 ? log : snapshot).add(file);
      } else if (file != 0 || FileNames.isTemporary(name)) {
        leftovers.add(name);
      }
    }
    for (int part = manifest.firstSnapshot(); part <= manifest.lastSnapshot(); part++) {
      if (!snapshot.contains(-part)) {
        throw damaged(-part, 0, "the file is missing");
      }
      segments.add(-part, files.open(Segments.name(-part)));
    }
    int expected = manifest.firstSegment();
    for (int segment : log) {
      if (segment != expected++) {
        throw damaged(expected - 1, 0, "the file is missing");
      }
      segments.add(segment, files.open(Segments.name(segment)));
    }
    if (expected <= manifest.lastSegment()) {
      throw damaged(expected, 0, "the file is missing");
    }
    return List.copyOf(log);
  }

  /** Null if neither the first line nor any other is whole. */
  private @Nullable Header header(int file) throws IOException {
    LineReader reader = reader(file);
    if (!reader.next()) {
      return null;
    }
    if (!reader.isWhole()) {
      while (reader.next()) {
        if (reader.isWhole()) {
          throw damaged(file, 0, "its header is damaged");
        }
      }
      return null;
    }
    try {
      return readHeader(file, LineFormat.parse(reader.line(), reader.length()));
    } catch (IllegalArgumentException e) {
      throw new StoreDamagedException(where(file, 0) + "its first line is not a header", e);
    }
  }

  private Header readHeader(int file, JsonNode json) {
    Manifest.requireKnown(files, Segments.name(file), Json.number(json, "format", 0));
    long said = Json.number(json, "segment", 0);
    boolean isLog = Json.string(json, "kind").equals("log");
    if (file != (isLog ? said : -said)) {
      throw damaged(file, 0, "its header names another file");
    }
    if (!isLog && Json.number(json, "through", 0) != manifest.snapshotEnd()) {
      throw damaged(file, 0, "it belongs to another snapshot");
    }
    return new Header(file, Json.number(json, "from", 0));
  }

  private LineReader reader(int file) {
    return new LineReader(segments.require(file));
  }

  private Replay replay() throws IOException {
    return new Replay(index, contents, manifest.erasedThrough(), FileNames.hasSetAside(files));
  }

  private void readSnapshot() throws IOException {
    number = 0;
    for (int part = manifest.firstSnapshot(); part <= manifest.lastSnapshot(); part++) {
      Header header = header(-part);
      if (header == null || header.from() != number + 1) {
        throw damaged(-part, 0, "its header is damaged");
      }
      read(-part, Long.MAX_VALUE, false);
    }
    if (number != manifest.snapshotLines()) {
      throw damaged(-manifest.lastSnapshot(), 0, "lines are missing at the end of the file");
    }
    number = manifest.snapshotEnd();
  }

  private RecoveredLog readLog(List<Integer> log, @Nullable LogPosition from) throws IOException {
    List<Header> headers = headers(log, from);
    if (headers.isEmpty()) {
      requireForced(manifest.firstSegment(), 0);
      return new RecoveredLog(index, 0, 0, number, new LogPosition(0, 0, number), 0, replayed);
    }
    long size = 0;
    for (int i = 0; i < headers.size(); i++) {
      Header header = headers.get(i);
      boolean last = i == headers.size() - 1;
      long end = last ? Long.MAX_VALUE : headers.get(i + 1).from();
      forced.through(Math.max(header.from() - 1, manifest.forcedThrough()));
      if (i == 0 && from != null) {
        number = from.number();
        forced.through(number);
        size = read(header.file(), from.offset(), end, last);
      } else {
        if (header.from() > number + 1) {
          throw damaged(header.file(), 0, "lines are missing before this file");
        }
        size = read(header.file(), end, last);
      }
      if (!last && number + 1 != end) {
        throw damaged(header.file(), size, "lines are missing after this file");
      }
    }
    int segment = headers.get(headers.size() - 1).file();
    requireForced(segment, size);
    long bytes = size;
    for (int part = manifest.firstSnapshot(); part <= manifest.lastSnapshot(); part++) {
      bytes += segments.require(-part).size();
    }
    for (int earlier : log) {
      bytes += earlier < segment ? segments.require(earlier).size() : 0;
    }
    return new RecoveredLog(index, segment, size, number, forced.end(segment), bytes, replayed);
  }

  /** Checks that all lines on the disk at the last closing are still there. */
  private void requireForced(int segment, long end) {
    if (number < manifest.forcedThrough()) {
      throw damaged(segment, end, "lines are missing at the end of the file");
    }
  }

  /** The headers of the segments to read. A last segment that was never begun is a leftover. */
  private List<Header> headers(List<Integer> log, @Nullable LogPosition from) throws IOException {
    List<Header> headers = new ArrayList<>();
    for (int segment : log) {
      if (from != null && segment < from.segment()) {
        continue;
      }
      Header header = header(segment);
      if (header != null) {
        headers.add(header);
      } else if (segment == log.get(log.size() - 1) && segment > manifest.lastSegment()) {
        leftovers.add(Segments.name(segment));
        segments.remove(segment);
      } else {
        throw damaged(segment, 0, "its header is damaged");
      }
    }
    return headers;
  }

  private long read(int file, long end, boolean mayBeTorn) throws IOException {
    LineReader header = reader(file);
    header.next();
    return read(file, header.length() + 1L, end, mayBeTorn);
  }

  /** Returns the end of the last good line of the file. */
  private long read(int file, long start, long end, boolean mayBeTorn) throws IOException {
    ParallelLineReader.FileLines lines = logLines.of(segments.require(file), start);
    Replay replay = replay();
    long good = start;
    LogLine line = number + 1 < end ? lines.next() : null;
    forced.begin(number, start);
    while (line != null) {
      if (!line.isWhole()) {
        if (!mayBeTorn || number < manifest.forcedThrough()) {
          throw damaged(file, line.offset(), "a line is damaged");
        }
        requireTorn(file, line, lines);
        cut = good;
        return good;
      }
      if (line.number() != number + 1) {
        throw damaged(file, line.offset(), "lines are missing before this line");
      }
      if (replay(replay, file, line)) {
        long lost = LinePayloads.lostThrough(line.json());
        holesFound |= lost > 0;
        number = Math.max(number + 1, lost);
        good = line.end() + 1;
      } else {
        number++;
      }
      forced.line(number, line.end() + 1, line.synced());
      line = number + 1 < end ? lines.next() : null;
    }
    replayed += good - start;
    return good;
  }

  /**
   * Returns whether the line could be applied. If that fails because data it depends on is damaged,
   * the damage is reported.
   */
  private boolean replay(Replay replay, int file, LogLine line) throws IOException {
    try {
      replay.line(line, file);
      return true;
    } catch (StoreDamagedException e) {
      if (!checks) {
        throw e;
      }
      unusable.found(file, line);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (RuntimeException e) {
      LOG.debug("{}a line cannot be applied", where(file, line.offset()), e);
      unusable.found(file, line);
    }
    return false;
  }

  /**
   * Fails with damage if a later line shows that the bad line was on the disk. If a newline is
   * damaged, the next line is the end of the same bad line.
   */
  private void requireTorn(int file, LogLine bad, ParallelLineReader.FileLines after)
      throws IOException {
    for (LogLine line = bad; line != null; line = after.next()) {
      LogLine later = line.isWhole() ? line : line.lineWithin();
      if (later.isWhole() && later.synced() > number) {
        throw damaged(file, bad.offset(), "a damaged line is followed by intact lines");
      }
    }
  }

  private StoreDamagedException damaged(int file, long offset, String what) {
    return new StoreDamagedException(where(file, offset) + what + "; nothing was changed", null);
  }

  private String where(int file, long offset) {
    return Segments.name(file) + " in " + files.describe() + ", byte " + offset + ": ";
  }
}
