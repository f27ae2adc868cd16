/**
 * The bytes of lines and of {@code store.json}, as docs/format-jsonfile.md describes them.
 *
 * <p>Inside: {@code LineFormat} makes and checks lines, {@code LineHead} and {@code LineOutline}
 * read them without contents, {@code EncodedChange} is a change that is ready to be written; {@code
 * LineReader} and {@code ParallelLineReader} read the lines of a file, whole or torn; {@code
 * Manifest} is {@code store.json}; {@code LogPosition} is a position between two lines.
 *
 * <p>All rooms above may call it.
 *
 * <p>It must not know the index, nor the effect of a line.
 */
@NullMarked
package io.conversationstore.jsonfile.internal.format;

import org.jspecify.annotations.NullMarked;
