package io.conversationstore.jsonfile.internal.maintenance;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Owner;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.internal.apply.LinePayloads;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import io.conversationstore.jsonfile.internal.format.LineHead;
import io.conversationstore.jsonfile.internal.format.LineReader;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.PendingQueue;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
import io.conversationstore.spi.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes the text of erased owners from files of whole lines: it overwrites each line that holds
 * such text by a line of the same length marked as gone. Only a file that was cut, or holds
 * abandoned lines, is rewritten to a new file and renamed over the old one. Not thread-safe.
 */
final class TextEraser {
  private static final Logger LOG = LoggerFactory.getLogger(TextEraser.class);
  private static final int MOST_NAMED = 10;

  /** The most bytes overwritten at once: they are noted first, and stay in memory until then. */
  private static final long MOST_BYTES = 4 << 20;

  private static final String ERASED = Change.Kind.OWNER_ERASED.wireName();
  private static final byte[] TENANT = "\"tenant_id\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] USER = ",\"user_id\":\"".getBytes(StandardCharsets.US_ASCII);

  private final LogFiles files;
  private final Segments segments;
  private final Map<Owner, Index.DueErasure> due;
  private final Set<UUID> waiting;
  private final OwnerLines owners;
  private final Map<String, Owner> marks = new HashMap<>();

  /** Overwrites that are not written yet, and their size. */
  private final List<Overwrites.Overwrite> overwrites = new ArrayList<>();

  private long bytes;

  /** The places of lines that are not whole. */
  private final Set<String> damages = new LinkedHashSet<>();

  /** The number of the last whole line that was read. */
  private long last;

  /**
   * @param waiting ids of the pending and parked changes, which stay
   * @param owners of files that were read before
   */
  TextEraser(
      LogFiles files,
      Segments segments,
      Map<Owner, Index.DueErasure> due,
      Set<UUID> waiting,
      OwnerLines owners) {
    this.files = files;
    this.segments = segments;
    this.due = due;
    this.waiting = waiting;
    this.owners = owners;
    due.keySet().forEach(owner -> marks.put(mark(owner), owner));
  }

  /** The bytes that identify an owner in each line about it, one character for each byte. */
  private static String mark(Owner owner) {
    byte[] object =
        Json.bytes(
            out -> {
              out.writeStartObject();
              out.writeStringField("tenant_id", owner.tenantId());
              out.writeStringField("user_id", owner.userId());
              out.writeEndObject();
            });
    return new String(object, 1, object.length - 2, StandardCharsets.ISO_8859_1);
  }

  /**
   * The bytes that identify the owner of a line; null if there are none. They precede all content.
   * In content, the same bytes have a backslash before each quotation mark, or come later.
   */
  private static @Nullable String markOf(byte[] line, int length) {
    int start = find(TENANT, line, LineFormat.PREFIX, length);
    int tenantEnd = start < 0 ? -1 : quote(line, start + TENANT.length, length);
    boolean followed =
        tenantEnd >= 0
            && tenantEnd + 1 + USER.length <= length
            && Arrays.equals(
                line, tenantEnd + 1, tenantEnd + 1 + USER.length, USER, 0, USER.length);
    int userEnd = followed ? quote(line, tenantEnd + 1 + USER.length, length) : -1;
    return userEnd < 0
        ? null
        : new String(line, start, userEnd + 1 - start, StandardCharsets.ISO_8859_1);
  }

  /** The owner of a whole line; null if the line does not name one. */
  static @Nullable Owner ownerOf(byte[] line, int length) {
    String mark = markOf(line, length);
    if (mark == null) {
      return null;
    }
    byte[] object = ("{" + mark + "}").getBytes(StandardCharsets.ISO_8859_1);
    try {
      JsonNode json = Json.parse(object, 0, object.length);
      return Owner.of(Json.string(json, "tenant_id"), Json.string(json, "user_id"));
    } catch (IllegalArgumentException e) {
      LOG.debug("A line names an invalid owner", e);
      return null;
    }
  }

  private static int find(byte[] mark, byte[] line, int from, int length) {
    for (int i = from; i <= length - mark.length; i++) {
      if (line[i] == mark[0] && Arrays.equals(line, i, i + mark.length, mark, 0, mark.length)) {
        return i;
      }
    }
    return -1;
  }

