package io.conversationstore.spi;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Role;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The words of messages and of queries. */
class SearchTokensTest {

  private static List<String> words(String text) {
    return List.copyOf(SearchTokens.of(Message.user(text)));
  }

  private static List<String> query(String text) {
    return List.copyOf(SearchTokens.ofQuery(text));
  }

  @Test
  void row_5_9_runsOfLettersAndDigits() {
    assertThat(words("It's e-mail_v2: 3.14, user@example.org!"))
        .containsExactly("it", "s", "e", "mail", "v2", "3", "14", "user", "example", "org");
    assertThat(words("")).isEmpty();
    assertThat(words("\u0301 \uFE0F ... \uD83D\uDE00")).isEmpty();
  }

  @Test
  void row_5_9_foldingDependsOnNoLocale() {
    Locale before = Locale.getDefault();
    try {
      for (Locale locale : List.of(Locale.ROOT, new Locale("tr"), new Locale("lt"))) {
        Locale.setDefault(locale);
        assertThat(words("TITLE I\u0307 \u0130 \u1E9E \u00DF \u212A"))
            .containsExactly("title", "i", "ss", "k");
        assertThat(words("\u03A3\u03AF\u03C3\u03C5\u03C6\u03BF\u03C2"))
            .isEqualTo(words("\u03A3\u038A\u03A3\u03A5\u03A6\u039F\u03A3"));
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void row_5_9_equivalentFormsAreOneWord() {
    for (String form :
        List.of("\u00E9t\u00E9", "e\u0301te\u0301", "\u00C9T\u00C9", "E\u0301TE\u0301")) {
      assertThat(words(form)).containsExactly("\u00E9t\u00E9");
    }
    assertThat(words("\uD55C\uAE00")).isEqualTo(words("\u1112\u1161\u11AB\u1100\u1173\u11AF"));
    assertThat(words("\uFF76\uFF9E")).isEqualTo(words("\u30AC"));
    assertThat(words("co\u00ADop\u200D \u2068x\u2069")).containsExactly("coop", "x");
    assertThat(words("\u2167 \u00B2 \u2460")).containsExactly("viii", "2", "1");
    assertThat(words("\u0939\u093F\u0928\u094D\u0926\u0940")).hasSize(1);
  }

  @Test
  void row_5_9_pairsInScriptsWithoutSpaces() {
    assertThat(words("\u6771\u4EAC\u90FDX1"))
        .containsExactly("\u6771", "\u6771\u4EAC", "\u4EAC", "\u4EAC\u90FD", "\u90FD", "x1");
    assertThat(query("\u6771\u4EAC\u90FD")).containsExactly("\u6771\u4EAC", "\u4EAC\u90FD");
    assertThat(query("\u6771 \u4EAC")).containsExactly("\u6771", "\u4EAC");
    assertThat(query("\u30B3\u30FC")).containsExactly("\u30B3\u30FC");
    assertThat(words("\u845B\uDB40\uDD00\u57CE")).isEqualTo(words("\u845B\u57CE"));
    for (String text :
        List.of(
            "\u0E01\u0E33\u0E25\u0E31\u0E07",
            "\u0EAA\u0EB0\u0E9A",
            "\u1797\u17B6\u179F",
            "\u1019\u103C")) {
      assertThat(query(text)).hasSizeGreaterThanOrEqualTo(1).allMatch(t -> t.length() == 2);
      assertThat(words(text)).containsAll(query(text));
    }
  }

  @Test
  void row_5_9_longWordsAndManyWordsAreCapped() {
    String longWord = "\uD801\uDC00".repeat(100);
    assertThat(words(longWord)).containsExactly("\uD801\uDC28".repeat(SearchTokens.MAX_LENGTH));
    assertThat(words(longWord)).isEqualTo(query(longWord + longWord));
    String many =
        IntStream.range(0, 10_000).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));
    assertThat(words(many + " late")).hasSize(SearchTokens.MAX_PER_MESSAGE).contains("w8191");
    Message message = Message.user("w0 ".repeat(20_000) + many);
    assertThat(SearchTokens.holdsAll(message, Set.of("w0", "w8191"))).isTrue();
    assertThat(SearchTokens.holdsAll(message, Set.of("w8192"))).isFalse();
    String marks = "e" + "\u0301".repeat(100_000);
    assertThat(words(marks)).hasSize(1);
  }

  @Test
  void row_5_9_textPartsAloneAndJoined() {
    Message message =
        Message.of(
            Role.USER,
            new ContentPart.Text("over"),
            new ContentPart.Reasoning("thought", null),
            new ContentPart.Text("lap"));
    assertThat(SearchTokens.of(message)).containsExactly("overlap");
    assertThat(SearchTokens.holdsAll(message, Set.of("overlap"))).isTrue();
  }

  @Test
  void row_5_9_wordsKnowTheirPlaces() {
    String text = "x\uFB01ne, \uFF76\uFF9E\u30C6 e\u0301t\u00E9";
    List<String> shown = new ArrayList<>();
    SearchTokens.scan(
        text, false, (token, start, end) -> shown.add(token + "=" + text.substring(start, end)));
    assertThat(shown)
        .containsExactly(
            "xfine=x\uFB01ne", "\u30AC\u30C6=\uFF76\uFF9E\u30C6", "\u00E9t\u00E9=e\u0301t\u00E9");
  }
}
