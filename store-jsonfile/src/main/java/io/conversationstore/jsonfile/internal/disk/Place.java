package io.conversationstore.jsonfile.internal.disk;

import java.util.zip.CRC32C;

/**
 * The position of a JSON value on disk.
 *
 * @param segment the number of the file it was written to, see {@link Segments}
 * @param offset in bytes from the start of that file
 * @param length in bytes
 * @param crc the CRC-32C of its bytes, which every read verifies
 */
public record Place(int segment, long offset, int length, int crc) {

  public static int crc(byte[] bytes, int start, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, start, length);
    return (int) crc.getValue();
  }
}
