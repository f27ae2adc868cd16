package io.conversationstore.jsonfile;

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
 * ^0      ^8      ^16      the CRC-32C is over the bytes from 18 to the end, newline left out
 * </pre>
 *
 * Thread-safe.
 */
final class Line {
  /** Where the protected bytes begin. */
  static final int PREFIX = 18;

  private static final byte[] START = "{\"crc\":\"".getBytes(StandardCharsets.US_ASCII);

  private Line() {}

  /** The fields that come before the payload, with room for the checksum. */
  static byte[] head(long number, long synced, Instant at, String more) {
    return ("{\"crc\":\"00000000\",\"n\":"
            + number
            + ",\"s\":"
            + synced
            + ",\"at\":\""
            + Json.time(at)
            + "\","
            + more)
        .getBytes(StandardCharsets.UTF_8);
  }

  /** The first line of a segment, complete. */
  static byte[] header(int segment, long from, boolean snapshot) {
    byte[] head =
        ("{\"crc\":\"00000000\",\"format\":"
                + Manifest.FORMAT
                + ",\"segment\":"
                + segment
                + ",\"from\":"
                + from
                + ",\"kind\":\""
                + (snapshot ? "snapshot" : "log")
                + "\"")
            .getBytes(StandardCharsets.UTF_8);
    return join(head, new byte[0]);
  }

  /** A whole line of a JSON object, the checksum put before its fields. */
  static byte[] of(byte[] json) {
    byte[] head = "{\"crc\":\"00000000\",".getBytes(StandardCharsets.US_ASCII);
    return join(head, Arrays.copyOfRange(json, 1, json.length - 1));
  }

  /** A whole line: head, payload, closing brace and newline, with its checksum. */
  static byte[] join(byte[] head, byte[] payload) {
    byte[] line = new byte[head.length + payload.length + 2];
    System.arraycopy(head, 0, line, 0, head.length);
    System.arraycopy(payload, 0, line, head.length, payload.length);
    line[line.length - 2] = '}';
    line[line.length - 1] = '\n';
    String crc = HexFormat.of().toHexDigits((int) crc(line, line.length - 1));
    for (int i = 0; i < crc.length(); i++) {
      line[START.length + i] = (byte) crc.charAt(i);
    }
    return line;
  }

  private static long crc(byte[] line, int end) {
    CRC32C crc = new CRC32C();
    crc.update(line, PREFIX, end - PREFIX);
    return crc.getValue();
  }

  /** Whether the bytes, without the newline, are a whole line. */
  static boolean isWhole(byte[] bytes, int length) {
    if (length <= PREFIX
        || bytes[PREFIX - 2] != '"'
        || bytes[PREFIX - 1] != ','
        || bytes[length - 1] != '}') {
      return false;
    }
    for (int i = 0; i < START.length; i++) {
      if (bytes[i] != START[i]) {
        return false;
      }
    }
    long stored = 0;
    for (int i = START.length; i < START.length + 8; i++) {
      int digit = Character.digit(bytes[i], 16);
      if (digit < 0) {
        return false;
      }
      stored = stored << 4 | digit;
    }
    return stored == crc(bytes, length);
  }

  static JsonNode parse(byte[] bytes, int length) {
    return Json.parse(bytes, 0, length);
  }
}
