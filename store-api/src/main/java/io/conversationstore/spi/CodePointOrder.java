package io.conversationstore.spi;

import java.util.Comparator;

/**
 * Orders strings by Unicode code point, as PostgreSQL's collation "C" does in UTF-8. {@link
 * String#compareTo} differs above U+FFFF.
 */
public final class CodePointOrder {

  public static final Comparator<String> INSTANCE = CodePointOrder::compare;

  private CodePointOrder() {}

  private static int compare(String a, String b) {
    int length = Math.min(a.length(), b.length());
    for (int i = 0; i < length; i++) {
      char x = a.charAt(i);
      char y = b.charAt(i);
      if (x != y) {
        boolean xSurrogate = Character.isSurrogate(x);
        boolean ySurrogate = Character.isSurrogate(y);
        if (xSurrogate != ySurrogate) {
          return xSurrogate ? 1 : -1;
        }
        return Character.compare(x, y);
      }
    }
    return Integer.compare(a.length(), b.length());
  }
}
