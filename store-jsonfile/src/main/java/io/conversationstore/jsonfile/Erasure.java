package io.conversationstore.jsonfile;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Owner;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.json.Json;
import io.conversationstore.spi.ChangeJson;
import io.conversationstore.spi.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * Takes the text of erased owners out of files of whole lines: each line that holds such text is
 * replaced by one of the same length that says that it is gone, so that all other lines stay where
 * they are. A file is rewritten beside and renamed over. For one thread.
 */
final class Erasure {
  static final String TEMPORARY = "erasure.tmp";

  private final LogFiles files;
  private final Segments segments;
  private final Map<Owner, Index.DueErasure> due;
  private final Set<UUID> waiting;
  private final Map<Owner, byte[]> marks = new LinkedHashMap<>();

  /** The number of the last whole line that was read. */
  private long last;

  /**
   * @param waiting ids of the pending and parked changes, which stay
   */
  Erasure(LogFiles files, Segments segments, Map<Owner, Index.DueErasure> due, Set<UUID> waiting) {
    this.files = files;
    this.segments = segments;
    this.due = due;
    this.waiting = waiting;
    due.keySet().forEach(owner -> marks.put(owner, mark(owner)));
  }

  /** The bytes that are in every line that is about an owner. */
  private static byte[] mark(Owner owner) {
    String object =
        Json.text(
            out -> {
              out.writeStartObject();
              out.writeStringField("tenant_id", owner.tenantId());
              out.writeStringField("user_id", owner.userId());
              out.writeEndObject();
            });
    return object.substring(1, object.length() - 1).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Cleans one file, durably.
   *
   * @param end lines from this number on do not count in it: they were written again elsewhere
   * @param cut whether it was cut and may hold more after a loss of power
   */
  void clean(int file, long end, boolean cut) throws IOException {
    if (!cut && !holdsText(file, end)) {
      return;
    }
    files.write(TEMPORARY, cleaned -> writeCleaned(file, end, cleaned));
    files.rename(TEMPORARY, Segments.name(file));
    files.forceDirectory();
    segments.replace(file, files.open(Segments.name(file)));
  }

  private void writeCleaned(int file, long end, LogFiles.LogFile cleaned) throws IOException {
    LogReader reader = new LogReader(segments.require(file));
    List<byte[]> batch = new ArrayList<>();
    int bytes = 0;
    while (reader.next() && !isBeyond(file, reader, end)) {
      byte[] line = line(file, reader);
      batch.add(line);
      bytes += line.length;
      if (bytes > 1 << 20) {
        append(cleaned, batch, bytes);
        bytes = 0;
      }
    }
    append(cleaned, batch, bytes);
  }

  private static void append(LogFiles.LogFile to, List<byte[]> batch, int bytes)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    batch.forEach(buffer::put);
    batch.clear();
    to.append(buffer.flip());
  }

  private boolean holdsText(int file, long end) throws IOException {
    LogReader reader = new LogReader(segments.require(file));
    while (reader.next()) {
      if (isBeyond(file, reader, end) || (reader.offset() > 0 && isErased(file, reader))) {
        return true;
      }
    }
    return false;
  }

  /** Whether the line, and all after it, do not count. */
  private boolean isBeyond(int file, LogReader reader, long end) {
    if (file < 0 || end == Long.MAX_VALUE) {
      return false;
    }
    if (!reader.isWhole()) {
      return last >= end - 1;
    }
    JsonNode json = Line.parse(reader.line(), reader.length());
    last = reader.offset() == 0 ? Json.number(json, "from", 1) - 1 : Json.number(json, "n", 0);
    return reader.offset() > 0 && last >= end;
  }

  private byte[] line(int file, LogReader reader) {
    byte[] line = new byte[reader.length() + 1];
    if (reader.offset() > 0 && isErased(file, reader)) {
      return blanked(Line.parse(reader.line(), reader.length()), reader.length());
    }
    System.arraycopy(reader.line(), 0, line, 0, reader.length());
    line[reader.length()] = '\n';
    return line;
  }

  /** A line of this length, newline left out, with what others depend on and nothing else. */
  private static byte[] blanked(JsonNode line, int length) {
    JsonNode pending = line.get("pending");
    JsonNode row = line.get("row");
    String was = pending == null ? "" : "\"was\":" + was(pending) + ",";
    long epoch = row == null ? 0 : Json.number(row, "epoch", 0);
    // A row also says that its epoch has begun.
    byte[] begun =
        epoch == 0
            ? new byte[0]
            : Lines.row(
                new State.OwnerState(
                    Owner.of(Json.string(row, "tenant_id"), Json.string(row, "user_id")), epoch));
    String after = epoch == 0 ? "\"" : "\",\"row\":";
    byte[] head =
        Line.head(
            Json.number(line, "n", 0),
            Json.number(line, "s", 0),
            Json.time(line, "at"),
            was + "\"gone\":\"");
    byte[] rest = new byte[length - head.length - 1];
    Arrays.fill(rest, (byte) ' ');
    int end = rest.length - begun.length;
    System.arraycopy(begun, 0, rest, end, begun.length);
    byte[] closing = after.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(closing, 0, rest, end - closing.length, closing.length);
    return Line.join(head, rest);
  }

  /** What later changes in the queue learn from the end of this one, without its content. */
  private static String was(JsonNode pending) {
    Place nowhere = new Place(0, 0, 0, 0);
    return Lines.ended(PendingQueue.Entry.of(ChangeJson.read(pending), nowhere));
  }

  private boolean isErased(int file, LogReader reader) {
    if (!reader.isWhole()) {
      throw new StoreDamagedException(
          Segments.name(file)
              + " in "
              + files.describe()
              + ", byte "
              + reader.offset()
              + ": a line is not whole, so that it cannot be told whose it is",
          null);
    }
    for (Map.Entry<Owner, byte[]> mark : marks.entrySet()) {
      if (contains(reader.line(), reader.length(), mark.getValue())) {
        Index.DueErasure erasure = due.get(mark.getKey());
        if (erasure != null
            && isErased(file, Line.parse(reader.line(), reader.length()), mark.getKey(), erasure)) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean isErased(int file, JsonNode line, Owner owner, Index.DueErasure erasure) {
    boolean before = file < 0 || Json.number(line, "n", 0) < erasure.line();
    JsonNode row = line.get("row");
    if (row != null) {
      return before
          && isOf(row, owner)
          && !Json.string(row, "state").equals("owner")
          && Json.number(row, "epoch", 0) < erasure.epoch();
    }
    JsonNode apply = line.get("apply");
    if (apply != null) {
      return before && isOf(apply, owner) && !isErasure(apply);
    }
    JsonNode pending = line.get("pending");
    return pending != null
        && isOf(pending, owner)
        && !isErasure(pending)
        && !waiting.contains(Json.uuid(pending, "id"));
  }

  private static boolean isOf(JsonNode object, Owner owner) {
    return Json.string(object, "tenant_id").equals(owner.tenantId())
        && Json.string(object, "user_id").equals(owner.userId());
  }

  private static boolean isErasure(JsonNode change) {
    return Json.string(change, "change").equals("owner_erased");
  }

  private static boolean contains(byte[] line, int length, byte[] mark) {
    for (int i = Line.PREFIX; i <= length - mark.length; i++) {
      int matched = 0;
      while (matched < mark.length && line[i + matched] == mark[matched]) {
        matched++;
      }
      if (matched == mark.length) {
        return true;
      }
    }
    return false;
  }
}
