package io.conversationstore.benchmarks;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Tells from the log of a JSON file store how many appends it forced at a time: each line says up
 * to which one the log was known to be on the disk, so those that say the same went together. For
 * one thread.
 */
final class LogBatches {
  private static final Pattern LINE = Pattern.compile("\"n\":\\d+,\"s\":(\\d+),");

  private final Path directory;
  private String file = "";
  private long offset;

  LogBatches(Path directory) {
    this.directory = directory;
  }

  /** The mean since the last time; 0 where nothing was written. */
  double sinceLast() throws IOException {
    List<Path> segments;
    try (Stream<Path> files = Files.list(directory)) {
      segments =
          files
              .filter(path -> name(path).startsWith("log-") && name(path).compareTo(file) >= 0)
              .sorted()
              .toList();
    }
    long lines = 0;
    long forces = 0;
    for (Path segment : segments) {
      String synced = "";
      for (String line : newLines(segment)) {
        Matcher matcher = LINE.matcher(line);
        if (matcher.find()) {
          lines++;
          forces += matcher.group(1).equals(synced) ? 0 : 1;
          synced = matcher.group(1);
        }
      }
    }
    return forces == 0 ? 0 : (double) lines / forces;
  }

  private List<String> newLines(Path segment) throws IOException {
    if (!name(segment).equals(file)) {
      file = name(segment);
      offset = 0;
    }
    try (RandomAccessFile open = new RandomAccessFile(segment.toFile(), "r")) {
      byte[] bytes = new byte[(int) (open.length() - offset)];
      open.seek(offset);
      open.readFully(bytes);
      String text = new String(bytes, StandardCharsets.ISO_8859_1);
      int end = text.lastIndexOf('\n') + 1;
      offset += end;
      return text.substring(0, end).lines().toList();
    }
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }
}
