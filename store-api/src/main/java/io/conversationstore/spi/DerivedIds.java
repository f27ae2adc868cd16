package io.conversationstore.spi;

import io.conversationstore.Owner;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/**
 * Ids derived from their input, equal for equal input: for messages without an id in a save or an
 * import, and for changes that take over a file. Thread-safe.
 */
public final class DerivedIds {

  private DerivedIds() {}

  /**
   * A UUID of version 8 (RFC 9562, section 5.8) from a SHA-256 over place and content.
   *
   * @param ordinal the message's place in the whole conversation, from 0
   * @param digest see {@link io.conversationstore.json.ModelJson#digest}
   */
  public static UUID of(String conversationId, long ordinal, String digest) {
    return ofText(conversationId + '\n' + ordinal + '\n' + digest);
  }

  /**
   * The id of a change that takes over a part of a conversation from a file. It does not depend on
   * the contents: an id is taken over once, even if the file holds more later.
   *
   * @param part the number of the part, from 0
   */
  public static UUID ofTakeover(Owner owner, String conversationId, int part) {
    return ofText(
        "taken over\n"
            + owner.tenantId().length()
            + ':'
            + owner.tenantId()
            + owner.userId().length()
            + ':'
            + owner.userId()
            + conversationId
            + '\n'
            + part);
  }

  /** Whether an id was made by {@link #ofTakeover}: no other change has an id of this kind. */
  public static boolean isOfTakeover(UUID changeId) {
    return changeId.version() == 8;
  }

  private static UUID ofText(String text) {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(
          "SHA-256 is missing, but every Java platform must provide it", e);
    }
    ByteBuffer hash = ByteBuffer.wrap(sha256.digest(text.getBytes(StandardCharsets.UTF_8)));
    long high = (hash.getLong() & ~0xF000L) | 0x8000L;
    long low = (hash.getLong() >>> 2) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }
}
