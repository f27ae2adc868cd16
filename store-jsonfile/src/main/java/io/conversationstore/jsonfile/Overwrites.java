package io.conversationstore.jsonfile;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.json.Json;
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
 * Puts lines in the place of others of the same length, in files that nobody appends to. What is to
 * be written is noted first, in a file that is forced and then named: a crash in the middle leaves
 * lines that are not whole, and the next opening writes all of them again before it reads. Nothing
 * of what was there before is in the note. For one thread.
 */
final class Overwrites {
  private static final Logger LOG = LoggerFactory.getLogger(Overwrites.class);

  /** The note; while it is there, the lines that it names may be half written. */
  static final String NAME = "erasure.redo";

  static final String TEMPORARY = "erasure-redo.tmp";

  /**
   * A line that takes the place of another one.
   *
   * @param line with its newline
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  record Overwrite(int file, long offset, byte[] line) {}

  private Overwrites() {}

  /**
   * Writes the lines, durably. After an exception the note is there, or none of them was written.
   */
  static void write(LogFiles files, Segments segments, List<Overwrite> lines) throws IOException {
    files.write(TEMPORARY, note -> writeNote(note, lines));
    files.rename(TEMPORARY, NAME);
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
      byte[] head = Line.open("\"file\":" + one.file + ",\"offset\":" + one.offset + ",\"line\":");
      byte[] noted = Line.join(head, text);
      batch.add(noted);
      bytes += noted.length;
    }
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    batch.forEach(buffer::put);
    note.append(buffer.flip());
  }

  /** From here on nobody writes them again; so it is durable before any file changes. */
  private static void delete(LogFiles files) throws IOException {
    files.delete(NAME);
    files.forceDirectory();
  }

  /** Whether lines may be half written. */
  static boolean areNoted(LogFiles files) throws IOException {
    return files.list().contains(NAME);
  }

  /** The lines that may be half written. */
  static List<Overwrite> noted(LogFiles files) throws IOException {
    List<Overwrite> lines = new ArrayList<>();
    if (!areNoted(files)) {
      return lines;
    }
    try (LogFiles.LogFile note = files.open(NAME)) {
      LogReader reader = new LogReader(note);
      while (reader.next()) {
        if (!reader.isWhole()) {
          throw new StoreDamagedException(
              NAME + " in " + files.describe() + ", byte " + reader.offset() + ": not whole", null);
        }
        JsonNode json = Line.parse(reader.line(), reader.length());
        lines.add(
            new Overwrite(
                (int) Json.number(json, "file", 0),
                Json.number(json, "offset", 0),
                Json.string(json, "line").getBytes(StandardCharsets.UTF_8)));
      }
    }
    return lines;
  }

  /** Writes what a crash or a failure left half written, durably. */
  static void finish(LogFiles files) throws IOException {
    if (!areNoted(files)) {
      return;
    }
    // Its name may not be on the disk: that may be what failed.
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
    LOG.info("an erasure in {} that was cut off is finished", files.describe());
    delete(files);
  }
}
