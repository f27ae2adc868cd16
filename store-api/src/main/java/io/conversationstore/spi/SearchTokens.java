package io.conversationstore.spi;

import io.conversationstore.Message;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The words of a text for search. All stores use this tokeniser, for messages and for queries, and
 * therefore find the same. Pure and thread-safe.
 *
 * <p><b>Searched text</b> is {@link Message#text()}: the text parts of a message, joined as they
 * are. Reasoning, media and their names, tool calls and their arguments, speakers' names, metadata
 * and the conversation's title are not searched.
 *
 * <p><b>Words</b> are runs of letters, numbers and their marks; all other characters separate
 * words. Invisible format characters (soft hyphen, joiners, direction marks) are left out without
 * separating, but the zero-width space separates. Words are cut to {@value #MAX_LENGTH} code
 * points.
 *
 * <p><b>Folding</b>: Unicode NFKC (which unifies full-width, ligature and composed forms), then
 * full case folding independent of the locale ({@code STRASSE} finds {@code straße}), then NFKC.
 * Accents stay: {@code cafe} does not find {@code café}.
 *
 * <p><b>Scripts without spaces</b> (Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar): each pair
 * of neighbours is a word, and in messages also each single character, for queries of one
 * character.
 *
 * <p><b>Limit</b>: the first {@value #MAX_PER_MESSAGE} distinct words of a message are searched, in
 * the order of their first appearance; later words are not found.
 *
 * <p>The running JDK classifies characters; it does not recognize letters added by a later version
 * of Unicode.
 */
public final class SearchTokens {

  /** The longest word, in code points. */
  public static final int MAX_LENGTH = 64;

  /** The most distinct words of a message. */
  public static final int MAX_PER_MESSAGE = 8_192;

  private SearchTokens() {}

  /** Receives words in order. */
  @FunctionalInterface
  public interface Sink {
    /**
     * Receives the next word.
     *
     * @param start index of the word's first character in the text
     * @param end index after its last character
     * @return whether to continue
     */
    boolean take(String token, int start, int end);
  }

  /** The distinct words of a message, in the order of their first appearance. */
  public static Set<String> of(Message message) {
    return ofMessage(message.text());
  }

  private static Set<String> ofMessage(String text) {
    Set<String> tokens = new LinkedHashSet<>();
    scan(
        text,
        true,
        (token, start, end) -> {
          tokens.add(token);
          return tokens.size() < MAX_PER_MESSAGE;
        });
    return tokens;
  }

  /** The distinct words that a message must contain to match this text; may be empty. */
  public static Set<String> ofQuery(String text) {
    Set<String> tokens = new LinkedHashSet<>();
    scan(
        text,
        false,
        (token, start, end) -> {
          tokens.add(token);
          return true;
        });
    return tokens;
  }

  /**
   * A text with the folding of words, for comparisons without case. Characters between words stay.
   */
  public static String fold(String text) {
    return TokenScanner.folded(text);
  }

  /**
   * Whether a message contains all these words; {@code of(message).containsAll(tokens)}, faster.
   */
  public static boolean holdsAll(Message message, Set<String> tokens) {
    String text = message.text();
    // At most two words begin at a character, so a short text cannot reach the limit.
    if (text.length() > MAX_PER_MESSAGE / 2) {
      return ofMessage(text).containsAll(tokens);
    }
    Set<String> missing = new HashSet<>(tokens);
    scan(
        text,
        true,
        (token, start, end) -> {
          missing.remove(token);
          return !missing.isEmpty();
        });
    return missing.isEmpty();
  }

  /**
   * Passes the words of a text to {@code sink}, in order, with repetitions.
   *
   * @param singles whether single characters of scripts without spaces are words, as in messages;
   *     in queries only an isolated one is
   */
  public static void scan(String text, boolean singles, Sink sink) {
    new TokenScanner(text, singles, sink).run();
  }
}