  /** The end of the string whose first character is at {@code from}. */
  private static int quote(byte[] line, int from, int length) {
    for (int i = from; i < length; i++) {
      if (line[i] == '"') {
        return i;
      }
      i += line[i] == '\\' ? 1 : 0;
    }
    return -1;
  }

  /** Whether a file may hold lines of the owners; true for a file that was not read before. */
  boolean mayConcern(int file) {
    return !owners.hasNone(file, marks.keySet());
  }

  /** Finds the number of the first abandoned line in a file. */
  interface AbandonedFrom {
    long find() throws IOException;
  }

  /**
   * Cleans one file. The result is durable when {@link #finish} returns.
   *
   * @param end lines from this number on are abandoned: they were written again elsewhere
   * @param cut whether the file was cut and may be longer after a loss of power
   */
  void clean(int file, AbandonedFrom end, boolean cut) throws IOException {
    long @Nullable [] offsets = cut ? null : owners.offsets(file, marks.keySet());
    if (!cut && offsets == null) {
      long @Nullable [] lines = lines(file, end.find());
      offsets = lines == null ? null : OwnerLines.offsets(lines, marks.keySet());
    }
    if (offsets == null) {
      // Pending overwrites of later files go first: a crash then leaves the first lines of an
      // owner.
      finish();
      rewrite(file, end.find());
      return;
    }
    for (long offset : offsets) {
      LineReader reader = new LineReader(segments.require(file), offset);
      if (reader.next() && isErased(file, reader)) {
        byte[] line = blanked(reader.line(), reader.length());
        overwrites.add(new Overwrites.Overwrite(file, offset, line));
        bytes += line.length;
        if (bytes > MOST_BYTES) {
          finish();
        }
      }
    }
  }

  /** Writes the pending overwrites durably. */
  void finish() throws IOException {
    if (!overwrites.isEmpty()) {
      Overwrites.write(files, segments, overwrites);
      overwrites.clear();
      bytes = 0;
    }
  }

  private void rewrite(int file, long end) throws IOException {
    files.write(FileNames.ERASURE_TEMPORARY, cleaned -> writeCleaned(file, end, cleaned));
    files.rename(FileNames.ERASURE_TEMPORARY, Segments.name(file));
    files.forceDirectory();
    segments.replace(file, files.open(Segments.name(file)));
  }

  private void writeCleaned(int file, long end, LogFiles.LogFile cleaned) throws IOException {
    LineReader reader = new LineReader(segments.require(file));
    List<byte[]> batch = new ArrayList<>();
    int size = 0;
    while (reader.next() && !isBeyond(file, reader, end)) {
      byte[] line = line(file, reader);
      batch.add(line);
      size += line.length;
      if (size > 1 << 20) {
        append(cleaned, batch, size);
        size = 0;
      }
    }
    append(cleaned, batch, size);
  }

