/**
 * The effect of a change, and of a line, on the index.
 *
 * <p>Inside: {@code ChangePlanner} decides the effects of a change, {@code StagedChange} holds them
 * until the line is written; {@code MirrorRules} decides which states of the database replace
 * others; {@code Replay} applies the lines of a log; {@code LinePayloads} writes and reads the
 * payloads of lines; {@code Contents} reads contents from disk.
 *
 * <p>The rooms {@code log}, {@code recovery}, {@code maintenance} and {@code engine} may call it.
 * The same code runs for a new change and for its replay, so both give the same rows.
 *
 * <p>It must not know threads, nor where the log ends. It never writes to a file.
 */
@NullMarked
package io.conversationstore.jsonfile.internal.apply;

import org.jspecify.annotations.NullMarked;
