package io.conversationstore.cli.format;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/** Reads lines of bytes with their places. For one thread. */
final class Lines {

  /** Longer lines are skipped: they must fit into memory several times. */
  static final int LONGEST = 64 << 20;

  private static final int BUFFER = 1 << 16;

  /**
   * A line without its end.
   *
   * @param number from 1
   * @param offset of its first byte
   * @param bytes its contents; empty if it is longer than {@link #LONGEST}
   * @param tooLong whether it is
   */
  @SuppressWarnings("ArrayRecordComponent") // handed on once, never compared
  record Line(long number, long offset, byte[] bytes, boolean tooLong) {

    boolean isBlank() {
      for (byte b : bytes) {
        if (b != ' ' && b != '\t' && b != '\r') {
          return false;
        }
      }
      return !tooLong;
    }
  }

  private final InputStream in;
  private final byte[] buffer = new byte[BUFFER];
  private int at;
  private int limit;
  private long offset;
  private long number;

  Lines(InputStream in) {
    this.in = in;
  }

  /** The next line, or null at the end. */
  @Nullable Line next() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream(1_024);
    long begin = offset;
    boolean tooLong = false;
    boolean any = false;
    while (fill()) {
      any = true;
      int end = at;
      while (end < limit && buffer[end] != '\n') {
        end++;
      }
      int length = end - at;
      tooLong |= line.size() + length > LONGEST;
      if (tooLong) {
        line.reset();
      } else {
        line.write(buffer, at, length);
      }
      boolean ended = end < limit;
      offset += length + (ended ? 1 : 0);
      at = ended ? end + 1 : end;
      if (ended) {
        break;
      }
    }
    if (!any) {
      return null;
    }
    number++;
    byte[] bytes = line.toByteArray();
    return new Line(number, begin, number == 1 ? withoutMark(bytes) : bytes, tooLong);
  }

  private boolean fill() throws IOException {
    if (at < limit) {
      return true;
    }
    limit = in.read(buffer);
    at = 0;
    return limit > 0;
  }

  /** Some programs begin a file with a byte order mark. */
  private static byte[] withoutMark(byte[] bytes) {
    boolean marked =
        bytes.length >= 3
            && bytes[0] == (byte) 0xEF
            && bytes[1] == (byte) 0xBB
            && bytes[2] == (byte) 0xBF;
    return marked ? java.util.Arrays.copyOfRange(bytes, 3, bytes.length) : bytes;
  }
}
