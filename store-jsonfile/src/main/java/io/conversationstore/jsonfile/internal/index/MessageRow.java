package io.conversationstore.jsonfile.internal.index;

import io.conversationstore.jsonfile.internal.disk.Place;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The index entry of a message; {@link MessageTable} packs it. Immutable.
 *
 * @param changedMicros when it was last edited or deleted; {@link #NEVER} if it was not
 * @param live whether it is not deleted
 * @param content the place of its digest and its original; the original is gone if a compaction
 *     followed its deletion
 * @param edit the place of the last edit's content, or null
 */
public record MessageRow(
    UUID id,
    long seq,
    long version,
    long createdMicros,
    long changedMicros,
    boolean live,
    Place content,
    @Nullable Place edit) {

  public static final long NEVER = Long.MIN_VALUE;

  public MessageRow edited(long newVersion, long atMicros, Place newEdit) {
    return new MessageRow(id, seq, newVersion, createdMicros, atMicros, true, content, newEdit);
  }

  public MessageRow deleted(long atMicros) {
    return new MessageRow(id, seq, version + 1, createdMicros, atMicros, false, content, null);
  }

  /** The place of the current content. */
  public Place latest() {
    return edit == null ? content : edit;
  }

  /** The bytes read from disk for it. */
  long bytes() {
    return live ? content.length() + (edit == null ? 0L : edit.length()) : 0;
  }
}
