package io.conversationstore.jsonfile.internal.maintenance;

import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A read-only view of the files as the next opening completes them after a crash ({@link
 * Overwrites}), for readers that must not change them. Thread-safe.
 */
public final class OverwrittenFiles implements LogFiles {
  private final LogFiles files;
  private final List<Overwrites.Overwrite> lines;

  private OverwrittenFiles(LogFiles files, List<Overwrites.Overwrite> lines) {
    this.files = files;
    this.lines = lines;
  }

  /** The same files if no line is partly written. */
  public static LogFiles of(LogFiles files) throws IOException {
    List<Overwrites.Overwrite> lines = Overwrites.noted(files);
    return lines.isEmpty() ? files : new OverwrittenFiles(files, lines);
  }

  @Override
  public String describe() {
    return files.describe();
  }

  @Override
  public void requireHeld() throws IOException {
    files.requireHeld();
  }

  @Override
  public List<String> list() throws IOException {
    return files.list();
  }

  @Override
  public LogFile open(String name) throws IOException {
    int number = Segments.number(name);
    return new Overwritten(
        files.open(name), lines.stream().filter(one -> one.file() == number).toList());
  }

  private static UnsupportedOperationException readOnly() {
    return new UnsupportedOperationException("these files are read-only");
  }

  @Override
  public LogFile create(String name) {
    throw readOnly();
  }

  @Override
  public void rename(String from, String to) {
    throw readOnly();
  }

  @Override
  public void delete(String name) {
    throw readOnly();
  }

  @Override
  public void forceDirectory() {
    throw readOnly();
  }

  private record Overwritten(LogFile file, List<Overwrites.Overwrite> lines) implements LogFile {
    @Override
    public long size() throws IOException {
      return file.size();
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      int start = into.position();
      int read = file.read(into, position);
      for (Overwrites.Overwrite one : lines) {
        long from = Math.max(position, one.offset());
        long to = Math.min(position + read, one.offset() + one.line().length);
        if (from < to) {
          into.put(
              (int) (start + from - position),
              one.line(),
              (int) (from - one.offset()),
              (int) (to - from));
        }
      }
      return read;
    }

    @Override
    public void append(ByteBuffer bytes) {
      throw readOnly();
    }

    @Override
    public void overwrite(long position, ByteBuffer bytes) {
      throw readOnly();
    }

    @Override
    public void reserve(long bytes) {
      throw readOnly();
    }

    @Override
    public void truncate(long size) {
      throw readOnly();
    }

    @Override
    public void force() {
      throw readOnly();
    }

    @Override
    public void requireNamed() throws IOException {
      file.requireNamed();
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
