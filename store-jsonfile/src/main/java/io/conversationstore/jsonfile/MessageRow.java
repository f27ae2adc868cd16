package io.conversationstore.jsonfile;

import io.conversationstore.TokenUsage;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What the index knows of a message. Immutable.
 *
 * @param changedMicros when it was last edited or deleted, {@link #NEVER} where it was not
 * @param usage counted in the conversation's, or null
 * @param content where the message stands; null where it is deleted
 * @param edit where the content of the last edit stands, or null
 */
record MessageRow(
    UUID id,
    String digest,
    long seq,
    long version,
    long createdMicros,
    long changedMicros,
    @Nullable TokenUsage usage,
    @Nullable Place content,
    @Nullable Place edit) {

  static final long NEVER = Long.MIN_VALUE;

  boolean isLive() {
    return content != null;
  }

  MessageRow edited(long newVersion, long atMicros, Place newEdit) {
    return new MessageRow(
        id, digest, seq, newVersion, createdMicros, atMicros, usage, content, newEdit);
  }

  MessageRow deleted(long atMicros) {
    return new MessageRow(id, digest, seq, version + 1, createdMicros, atMicros, null, null, null);
  }

  /** What is read from disk for it, in bytes. */
  long bytes() {
    return (content == null ? 0L : content.length()) + (edit == null ? 0 : edit.length());
  }
}
