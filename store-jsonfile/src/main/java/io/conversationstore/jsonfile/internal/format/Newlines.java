package io.conversationstore.jsonfile.internal.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Finds line ends, eight bytes at a time. */
final class Newlines {
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long ONES = 0x0101_0101_0101_0101L;
  private static final long HIGHS = 0x8080_8080_8080_8080L;
  private static final long NEWLINES = ONES * '\n';

  private Newlines() {}

  /**
   * The position of the first newline in {@code from} (inclusive) to {@code to} (exclusive), or
   * {@code to}.
   */
  static int next(byte[] bytes, int from, int to) {
    int i = from;
    while (i + Long.BYTES <= to) {
      long different = (long) LONGS.get(bytes, i) ^ NEWLINES;
      // The lowest zero byte has the lowest bit set; bits above it may be set wrongly.
      long zeros = (different - ONES) & ~different & HIGHS;
      if (zeros != 0) {
        return i + Long.numberOfTrailingZeros(zeros) / Byte.SIZE;
      }
      i += Long.BYTES;
    }
    while (i < to && bytes[i] != '\n') {
      i++;
    }
    return i;
  }

  /**
   * The position behind the last newline between {@code from} (inclusive) and {@code to}, or {@code
   * from}.
   */
  static int behindLast(byte[] bytes, int from, int to) {
    if (next(bytes, from, to) == to) {
      return from;
    }
    int i = to;
    while (i > from && bytes[i - 1] != '\n') {
      i--;
    }
    return i;
  }
}
