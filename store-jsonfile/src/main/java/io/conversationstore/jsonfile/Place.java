package io.conversationstore.jsonfile;

/**
 * Where a JSON value stands on disk.
 *
 * @param segment the number of the segment it was written to
 * @param offset in bytes from the start of that file
 * @param length in bytes
 */
record Place(int segment, long offset, int length) {}