  private static void append(LogFiles.LogFile to, List<byte[]> batch, int bytes)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    batch.forEach(buffer::put);
    batch.clear();
    to.append(buffer.flip());
  }

  /** Reads a file and records its lines; returns null if it holds abandoned lines. */
  private long @Nullable [] lines(int file, long end) throws IOException {
    LongStream.Builder found = LongStream.builder();
    int before = damages.size();
    boolean small = true;
    LineReader reader = new LineReader(segments.require(file));
    while (reader.next()) {
      if (isBeyond(file, reader, end)) {
        // The owners of the following lines are unknown, and the lines stay until the file is
        // rewritten.
        return null;
      }
      if (reader.offset() == 0) {
        continue;
      }
      if (!reader.isWhole()) {
        damage(file, reader.offset());
        continue;
      }
      String mark = markOf(reader.line(), reader.length());
      small &= reader.offset() <= OwnerLines.HIGHEST_OFFSET;
      if (mark != null) {
        found.add(OwnerLines.line(mark, reader.offset()));
      }
    }
    if (!small) {
      return null;
    }
    long[] lines = found.build().toArray();
    if (damages.size() == before) {
      owners.put(file, lines);
    } else {
      // The file is read, and its damage reported, each time.
      owners.forget(file);
      Arrays.sort(lines);
    }
    return lines;
  }

  /** Whether this line and all later ones are abandoned. */
  private boolean isBeyond(int file, LineReader reader, long end) {
    if (file < 0 || end == Long.MAX_VALUE) {
      return false;
    }
    if (!reader.isWhole()) {
      return last >= end - 1;
    }
    LineHead head = LineHead.of(reader.line(), reader.length());
    last = reader.offset() == 0 ? head.from() - 1 : head.number();
    return reader.offset() > 0 && last >= end;
  }

  private byte[] line(int file, LineReader reader) throws IOException {
    if (reader.offset() > 0 && isErased(file, reader)) {
      return blanked(reader.line(), reader.length());
    }
    if (!reader.isWhole()) {
      return asItStands(file, reader);
    }
    byte[] line = new byte[reader.length() + 1];
    System.arraycopy(reader.line(), 0, line, 0, reader.length());
    line[reader.length()] = '\n';
    return line;
  }

  /** The line's bytes unchanged, with the newline if it has one. */
  private byte[] asItStands(int file, LineReader reader) throws IOException {
    LogFiles.LogFile open = segments.require(file);
    long left = open.size() - reader.offset();
    return segments.read(file, reader.offset(), (int) Math.min(reader.length() + 1L, left));
  }

  /** A line of this length, without the newline, that keeps only what other lines depend on. */
  private byte[] blanked(byte[] line, int length) {
    LineHead whole = LineHead.of(line, length);
    boolean pending = whole.payload().equals("pending");
    String was = pending ? was(line, length) : "";
    long epoch = whole.payload().equals("row") ? whole.epoch() : 0;
    Owner owner = marks.get(markOf(line, length));
    // A row also records that its epoch has begun.
    byte[] begun =
        epoch == 0 || owner == null
            ? new byte[0]
            : LinePayloads.row(new State.OwnerState(owner, epoch));
    String after = begun.length == 0 ? "\"" : "\",\"row\":";
    byte[] head =
        LineFormat.head(
            whole.number(), whole.synced(), Json.time("at", whole.at()), was + "\"gone\":\"");
    byte[] rest = new byte[length - head.length - 1];
    Arrays.fill(rest, (byte) ' ');
    int end = rest.length - begun.length;
    System.arraycopy(begun, 0, rest, end, begun.length);
    byte[] closing = after.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(closing, 0, rest, end - closing.length, closing.length);
    return LineFormat.join(head, rest);
  }

  /**
   * The data of a change that later changes in the queue need when it ends, without its content.
   * Empty if the change cannot be read, because then it never entered the queue.
   */
  private static String was(byte[] line, int length) {
    try {
      Change change = ChangeJson.read(LineFormat.parse(line, length).get("pending"));
      return "\"was\":"
          + LinePayloads.ended(PendingQueue.Entry.of(change, PendingQueue.NOWHERE))
          + ",";
    } catch (IllegalArgumentException e) {
      LOG.debug("An unreadable change is erased", e);
      return "";
    }
  }

  private boolean isErased(int file, LineReader reader) {
    if (!reader.isWhole()) {
      damage(file, reader.offset());
      return false;
    }
    Owner owner = marks.get(markOf(reader.line(), reader.length()));
    Index.DueErasure erasure = owner == null ? null : due.get(owner);
    return erasure != null && isErased(file, LineHead.of(reader.line(), reader.length()), erasure);
  }

  /** Records a damaged line. It may belong to any owner, so it stays, and the erasure stays due. */
  void damage(int file, long offset) {
    damages.add(Segments.name(file) + ", byte " + offset);
  }

  /**
   * Fails if damaged lines, which may be about the owners, were left in place.
   *
   * @throws StoreDamagedException naming their places
   */
  void requireNoDamage() {
    if (!damages.isEmpty()) {
      throw new StoreDamagedException(
          "an erasure in "
              + files.describe()
              + " is not complete, because the owner of these damaged lines is unknown: "
              + damages.stream().limit(MOST_NAMED).collect(Collectors.joining("; "))
              + (damages.size() > MOST_NAMED ? "; and more" : "")
              + ". The erasure stays due; close the store and repair the directory",
          null);
    }
  }

  private boolean isErased(int file, LineHead line, Index.DueErasure erasure) {
    boolean before = file < 0 || line.number() < erasure.line();
    return switch (line.payload()) {
      case "row" -> before && !line.kind().equals("owner") && line.epoch() < erasure.epoch();
      case "apply" -> before && !line.kind().equals(ERASED);
      case "pending" ->
          !line.kind().equals(ERASED) && !waiting.contains(UUID.fromString(line.id()));
      default -> false;
    };
  }
}
