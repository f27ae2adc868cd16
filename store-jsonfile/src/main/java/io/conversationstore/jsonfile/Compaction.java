package io.conversationstore.jsonfile;

import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State.ConversationState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes all that an index holds to new segments, as rows. Runs on the log's thread, once.
 *
 * <p>The new segments count from the moment that {@code store.json} names them; a crash before
 * leaves the old ones, a crash after the new ones, and opening removes the others.
 */
final class Compaction {
  /** How long a node may be offline; deleted rows stay so long. */
  static final Duration TOMBSTONES = Duration.ofDays(30);

  /** The new segments, which begin with {@code first}; {@code next} is an empty one after them. */
  record Result(
      int first,
      int last,
      long lastNumber,
      long bytes,
      LogFiles.LogFile next,
      long nextSize,
      Index index) {}

  private final LogFiles files;
  private final Segments segments;
  private final Contents contents;
  private final Index index;
  private final long segmentBytes;
  private final Instant now;
  private final List<Integer> written = new ArrayList<>();
  private int segment;
  private long number;
  private long size;
  private long bytes;
  private LogFiles.@Nullable LogFile file;

  Compaction(
      LogFiles files,
      Segments segments,
      Contents contents,
      Index index,
      long segmentBytes,
      Instant now,
      int lastSegment,
      long lastNumber) {
    this.files = files;
    this.segments = segments;
    this.contents = contents;
    this.index = index;
    this.segmentBytes = segmentBytes;
    this.now = now;
    this.segment = lastSegment;
    this.number = lastNumber;
  }

  /** Writes and reads back. After an exception, {@link #undo()} removes what was written. */
  Result run(Manifest manifest) throws IOException {
    int first = segment + 1;
    begin(true);
    write();
    finish();
    int last = segment;
    long lastNumber = number;
    Index fresh = new Index();
    new Recovery(
            files,
            manifest.withSnapshot(first, last, lastNumber),
            segments,
            new Replay(fresh, contents))
        .read(first, last);
    begin(false);
    LogFiles.LogFile next = finish();
    return new Result(first, last, lastNumber, bytes, next, size, fresh);
  }

  /**
   * Removes the segments that were written, the last one first and each durably: after a crash
   * there is no gap, which would be taken for damage.
   */
  void undo() throws IOException {
    for (int i = written.size() - 1; i >= 0; i--) {
      segments.remove(written.get(i));
      files.delete(Segments.name(written.get(i)));
      files.forceDirectory();
    }
  }

  private void begin(boolean snapshot) throws IOException {
    segment++;
    LogFiles.LogFile next = files.create(Segments.name(segment));
    written.add(segment);
    segments.add(segment, next);
    file = next;
    byte[] header = Line.header(segment, number + 1, snapshot);
    next.append(ByteBuffer.wrap(header));
    // Before anything else is in it: a crash leaves segments that say that they are of a snapshot,
    // without a gap. Lines without a header, or a gap, would be taken for damage.
    next.force();
    files.forceDirectory();
    size = header.length;
    bytes += header.length;
  }

  private LogFiles.LogFile finish() throws IOException {
    LogFiles.LogFile current = file;
    if (current == null) {
      throw new IllegalStateException("no segment was begun");
    }
    current.force();
    return current;
  }

  private void line(String name, byte[] payload, Instant at) throws IOException {
    if (size >= segmentBytes) {
      finish();
      begin(true);
    }
    number++;
    byte[] line = Line.join(Line.head(number, 0, at, "\"" + name + "\":"), payload);
    LogFiles.LogFile current = file;
    if (current != null) {
      current.append(ByteBuffer.wrap(line));
    }
    size += line.length;
    bytes += line.length;
  }

  private void write() throws IOException {
    line("meta", Lines.meta(index.standaloneContent(), index.recent()), now);
    for (OwnerRows owner : index.owners()) {
      if (owner.epoch() > 0) {
        line("owner", Lines.owner(owner), now);
      }
      if (owner.preferences().version() > 0) {
        line("row", Lines.row(owner.preferences()), now);
      }
      for (var entry : owner.conversations().entrySet()) {
        write(owner, entry.getKey(), entry.getValue());
      }
    }
    long asOf = index.mirrorAsOfMicros();
    if (!index.position().equals(FeedPosition.START) || asOf != MessageRow.NEVER) {
      Instant time = asOf == MessageRow.NEVER ? null : Micros.instant(asOf);
      line("feed", Lines.feed(index.position(), time), now);
    }
    for (PendingQueue.Parked parked : index.pending().parked()) {
      line("pending", Lines.change(contents.change(parked.entry())), now);
      List<Settlement> settlement = List.of(parked.settlement());
      line("settle", Lines.settlements(settlement), now);
    }
    for (PendingQueue.Entry entry : index.pending().all()) {
      line("pending", Lines.change(contents.change(entry)), now);
    }
  }

  private void write(OwnerRows owner, String id, ConversationRows rows) throws IOException {
    ConversationState header = rows.header();
    long oldest = Micros.of(now.minus(TOMBSTONES));
    if (header != null) {
      if (!header.isLive() && rows.changedMicros() < oldest) {
        return;
      }
      line("row", Lines.row(header), Micros.instant(rows.changedMicros()));
    }
    for (MessageRow row : rows.messages()) {
      if (row.isLive() || row.changedMicros() >= oldest) {
        Instant at = row.isLive() ? now : Micros.instant(row.changedMicros());
        line(
            "row",
            Lines.row(contents.state(owner.owner(), id, owner.epoch(), rows.generation(), row)),
            at);
      }
    }
  }
}
