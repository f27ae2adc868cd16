package io.conversationstore.jsonfile.internal.format;

import io.conversationstore.jsonfile.internal.disk.LogFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Reads the lines of one file. Not thread-safe. */
public final class LineReader {
  private static final int CHUNK = 256 << 10;

  /** The first read: enough for a header. */
  private static final int FIRST = 4 << 10;

  private final LogFiles.LogFile file;
  private byte[] bytes = {};
  private int start;
  private int end;
  private long startOffset;
  private long lineOffset;
  private int lineLength;
  private byte[] line = bytes;

  public LineReader(LogFiles.LogFile file) {
    this(file, 0);
  }

  /** Begins at the beginning of a line. */
  public LineReader(LogFiles.LogFile file, long offset) {
    this.file = file;
    this.startOffset = offset;
  }

  /** Goes to the next line; false at the end of the file or before trailing blanks. */
  public boolean next() throws IOException {
    int searched = start;
    while (true) {
      int newline = Newlines.next(bytes, searched, end);
      if (newline < end) {
        take(newline, newline + 1);
        return true;
      }
      searched = end - start;
      if (!fill()) {
        if (LineFormat.isBlank(bytes, start, end)) {
          return false;
        }
        // A line without its newline is not whole: overwrite its first byte, so the check fails.
        bytes[start] = 0;
        take(end, end);
        return true;
      }
    }
  }

  private void take(int lineEnd, int nextStart) {
    line = start == 0 ? bytes : Arrays.copyOfRange(bytes, start, lineEnd);
    lineLength = lineEnd - start;
    lineOffset = startOffset;
    startOffset += nextStart - start;
    start = nextStart;
  }

  /** Moves the rest to the front and reads on; false at the end of the file. */
  private boolean fill() throws IOException {
    int left = end - start;
    int wanted = left > bytes.length / 2 ? bytes.length * 2 : bytes.length;
    byte[] target = new byte[bytes.length == 0 ? FIRST : Math.max(CHUNK, wanted)];
    System.arraycopy(bytes, start, target, 0, left);
    bytes = target;
    start = 0;
    end = left;
    ByteBuffer buffer = ByteBuffer.wrap(bytes, end, bytes.length - end);
    int read = file.read(buffer, startOffset + left);
    end += Math.max(read, 0);
    return read > 0;
  }

  /** The line's bytes, beginning at index 0; valid until the next call of {@link #next()}. */
  public byte[] line() {
    return line;
  }

  /** The length in bytes, without the newline. */
  public int length() {
    return lineLength;
  }

  /** The offset of the line in the file. */
  public long offset() {
    return lineOffset;
  }

  public boolean isWhole() {
    return LineFormat.isWhole(line, lineLength);
  }
}
