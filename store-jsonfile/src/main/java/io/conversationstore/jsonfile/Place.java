package io.conversationstore.jsonfile;

import java.util.zip.CRC32C;

/**
 * Where a JSON value stands on disk.
 *
 * @param segment the number of the file it was written to, see {@link Segments}
 * @param offset in bytes from the start of that file
 * @param length in bytes
 * @param crc the CRC-32C of its bytes: what is read is what was written, or the reader hears of it
 */
record Place(int segment, long offset, int length, int crc) {

  static int crc(byte[] bytes, int start, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, start, length);
    return (int) crc.getValue();
  }
}
