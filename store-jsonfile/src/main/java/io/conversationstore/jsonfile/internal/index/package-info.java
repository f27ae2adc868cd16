/**
 * The state that the log describes, in memory and without contents.
 *
 * <p>Inside: {@code Index} with {@code OwnerRows}, {@code ConversationRows} and {@code
 * MessageTable}; {@code PendingQueue}, the changes that wait for a database; {@code Timeline}, the
 * messages of an owner in order; {@code SharedIndex}, the index with its lock and the manifest.
 *
 * <p>All rooms above may read it. Only the log thread changes it, through {@code SharedIndex}; an
 * opening changes it before the log thread runs.
 *
 * <p>It must not know files, the log, or how a change is decided.
 */
@NullMarked
package io.conversationstore.jsonfile.internal.index;

import org.jspecify.annotations.NullMarked;
