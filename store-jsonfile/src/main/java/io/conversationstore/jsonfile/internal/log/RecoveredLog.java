package io.conversationstore.jsonfile.internal.log;

import io.conversationstore.jsonfile.internal.format.LogPosition;
import io.conversationstore.jsonfile.internal.index.Index;

/**
 * The result.
 *
 * @param segment the last one, or 0 if there is none to continue
 * @param size of that segment in bytes
 * @param number of the last line
 * @param forced the end of the lines known to be on the disk
 * @param bytes of all files that hold lines
 * @param replayed the bytes of those that were read because no checkpoint covered them
 */
public record RecoveredLog(
    Index index,
    int segment,
    long size,
    long number,
    LogPosition forced,
    long bytes,
    long replayed) {}
