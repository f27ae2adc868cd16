package io.conversationstore.spi;

import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.util.Locale;

/**
 * One pass over a text for {@link SearchTokens}. Folds the text one letter with its marks at a
 * time, to keep each word's place in the original. Used once, by one thread.
 */
final class TokenScanner {

  private static final int ZERO_WIDTH_SPACE = 0x200B;

  /** Lengthens the vowel before it; Unicode assigns it to no script. */
  private static final int KATAKANA_PROLONGED = 0x30FC;

  /** The maximum number of marks folded with their letter; a bound, not a rule of a script. */
  private static final int MAX_MARKS = 30;

  private final String text;
  private final boolean singles;
  private final SearchTokens.Sink sink;

  /** The current word of a script with spaces. */
  private final StringBuilder word = new StringBuilder();

  private int wordLength;
  private int wordStart;
  private int wordEnd;

  /** The last character of the current run in a script without spaces, and the run's length. */
  private int last;

  private int lastStart;
  private int lastEnd;
  private int runLength;

  private boolean goesOn = true;

  TokenScanner(String text, boolean singles, SearchTokens.Sink sink) {
    this.text = text;
    this.singles = singles;
    this.sink = sink;
  }

  void run() {
    int at = 0;
    while (goesOn && at < text.length()) {
      int codePoint = text.codePointAt(at);
      int end = at + Character.charCount(codePoint);
      int pieceEnd = endOfMarks(end);
      if (pieceEnd == end && foldsSimply(codePoint)) {
        take(Character.toLowerCase(codePoint), at, end);
      } else {
        String folded = folded(text.substring(at, pieceEnd));
        for (int i = 0; i < folded.length() && goesOn; ) {
          int part = folded.codePointAt(i);
          take(part, at, pieceEnd);
          i += Character.charCount(part);
        }
      }
      at = pieceEnd;
    }
    if (goesOn) {
      separate();
    }
  }

  private int endOfMarks(int from) {
    int end = from;
    for (int marks = 0; end < text.length() && marks < MAX_MARKS; marks++) {
      int next = text.codePointAt(end);
      if (!joinsItsPredecessor(next)) {
        break;
      }
      end += Character.charCount(next);
    }
    return end;
  }

  /** Marks, vowels and finals of decomposed Korean, half-width voicing marks. */
  private static boolean joinsItsPredecessor(int codePoint) {
    return codePoint >= 0x300
        && (isMark(codePoint)
            || (codePoint >= 0x1160 && codePoint <= 0x11FF)
            || codePoint == 0xFF9E
            || codePoint == 0xFF9F);
  }

  private static boolean isMark(int codePoint) {
    int type = Character.getType(codePoint);
    return type == Character.NON_SPACING_MARK
        || type == Character.COMBINING_SPACING_MARK
        || type == Character.ENCLOSING_MARK;
  }

  /** Common ranges, unchanged by normalisation; folding changes only the case. */
  private static boolean foldsSimply(int codePoint) {
    return codePoint < 0x80
        || (codePoint >= 0x410 && codePoint <= 0x44F)
        || (codePoint >= 0x5D0 && codePoint <= 0x5EA)
        || (codePoint >= 0x3041 && codePoint <= 0x3096)
        || (codePoint >= 0x30A1 && codePoint <= 0x30FC)
        || (codePoint >= 0x4E00 && codePoint <= 0x9FFF)
        || (codePoint >= 0xAC00 && codePoint <= 0xD7A3);
  }

  /** Lower, upper, lower: unifies letters with several lower forms or a longer upper form. */
  static String folded(String piece) {
    String normal = Normalizer.normalize(piece, Normalizer.Form.NFKC);
    String folded = lower(lower(normal).toUpperCase(Locale.ROOT));
    return Normalizer.normalize(folded, Normalizer.Form.NFKC);
  }

  /** Character by character: {@link String#toLowerCase} has a rule for the end of a word. */
  private static String lower(String text) {
    StringBuilder lower = new StringBuilder(text.length());
    text.codePoints().map(Character::toLowerCase).forEach(lower::appendCodePoint);
    return lower.toString();
  }

  /**
   * Characters that select how a letter is drawn, or are ignored; Unicode classifies them as marks.
   */
  private static boolean isInvisibleMark(int codePoint) {
    return (codePoint >= 0xFE00 && codePoint <= 0xFE0F)
        || (codePoint >= 0xE0100 && codePoint <= 0xE01EF)
        || (codePoint >= 0x180B && codePoint <= 0x180F)
        || codePoint == 0x34F;
  }

  private void take(int codePoint, int start, int end) {
    if (isInvisibleMark(codePoint)) {
      return;
    }
    if (isMark(codePoint)) {
      // A mark belongs to the character before it; alone it is ignored.
      if (runLength > 0) {
        pair(codePoint, start, end);
      } else if (wordLength > 0) {
        lengthen(codePoint, start, end);
      }
    } else if (isLetterOrNumber(codePoint)) {
      if (isWithoutSpaces(codePoint)) {
        endWord();
        pair(codePoint, start, end);
      } else {
        endRun();
        lengthen(codePoint, start, end);
      }
    } else if (Character.getType(codePoint) != Character.FORMAT || codePoint == ZERO_WIDTH_SPACE) {
      separate();
    }
  }

  private static boolean isLetterOrNumber(int codePoint) {
    int type = Character.getType(codePoint);
    return Character.isLetterOrDigit(codePoint)
        || type == Character.LETTER_NUMBER
        || type == Character.OTHER_NUMBER;
  }

  private static boolean isWithoutSpaces(int codePoint) {
    if (codePoint < 0xE00) {
      return false;
    }
    UnicodeScript script = UnicodeScript.of(codePoint);
    return script == UnicodeScript.HAN
        || script == UnicodeScript.HIRAGANA
        || script == UnicodeScript.KATAKANA
        || script == UnicodeScript.THAI
        || script == UnicodeScript.LAO
        || script == UnicodeScript.KHMER
        || script == UnicodeScript.MYANMAR
        || codePoint == KATAKANA_PROLONGED;
  }

  private void lengthen(int codePoint, int start, int end) {
    if (wordLength == 0) {
      wordStart = start;
    }
    if (wordLength < SearchTokens.MAX_LENGTH) {
      word.appendCodePoint(codePoint);
    }
    wordLength++;
    wordEnd = end;
  }

  private void pair(int codePoint, int start, int end) {
    String single = Character.toString(codePoint);
    if (runLength > 0) {
      give(Character.toString(last) + single, lastStart, end);
    }
    if (singles) {
      give(single, start, end);
    }
    last = codePoint;
    lastStart = start;
    lastEnd = end;
    runLength++;
  }

  private void separate() {
    endWord();
    endRun();
  }

  private void endWord() {
    if (wordLength > 0) {
      give(word.toString(), wordStart, wordEnd);
      word.setLength(0);
      wordLength = 0;
    }
  }

  private void endRun() {
    if (runLength == 1 && !singles) {
      give(Character.toString(last), lastStart, lastEnd);
    }
    runLength = 0;
  }

  private void give(String token, int start, int end) {
    goesOn = goesOn && sink.take(token, start, end);
  }
}
