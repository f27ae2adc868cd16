package io.conversationstore.jsonfile.internal.recovery;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import io.conversationstore.jsonfile.internal.format.LineReader;
import io.conversationstore.jsonfile.internal.format.LogPosition;
import io.conversationstore.jsonfile.internal.format.Manifest;
import io.conversationstore.jsonfile.internal.index.Index;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file {@code checkpoint}: the index as of one line of the log. With it, opening reads only the
 * later lines. It holds only data that is also in the log. If it is missing, damaged or from
 * another log, opening reads everything. Not thread-safe.
 */
public final class Checkpoint {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpoint.class);

  /** The format of the file; one of another format is ignored, and the log is read. */
  private static final int FORMAT = 2;

  /** An accepted checkpoint and the log position that it covers. */
  record Loaded(Index index, LogPosition end) {}

  private Checkpoint() {}

  /**
   * Replaces the file, durably; returns its size in bytes.
   *
   * @param index frozen when {@code end} was the end of the log, and on the disk
   */
  public static long write(
      LogFiles files, Manifest manifest, Segments segments, Index index, LogPosition end)
      throws IOException {
    long size =
        files.write(
            FileNames.CHECKPOINT_TEMPORARY,
            file -> {
              file.append(ByteBuffer.wrap(header(manifest, end, lineCrc(segments, end))));
              new CheckpointWriter(file, segments).write(index);
            });
    files.rename(FileNames.CHECKPOINT_TEMPORARY, FileNames.CHECKPOINT);
    files.forceDirectory();
    return size;
  }

  /** Removes the file, durably. */
  public static void delete(LogFiles files) throws IOException {
    files.delete(FileNames.CHECKPOINT_TEMPORARY);
    files.delete(FileNames.CHECKPOINT);
    files.forceDirectory();
  }

  private static byte[] header(Manifest manifest, LogPosition end, int lineCrc) {
    String fields =
        Json.text(
            out -> {
              out.writeStartObject();
              out.writeNumberField("format", FORMAT);
              out.writeStringField("kind", "checkpoint");
              out.writeStringField("node", manifest.node().toString());
              out.writeNumberField("first_segment", manifest.firstSegment());
              out.writeNumberField("last_snapshot", manifest.lastSnapshot());
              out.writeNumberField("snapshot_end", manifest.snapshotEnd());
              out.writeNumberField("segment", end.segment());
              out.writeNumberField("offset", end.offset());
              out.writeNumberField("number", end.number());
              out.writeNumberField("line_crc", lineCrc);
              out.writeEndObject();
            });
    byte[] head = LineFormat.open(fields.substring(1, fields.length() - 1));
    return LineFormat.join(head, new byte[0]);
  }

  /** The CRC-32C of the bytes before the position, which distinguishes one log from another. */
  private static int lineCrc(Segments segments, LogPosition end) throws IOException {
    LogFiles.LogFile file = segments.require(end.segment());
    int length = (int) Math.min(end.offset(), 4_096);
    ByteBuffer bytes = ByteBuffer.allocate(length);
    if (end.offset() > file.size() || file.read(bytes, end.offset() - length) < length) {
      throw new IOException(
          Segments.name(end.segment()) + " is shorter than at the time of the checkpoint");
    }
    return Place.crc(bytes.array(), 0, length);
  }

  /** Returns the checkpoint if it is intact and belongs to these files; otherwise null. */
  static @Nullable Loaded load(LogFiles files, Manifest manifest, Segments segments)
      throws IOException {
    if (!files.list().contains(FileNames.CHECKPOINT)) {
      return null;
    }
    try (LogFiles.LogFile file = files.open(FileNames.CHECKPOINT)) {
      LineReader reader = new LineReader(file);
      if (!reader.next() || !reader.isWhole()) {
        throw new IOException("its first line is damaged");
      }
      JsonNode json = LineFormat.parse(reader.line(), reader.length());
      LogPosition end =
          new LogPosition(
              (int) Json.number(json, "segment", 0),
              Json.number(json, "offset", 0),
              Json.number(json, "number", 0));
      if (Json.number(json, "format", 0) != FORMAT
          || !UUID.fromString(Json.string(json, "node")).equals(manifest.node())
          || Json.number(json, "first_segment", 0) != manifest.firstSegment()
          || Json.number(json, "last_snapshot", 0) != manifest.lastSnapshot()
          || Json.number(json, "snapshot_end", 0) != manifest.snapshotEnd()
          || segments.get(end.segment()) == null
          || Json.number(json, "line_crc", 0) != lineCrc(segments, end)) {
        throw new IOException("it belongs to other files");
      }
      return new Loaded(new CheckpointReader(file, reader.length() + 1L).read(), end);
    } catch (IOException | RuntimeException e) {
      LOG.info(
          "The checkpoint {} in {} is not used; the whole log is read instead",
          FileNames.CHECKPOINT,
          files.describe(),
          e);
      return null;
    }
  }
}
