package io.conversationstore.jsonfile.internal.format;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.json.Json;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.CRC32C;

/**
 * The bytes of one line, as docs/format-jsonfile.md describes them:
 *
 * <pre>
 * {"crc":"0123abcd","n":17,"s":16,"at":"2026-01-02T03:04:05.000006Z","apply":{…}}
 * ^0      ^8      ^16      the CRC-32C covers the bytes from 18 to the end, without the newline
 * </pre>
 *
 * Thread-safe.
 */
public final class LineFormat {
  public static final int FORMAT = 1;

  /** The offset of the first byte covered by the checksum. */
  public static final int PREFIX = 18;

  private static final byte[] START = "{\"crc\":\"".getBytes(StandardCharsets.US_ASCII);

  private LineFormat() {}

  /** The fields of a line, with a placeholder for the checksum, without the closing brace. */
  public static byte[] open(String fields) {
    return ("{\"crc\":\"00000000\"," + fields).getBytes(StandardCharsets.UTF_8);
  }

  /** The fields before the payload. */
  public static byte[] head(long number, long synced, Instant at, String more) {
    return open(
        "\"n\":" + number + ",\"s\":" + synced + ",\"at\":\"" + Json.time(at) + "\"," + more);
  }

  /** The complete first line of a segment of the log. */
  public static byte[] logHeader(int segment, long from) {
    return header("log", segment, from, "");
  }

  /** The complete first line of a snapshot file. */
  public static byte[] snapshotHeader(int segment, long from, long through) {
    return header("snapshot", -segment, from, ",\"through\":" + through);
  }

  private static byte[] header(String kind, int number, long from, String more) {
    String fields =
        "\"format\":"
            + FORMAT
            + ",\"kind\":\""
            + kind
            + "\",\"segment\":"
            + number
            + ",\"from\":"
            + from
            + more;
    return join(open(fields), new byte[0]);
  }

  /** A whole line: head, payload, closing brace and newline, with its checksum. */
  public static byte[] join(byte[] head, byte[] payload) {
    byte[] line = new byte[head.length + payload.length + 2];
    System.arraycopy(head, 0, line, 0, head.length);
    System.arraycopy(payload, 0, line, head.length, payload.length);
    line[line.length - 2] = '}';
    line[line.length - 1] = '\n';
    String crc = HexFormat.of().toHexDigits((int) crc(line, 0, line.length - 1));
    for (int i = 0; i < crc.length(); i++) {
      line[START.length + i] = (byte) crc.charAt(i);
    }
    return line;
  }

  private static long crc(byte[] bytes, int start, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, start + PREFIX, length - PREFIX);
    return crc.getValue();
  }

  /** The next offset that looks like the beginning of a line, or {@code end}. */
  static int begin(byte[] bytes, int from, int end) {
    for (int i = from; i + START.length <= end; i++) {
      if (Arrays.equals(bytes, i, i + START.length, START, 0, START.length)) {
        return i;
      }
    }
    return end;
  }

  /** Whether the bytes, without the newline, are a whole line. */
  static boolean isWhole(byte[] bytes, int length) {
    return isWhole(bytes, 0, length);
  }

  /** Whether {@code length} bytes from {@code start} on, without the newline, are a whole line. */
  static boolean isWhole(byte[] bytes, int start, int length) {
    if (length <= PREFIX
        || bytes[start + PREFIX - 2] != '"'
        || bytes[start + PREFIX - 1] != ','
        || bytes[start + length - 1] != '}') {
      return false;
    }
    for (int i = 0; i < START.length; i++) {
      if (bytes[start + i] != START[i]) {
        return false;
      }
    }
    long stored = 0;
    for (int i = start + START.length; i < start + START.length + 8; i++) {
      int digit = Character.digit(bytes[i], 16);
      if (digit < 0) {
        return false;
      }
      stored = stored << 4 | digit;
    }
    return stored == crc(bytes, start, length);
  }

  /** Whether all bytes are blanks: space reserved for lines, not a line. */
  static boolean isBlank(byte[] bytes, int start, int end) {
    for (int i = start; i < end; i++) {
      if (bytes[i] != ' ') {
        return false;
      }
    }
    return true;
  }

  /** An integer field of a line. */
  public static long number(byte[] bytes, int length, String field) {
    return Json.number(parse(bytes, length), field, 0);
  }

  public static JsonNode parse(byte[] bytes, int length) {
    return Json.parse(bytes, 0, length);
  }
}
