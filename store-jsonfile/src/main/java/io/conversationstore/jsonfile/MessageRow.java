package io.conversationstore.jsonfile;

import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the index knows of a message; {@link MessageTable} keeps it packed. Immutable.
 *
 * @param changedMicros when it was last edited or deleted, {@link #NEVER} where it was not
 * @param live whether it is not deleted
 * @param content where its digest and, unless a compaction came after its delete, the original
 *     stand
 * @param edit where the content of the last edit stands, or null
 */
record MessageRow(
    UUID id,
    long seq,
    long version,
    long createdMicros,
    long changedMicros,
    boolean live,
    Place content,
    @Nullable Place edit) {

  static final long NEVER = Long.MIN_VALUE;

  MessageRow edited(long newVersion, long atMicros, Place newEdit) {
    return new MessageRow(id, seq, newVersion, createdMicros, atMicros, true, content, newEdit);
  }

  MessageRow deleted(long atMicros) {
    return new MessageRow(id, seq, version + 1, createdMicros, atMicros, false, content, null);
  }

  /** Where the content that it has now stands. */
  Place latest() {
    return edit == null ? content : edit;
  }

  /** What is read from disk for it, in bytes. */
  long bytes() {
    return live ? content.length() + (edit == null ? 0L : edit.length()) : 0;
  }
}
