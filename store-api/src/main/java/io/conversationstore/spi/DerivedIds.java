package io.conversationstore.spi;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/** Ids of messages that came without one in a save or an import, so that twice changes nothing. */
public final class DerivedIds {

  private DerivedIds() {}

  /**
   * A UUID of version 8 (RFC 9562, section 5.8) from a SHA-256 over place and content.
   *
   * @param ordinal the message's place in the whole conversation, from 0
   * @param digest see {@link io.conversationstore.json.ModelJson#digest}
   */
  public static UUID of(String conversationId, long ordinal, String digest) {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    String name = conversationId + '\n' + ordinal + '\n' + digest;
    ByteBuffer hash = ByteBuffer.wrap(sha256.digest(name.getBytes(StandardCharsets.UTF_8)));
    long high = (hash.getLong() & ~0xF000L) | 0x8000L;
    long low = (hash.getLong() >>> 2) | 0x8000_0000_0000_0000L;
    return new UUID(high, low);
  }
}
