package io.conversationstore.postgres;

import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.spi.SearchTokens;
import java.util.Collection;
import java.util.List;

/**
 * The keys of words in the index: 64-bit hashes of tenant, user and word. A lookup therefore finds
 * one owner's messages, however many others use the same word, and the index holds no text.
 *
 * <p>The keys are stored: another way to compute them needs a migration that sets the column to
 * null. Two words with the same key are harmless, because the index's results are rechecked.
 */
final class TokenKeys {

  private static final long MULTIPLIER = 0x9E37_79B9_7F4A_7C15L;

  private TokenKeys() {}

  /** The keys of a message's words. */
  static long[] of(Owner owner, Message message) {
    return of(owner, SearchTokens.of(message));
  }

  /** The keys of the words of content. */
  static long[] of(Owner owner, List<ContentPart> content) {
    return of(owner, Message.of(Role.USER, content.toArray(ContentPart[]::new)));
  }

  static long[] of(Owner owner, Collection<String> tokens) {
    long seed = mixed(add(mixed(add(0, owner.tenantId())), owner.userId()));
    long[] keys = new long[tokens.size()];
    int next = 0;
    for (String token : tokens) {
      keys[next++] = mixed(add(seed, token));
    }
    return keys;
  }

  private static long add(long hash, String text) {
    long result = hash;
    for (int i = 0; i < text.length(); i++) {
      result = (result ^ text.charAt(i)) * MULTIPLIER;
      result ^= result >>> 32;
    }
    return result;
  }

  /** The finisher of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014). */
  private static long mixed(long hash) {
    long result = hash + MULTIPLIER;
    result = (result ^ (result >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
    result = (result ^ (result >>> 27)) * 0x94D0_49BB_1331_11EBL;
    return result ^ (result >>> 31);
  }

  /** An array in PostgreSQL's notation. */
  static String literal(long[] keys) {
    StringBuilder text = new StringBuilder(keys.length * 21 + 2).append('{');
    for (int i = 0; i < keys.length; i++) {
      text.append(i == 0 ? "" : ",").append(keys[i]);
    }
    return text.append('}').toString();
  }
}
