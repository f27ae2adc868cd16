/**
 * Opening a directory after a crash, checkpoints, and repair.
 *
 * <p>Inside: {@code Recovery} reads snapshot, checkpoint and log, and decides where a torn end is
 * cut off; {@code DurablePrefix} tracks which lines were on the disk; {@code Checkpoint} with its
 * reader and writer holds the index as of one line; {@code DamageScan} finds damage, {@code Repair}
 * moves it to separate files.
 *
 * <p>The rooms {@code maintenance} and {@code engine}, and {@code JsonFileTool}, may call it.
 *
 * <p>It must not know the running store: no other thread works while it reads.
 */
@NullMarked
package io.conversationstore.jsonfile.internal.recovery;

import org.jspecify.annotations.NullMarked;
