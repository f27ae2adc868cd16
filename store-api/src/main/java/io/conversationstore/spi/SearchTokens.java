package io.conversationstore.spi;

import io.conversationstore.Message;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * The words of a text as search knows them. All stores use this one tokeniser, for messages and for
 * queries, so that all find the same. Pure and thread-safe.
 *
 * <p><b>What is searched</b> of a message is {@link Message#text()}: its text parts, joined as they
 * are. Reasoning, media and their names, tool calls and their arguments, speakers' names, metadata
 * and the conversation's title are not.
 *
 * <p><b>Words</b> are runs of letters, numbers and the marks on them; everything else separates.
 * Invisible format characters (soft hyphen, joiners, direction marks) are left out without
 * separating, but the zero-width space separates. Of a longer word the first {@value #MAX_LENGTH}
 * code points count.
 *
 * <p><b>Folding</b>: Unicode NFKC (so that full-width, ligature and composed forms are one), then
 * full case folding that depends on no locale ({@code STRASSE} finds {@code straße}), then NFKC.
 * Accents stay: {@code cafe} does not find {@code café}.
 *
 * <p><b>Scripts without spaces</b> (Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar): each pair
 * of neighbours is a word, and in messages each single character as well, so that a query of one
 * character finds it.
 *
 * <p><b>Limit</b>: the first {@value #MAX_PER_MESSAGE} distinct words of a message are searched, in
 * the order of their first appearance; words that only come later are not found.
 *
 * <p>Characters are classified as the running JDK knows them; what a later version of Unicode adds
 * is no letter to an earlier JDK.
 */
public final class SearchTokens {

  /** The longest word, in code points. */
  public static final int MAX_LENGTH = 64;

  /** The most distinct words of a message. */
  public static final int MAX_PER_MESSAGE = 8_192;

  private SearchTokens() {}

  /** Takes words as they come. */
  @FunctionalInterface
  interface Sink {
    /**
     * Takes the next word.
     *
     * @param start where the word's first character stands in the text
     * @param end after its last character
     * @return whether to go on
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

  /** The distinct words that a message must hold to be found by this text; perhaps none. */
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

  /** Whether a message holds all these words; {@code of(message).containsAll(tokens)}, faster. */
  public static boolean holdsAll(Message message, Set<String> tokens) {
    String text = message.text();
    // At most two words begin at a character: a short text cannot reach the limit.
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
   * Gives the words of a text to {@code sink}, in order, repeated ones too.
   *
   * @param singles whether single characters of scripts without spaces are words, as they are in
   *     messages; in queries only one that stands alone is
   */
  static void scan(String text, boolean singles, Sink sink) {
    new TokenScanner(text, singles, sink).run();
  }
}
