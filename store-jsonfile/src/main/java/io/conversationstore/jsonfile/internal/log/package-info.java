/**
 * The end of the log, and the one thread that writes.
 *
 * <p>Inside: {@code LogThread} runs the work of callers in batches ({@code LogBatch}) and forces
 * them; {@code LogWrites} writes the line of each operation and then changes the index; {@code
 * LogTail} appends lines, forces them and begins segments; {@code Preallocation} reserves disk
 * space; {@code RecoveredLog} is the end of the log that an opening found.
 *
 * <p>The rooms {@code recovery}, {@code maintenance} and {@code engine} may call it, through {@code
 * LogThread}.
 *
 * <p>It must not know how an opening reads the log, nor how files are rewritten.
 */
@NullMarked
package io.conversationstore.jsonfile.internal.log;

import org.jspecify.annotations.NullMarked;
