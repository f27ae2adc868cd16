package io.conversationstore.jsonfile.internal.maintenance;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import io.conversationstore.jsonfile.internal.format.LineReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replaces lines by others of the same length, in files that get no more lines. The new lines are
 * first noted in a file that is forced and then named. A crash may leave partly written lines; the
 * next opening writes all noted lines again before it reads. The note contains none of the old
 * text. Not thread-safe.
 */
public final class Overwrites {
  private static final Logger LOG = LoggerFactory.getLogger(Overwrites.class);

  /**
   * A line that replaces another one.
   *
   * @param line with its newline
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  record Overwrite(int file, long offset, byte[] line) {}

  private Overwrites() {}

  /**
   * Writes the lines, durably. After an exception either the note exists or no line was written.
   */
  static void write(LogFiles files, Segments segments, List<Overwrite> lines) throws IOException {
    files.write(FileNames.OVERWRITES_TEMPORARY, note -> writeNote(note, lines));
    files.rename(FileNames.OVERWRITES_TEMPORARY, FileNames.OVERWRITES);
    files.forceDirectory();
    Map<Integer, LogFiles.LogFile> touched = new LinkedHashMap<>();
    for (Overwrite one : lines) {
      LogFiles.LogFile file = segments.require(one.file);
      file.overwrite(one.offset, ByteBuffer.wrap(one.line));
      touched.put(one.file, file);
    }
    for (LogFiles.LogFile file : touched.values()) {
      file.force();
    }
    delete(files);
  }

  private static void writeNote(LogFiles.LogFile note, List<Overwrite> lines) throws IOException {
    int bytes = 0;
    List<byte[]> batch = new ArrayList<>();
    for (Overwrite one : lines) {
      byte[] text =
          Json.text(out -> out.writeString(new String(one.line, StandardCharsets.UTF_8)))
              .getBytes(StandardCharsets.UTF_8);
      byte[] head =
          LineFormat.open("\"file\":" + one.file + ",\"offset\":" + one.offset + ",\"line\":");
      byte[] noted = LineFormat.join(head, text);
      batch.add(noted);
      bytes += noted.length;
    }
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    batch.forEach(buffer::put);
    note.append(buffer.flip());
  }

  /** After this the lines are not written again, so it is durable before any file changes. */
  private static void delete(LogFiles files) throws IOException {
    files.delete(FileNames.OVERWRITES);
    files.forceDirectory();
  }

  /** Whether lines may be partly written. */
  public static boolean areNoted(LogFiles files) throws IOException {
    return files.list().contains(FileNames.OVERWRITES);
  }

  /** The lines that may be partly written. */
  static List<Overwrite> noted(LogFiles files) throws IOException {
    List<Overwrite> lines = new ArrayList<>();
    if (!areNoted(files)) {
      return lines;
    }
    try (LogFiles.LogFile note = files.open(FileNames.OVERWRITES)) {
      LineReader reader = new LineReader(note);
      while (reader.next()) {
        if (!reader.isWhole()) {
          throw new StoreDamagedException(
              FileNames.OVERWRITES
                  + " in "
                  + files.describe()
                  + ", byte "
                  + reader.offset()
                  + ": a line is damaged",
              null);
        }
        JsonNode json = LineFormat.parse(reader.line(), reader.length());
        lines.add(
            new Overwrite(
                (int) Json.number(json, "file", 0),
                Json.number(json, "offset", 0),
                Json.string(json, "line").getBytes(StandardCharsets.UTF_8)));
      }
    }
    return lines;
  }

  /** Completes partly written lines after a crash or a failure, durably. */
  public static void finish(LogFiles files) throws IOException {
    if (!areNoted(files)) {
      return;
    }
    // The note's name may not be on the disk: forcing it may be the step that failed.
    files.forceDirectory();
    Map<Integer, List<Overwrite>> byFile = new LinkedHashMap<>();
    for (Overwrite one : noted(files)) {
      byFile.computeIfAbsent(one.file, key -> new ArrayList<>()).add(one);
    }
    List<String> names = files.list();
    for (Map.Entry<Integer, List<Overwrite>> entry : byFile.entrySet()) {
      String name = Segments.name(entry.getKey());
      if (!names.contains(name)) {
        continue;
      }
      try (LogFiles.LogFile file = files.open(name)) {
        for (Overwrite one : entry.getValue()) {
          if (one.offset + one.line.length <= file.size()) {
            file.overwrite(one.offset, ByteBuffer.wrap(one.line));
          }
        }
        file.force();
      }
    }
    LOG.info("An interrupted erasure in {} was completed", files.describe());
    delete(files);
  }
}
