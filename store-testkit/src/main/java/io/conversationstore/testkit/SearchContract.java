package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ContentPart;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.Cursor;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.Role;
import io.conversationstore.SearchHit;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolCall;
import io.conversationstore.ToolQuery;
import io.conversationstore.spi.SearchTokens;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Finding messages by their text and by the tools they call. */
abstract class SearchContract extends ContractBase {

  /** The texts of all hits of a search by Alice, newest first. */
  private List<String> found(String query) {
    return found(SearchQuery.of(query));
  }

  private List<String> found(SearchQuery query) {
    return Walks.search(store(), alice, query).stream().map(hit -> hit.message().text()).toList();
  }

  @Test
  @DisplayName("3.3: text is found under every name of a text part; reasoning is not found")
  void row_3_3_textUnderEveryNameOfAPart() {
    chat("a");
    Map<String, Object> annotated = Map.of("value", "gamma", "annotations", List.of());
    store()
        .append(
            alice,
            "a",
            Message.of(Role.USER, part("input_text", "alpha")),
            Message.of(
                Role.ASSISTANT, part("output_text", "beta"), part("some_text_to_come", " delta")),
            Message.of(
                Role.ASSISTANT,
                new ContentPart.Unknown(Map.of("type", "text", "text", annotated)),
                part("reasoning_text", "omega"),
                part("thinking", "omega"),
                new ContentPart.Unknown(Map.of("text", "omega", "thought", true)),
                new ContentPart.Reasoning("omega", null)));
    assertThat(texts("a")).containsExactly("alpha", "beta delta", "gamma");
    for (String word : List.of("alpha", "beta", "delta", "gamma")) {
      assertThat(store().search(alice, SearchQuery.of(word)).items()).as(word).hasSize(1);
    }
    assertThat(store().search(alice, SearchQuery.of("omega")).items()).isEmpty();
  }

  private static ContentPart part(String type, String text) {
    return new ContentPart.Unknown(Map.of("type", type, "text", text));
  }

  @Test
  @DisplayName("5.9: a hit contains every word as a whole, in any order and case")
  void row_5_9_everyWordMustOccur() {
    chat("a");
    say("a", "The quick brown fox", "a quick red fox", "quicker brown foxes", "nothing");
    assertThat(found("fox QUICK")).containsExactly("a quick red fox", "The quick brown fox");
    assertThat(found("  quick... (BROWN)?")).containsExactly("The quick brown fox");
    assertThat(found("quick quick")).hasSize(2);
    assertThat(found("fo")).isEmpty();
    assertThat(found("fox nothing")).isEmpty();
  }

  @Test
  @DisplayName("5.9: case and composed forms are folded for every script, independent of language")
  void row_5_9_folding() {
    chat("a");
    say("a", "STRASSE", "\u00C9t\u00E9", "\u039F\u0394\u039F\u03A3", "\u0130stanbul TITLE");
    say("a", "\u041F\u0440\u0418\u0412\u0435\u0442", "\uFF26\uFF55\uFF4C\uFF4C \uFB01ne \u00BD");
    assertThat(found("stra\u00DFe")).containsExactly("STRASSE");
    assertThat(found("e\u0301TE\u0301")).hasSize(1);
    assertThat(found("ete")).isEmpty();
    assertThat(found("\u03BF\u03B4\u03BF\u03C2")).hasSize(1);
    assertThat(found("istanbul title")).hasSize(1);
    assertThat(found("\u043F\u0440\u0438\u0432\u0435\u0442")).hasSize(1);
    assertThat(found("FULL fine 1 2")).hasSize(1);
  }

  @Test
  @DisplayName("5.9: scripts without spaces are found by any part")
  void row_5_9_scriptsWithoutSpaces() {
    chat("a");
    List<String> texts =
        List.of(
            "\u6771\u4EAC\u90FD\u306B\u4F4F\u3093\u3067\u3044\u307E\u3059\u3002",
            "\uFF76\uFF9E\uFF97\uFF7D\u306E\u30B3\u30FC\u30D2\u30FC",
            "\u6211\u559C\u6B22Java\u7F16\u7A0B2024\u5E74",
            "\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35\u0E04\u0E23\u0E31\u0E1A",
            "\u1019\u103C\u1014\u103A\u1019\u102C \u0E9E\u0EB2\u0EAA\u0EB2"
                + " \u1797\u17B6\u179F\u17B6");
    texts.forEach(text -> say("a", text));
    assertThat(found("\u4EAC\u90FD")).containsExactly(texts.get(0));
    assertThat(found("\u6771\u4EAC\u90FD")).containsExactly(texts.get(0));
    assertThat(found("\u90FD")).containsExactly(texts.get(0));
    assertThat(found("\u6771\u90FD")).isEmpty();
    assertThat(found("\u30AC\u30E9\u30B9")).containsExactly(texts.get(1));
    assertThat(found("\u30D2\u30FC")).containsExactly(texts.get(1));
    assertThat(found("java \u7F16\u7A0B")).containsExactly(texts.get(2));
    assertThat(found("2024")).containsExactly(texts.get(2));
    assertThat(found("\u0E2A\u0E14\u0E35")).containsExactly(texts.get(3));
    assertThat(found("\u1019\u102C \u0EAA\u0EB2 \u179F\u17B6")).containsExactly(texts.get(4));
  }

  @Test
  @DisplayName("5.9: only the text parts of a message are searched")
  void row_5_9_whatIsSearched() {
    chat("a");
    store()
        .append(
            alice,
            "a",
            Message.of(
                    Role.ASSISTANT,
                    new ContentPart.Reasoning("thought", null),
                    new ContentPart.Text("said "),
                    ContentPart.Media.at("image/png", "https://example.org/picture"),
                    new ContentPart.Text("more"),
                    new ContentPart.Unknown(Map.of("type", "text", "text", " later", "n", 1L)))
                .withName("speaker")
                .withModel("model")
                .withUsage(null)
                .withToolCalls(ToolCall.function("call", "weather", "{\"city\":\"oslo\"}"))
                .withMetadata(Map.of("key", "value")));
    assertThat(found("said more later")).hasSize(1);
    for (String word :
        List.of("thought", "picture", "speaker", "model", "weather", "oslo", "value", "call")) {
      assertThat(found(word)).as("%s", word).isEmpty();
    }
  }

  @Test
  @DisplayName(
      "5.9: an edited message is found only by its new text; a deleted message is not found")
  void row_5_9_editsAndDeletes() {
    chat("a");
    chat("b");
    UUID first = say("a", "apple one").get(0).id();
    say("a", "apple two");
    UUID third = say("b", "apple three").get(0).id();
    store().edit(alice, "a", first, MessageEdit.text("pear one"));
    assertThat(found("apple")).containsExactly("apple three", "apple two");
    assertThat(found("pear")).containsExactly("pear one");
    store().edit(alice, "a", first, MessageEdit.of(List.of()));
    assertThat(found("pear")).isEmpty();
    assertThat(found("one")).isEmpty();
    store().deleteMessage(alice, "b", third);
    assertThat(found("apple")).containsExactly("apple two");
    store().delete(alice, "a");
    assertThat(found("apple")).isEmpty();
    chat("a");
    assertThat(found("apple")).isEmpty();
    say("a", "apple again");
    assertThat(found("apple")).containsExactly("apple again");
    store().erase(alice);
    assertThat(found("apple")).isEmpty();
  }

  @Test
  @DisplayName("5.9: content that a save replaced is found by its new text")
  void row_5_9_saves() {
    NewConversation header = NewConversation.ofId("a");
    UUID id = UUID.randomUUID();
    store().save(alice, ConversationDocument.of(header, List.of(message(id, "apple"))));
    assertThat(found("apple")).hasSize(1);
    store().save(alice, ConversationDocument.of(header, List.of(message(id, "pear"))));
    assertThat(found("apple")).isEmpty();
    assertThat(found("pear")).hasSize(1);
  }

  private static Message message(UUID id, String text) {
    return Message.user(text).withId(id);
  }

  @Test
  @DisplayName("5.9: search never crosses tenant or user")
  void row_5_9_neverCrossesOwners() {
    chat("a");
    say("a", "secret apple");
    store().append(alice, "a", Message.calling(ToolCall.function("call", "weather", "{}")));
    for (Owner stranger :
        List.of(owner(tenant() + "-other", "alice"), user("bob"), owner("alice", tenant()))) {
      assertThat(store().search(stranger, SearchQuery.of("apple")).items()).isEmpty();
      assertThat(store().messagesByTool(stranger, ToolQuery.of("weather")).items()).isEmpty();
      assertThatThrownBy(
              () -> store().search(stranger, SearchQuery.of("apple").withConversationId("a")))
          .isInstanceOf(ConversationNotFoundException.class);
      store().create(stranger, NewConversation.ofId("a"));
      store().append(stranger, "a", Message.user("their apple"));
      assertThat(store().search(stranger, SearchQuery.of("apple")).items())
          .extracting(hit -> hit.message().text())
          .containsExactly("their apple");
      assertThat(store().search(stranger, SearchQuery.of("secret").withConversationId("a")).items())
          .isEmpty();
    }
    assertThat(found("apple")).containsExactly("secret apple");
  }

  @Test
  @DisplayName("5.9: restricted to a conversation and to a role")
  void row_5_9_restrictions() {
    chat("a");
    chat("b");
    say("a", "apple 1");
    store().append(alice, "b", Message.assistant("apple 2"), Message.user("apple 3"));
    assertThat(found(SearchQuery.of("apple").withConversationId("b")))
        .containsExactly("apple 3", "apple 2");
    assertThat(found(SearchQuery.of("apple").withRole(Role.USER)))
        .containsExactly("apple 3", "apple 1");
    assertThat(found(SearchQuery.of("apple").withConversationId("b").withRole(Role.ASSISTANT)))
        .containsExactly("apple 2");
    assertThat(found(SearchQuery.of("apple").withRole(Role.TOOL))).isEmpty();
    assertThatThrownBy(
            () -> store().search(alice, SearchQuery.of("apple").withConversationId("none")))
        .isInstanceOf(ConversationNotFoundException.class);
    store().delete(alice, "b");
    assertThatThrownBy(
            () -> store().messagesByTool(alice, ToolQuery.of("x").withConversationId("b")))
        .isInstanceOf(ConversationNotFoundException.class);
  }

  @Test
  @DisplayName("5.9: newest first by time, conversation and place, whatever the size of the pages")
  void row_5_9_pagesInOrder() {
    imports();
    Instant time = Instant.parse("2020-01-01T00:00:00.000001Z");
    List<ConversationDocument> documents = new ArrayList<>();
    for (String id : List.of("a", "\uD83D\uDE00", "\uFF5E")) {
      List<ConversationDocument.Entry> entries = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        // Times are unordered and often equal.
        entries.add(
            ConversationDocument.Entry.of(Message.user((i % 4 == 3 ? "pear " : "apple ") + id + i))
                .withCreatedAt(time.plusSeconds((i * 7) % 5)));
      }
      documents.add(ConversationDocument.ofEntries(NewConversation.ofId(id), entries));
    }
    store().save(alice, documents);
    List<StoredMessage> all = new ArrayList<>();
    for (StoredMessage message : Walks.history(store(), alice, MessageQuery.Direction.FORWARD, 5)) {
      if (message.text().startsWith("apple")) {
        all.add(message);
      }
    }
    Collections.reverse(all);
    assertThat(all).hasSize(27);
    for (int limit : new int[] {1, 2, 3, 5, 9, 26, 27, 28, 1_000}) {
      assertThat(
              Walks.search(store(), alice, SearchQuery.of("apple").withLimit(limit)).stream()
                  .map(SearchHit::message))
          .as("by %s", limit)
          .isEqualTo(all);
      assertThat(
              Walks.search(
                      store(),
                      alice,
                      SearchQuery.of("apple").withConversationId("a").withLimit(limit))
                  .stream()
                  .map(SearchHit::message))
          .as("in a by %s", limit)
          .isEqualTo(all.stream().filter(m -> m.conversationId().equals("a")).toList());
    }
    assertThat(store().search(alice, SearchQuery.of("apple").withLimit(27)).hasMore()).isFalse();
    assertThat(store().search(alice, SearchQuery.of("apple").withLimit(26)).hasMore()).isTrue();
  }

  @Test
  @DisplayName("5.9: messages added between pages do not disturb the reader")
  void row_5_9_pagesWhileMessagesAreAdded() {
    chat("a");
    chat("b");
    for (int i = 0; i < 10; i++) {
      say(i % 2 == 0 ? "a" : "b", "apple " + i, "pear " + i);
      tick();
    }
    List<String> read = new ArrayList<>();
    Cursor cursor = null;
    Page<SearchHit> page;
    do {
      page = store().search(alice, SearchQuery.of("apple").withLimit(3).withCursor(cursor));
      page.forEach(hit -> read.add(hit.message().text()));
      cursor = page.cursor();
      tick();
      say("a", "apple later");
    } while (page.hasMore());
    assertThat(read).isEqualTo(IntStream.range(0, 10).mapToObj(i -> "apple " + (9 - i)).toList());
    assertThat(store().search(alice, SearchQuery.of("apple").withCursor(cursor)).items()).isEmpty();
    assertThat(store().search(alice, SearchQuery.of("nowhere")).cursor()).isNull();
  }

  @Test
  @DisplayName("5.9: cursors of another list are rejected")
  void row_5_9_foreignCursors() {
    chat("a");
    say("a", "apple");
    store().append(alice, "a", Message.calling(ToolCall.function("call", "weather", "{}")));
    Cursor ofSearch = store().search(alice, SearchQuery.of("apple")).cursor();
    Cursor ofTool = store().messagesByTool(alice, ToolQuery.of("weather")).cursor();
    Cursor ofHistory = store().history(alice, MessageQuery.first(1)).cursor();
    Cursor made = new Cursor("bm90IGEgY3Vyc29y");
    for (Cursor wrong : new Cursor[] {ofTool, ofHistory, made, new Cursor("%")}) {
      assertThatThrownBy(() -> store().search(alice, SearchQuery.of("apple").withCursor(wrong)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (Cursor wrong : new Cursor[] {ofSearch, ofHistory, made}) {
      assertThatThrownBy(
              () -> store().messagesByTool(alice, ToolQuery.of("weather").withCursor(wrong)))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(
            () ->
                store()
                    .history(
                        alice,
                        MessageQuery.of(MessageQuery.Direction.FORWARD, 1).withCursor(ofSearch)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("5.9: a query without a word is rejected; no error and no toString shows it")
  void row_5_9_badQueries() {
    chat("a");
    for (String none : List.of(" ", "?!", "\uD83D\uDE00", "\u0000", "\uD83D", "\u0301", "-_-")) {
      assertThatThrownBy(() -> store().search(alice, SearchQuery.of(none)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("a search needs at least one letter or digit");
    }
    assertThatThrownBy(() -> SearchQuery.of("")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SearchQuery.of("MARKER".repeat(200)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("MARKER");
    for (int bad : new int[] {0, -1, 1_001}) {
      assertThatThrownBy(() -> SearchQuery.of("x").withLimit(bad))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> ToolQuery.of("x").withLimit(bad))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(
            () -> store().search(alice, SearchQuery.of("MARKER").withConversationId("none")))
        .isInstanceOf(ConversationNotFoundException.class)
        .hasMessageNotContaining("MARKER");
    say("a", "MARKER");
    assertThat(store().search(alice, SearchQuery.of("marker")).items().get(0).toString())
        .doesNotContain("MARKER");
    assertThat(SearchQuery.of("MARKER").toString()).doesNotContain("MARKER");
  }

  @Test
  @DisplayName("5.11: quotes, NUL, right-to-left and four-byte characters are found")
  void row_5_11_hostileTexts() {
    chat("a");
    List<String> texts = Generators.hostileTexts();
    for (int i = 0; i < texts.size(); i++) {
      say("a", "w" + i + " " + texts.get(i) + " end" + i + " \uD83D\uDE00 \uD801\uDC00 it's");
    }
    for (int i = 0; i < texts.size(); i++) {
      assertThat(found("w" + i + " 'end" + i + "\" \uD801\uDC28 it's")).as("%s", i).hasSize(1);
    }
    assertThat(found("{}[]',\"%s' OR 1=1; \\ s")).isEmpty();
    assertThat(found("nul inside")).hasSize(1);
    assertThat(found("\u05E9\u05DC\u05D5\u05DD rtl")).hasSize(1);
  }

  @Test
  @DisplayName("5.9: all stores search a message of one megabyte up to the same limit")
  void row_5_9_longMessages() {
    chat("a");
    int words = 120_000;
    String many = IntStream.range(0, words).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));
    String repeated = "again ".repeat(200_000) + "rare";
    String blob = "x".repeat(1 << 20);
    String script =
        IntStream.range(0, 300_000)
            .mapToObj(i -> Character.toString(0x4E00 + i % 0x5000 / (1 + i % 3)))
            .collect(Collectors.joining());
    say("a", many, repeated, blob + " tail", script);
    int last = SearchTokens.MAX_PER_MESSAGE - 1;
    assertThat(found("w0 w" + last)).hasSize(1);
    assertThat(found("w" + (last + 1))).isEmpty();
    assertThat(found("again rare")).hasSize(1);
    assertThat(found("x".repeat(500) + " tail")).hasSize(1);
    assertThat(found("x".repeat(SearchTokens.MAX_LENGTH - 1))).isEmpty();
    assertThat(found(script.substring(0, 200))).hasSize(1);
    assertThat(store().search(alice, SearchQuery.of("rare")).items().get(0).snippet())
        .hasSizeLessThanOrEqualTo(SearchHit.MAX_SNIPPET_LENGTH)
        .endsWith("again rare");
  }

  @Test
  @DisplayName("5.9: a hit shows the positions of the words")
  void row_5_9_snippets() {
    chat("a");
    say("a", "One apple, two Apples: an APPLE.");
    SearchHit hit = store().search(alice, SearchQuery.of("apple an")).items().get(0);
    assertThat(hit.snippet()).isEqualTo("One apple, two Apples: an APPLE.");
    assertThat(marked(hit)).containsExactly("apple", "an", "APPLE");
    String far = "\uD83D\uDE00".repeat(400) + " apple " + "\uD83D\uDE00".repeat(400);
    say("a", far, "a" + far);
    for (SearchHit each : store().search(alice, SearchQuery.of("apple").withLimit(2))) {
      assertThat(each.snippet()).hasSizeBetween(200, SearchHit.MAX_SNIPPET_LENGTH);
      assertThat(each.snippet().codePoints().filter(c -> c >= 0xD800 && c <= 0xDFFF)).isEmpty();
      assertThat(marked(each)).containsExactly("apple");
    }
    say("a", "\u6771\u4EAC\u90FD\u306B\u4F4F\u3080");
    assertThat(marked(store().search(alice, SearchQuery.of("\u4EAC\u90FD\u306B")).items().get(0)))
        .containsExactly("\u4EAC\u90FD\u306B");
    say("a", "caf" + "e\u0301".repeat(500));
    hit = store().search(alice, SearchQuery.of("caf" + "\u00E9".repeat(500))).items().get(0);
    assertThat(marked(hit)).containsExactly(hit.snippet());
  }

  private static List<String> marked(SearchHit hit) {
    return hit.matches().stream()
        .map(range -> hit.snippet().substring(range.start(), range.end()))
        .toList();
  }

  @Test
  @DisplayName("3.3: messages by the tool they call, newest first, page by page")
  void row_3_3_messagesByTool() {
    chat("a");
    chat("b");
    List<StoredMessage> expected = new ArrayList<>();
    for (int i = 0; i < 11; i++) {
      String id = i % 3 == 0 ? "b" : "a";
      List<StoredMessage> turn =
          store()
              .append(
                  alice,
                  id,
                  Message.user("weather in the text"),
                  calling("weather"),
                  Message.toolResult("call", "weather", "rain"),
                  calling("other", "weather", "weather"),
                  calling("Weather"),
                  calling("weather2"));
      expected.add(0, turn.get(1));
      expected.add(0, turn.get(3));
      tick();
    }
    for (int limit : new int[] {1, 3, 7, 22, 1_000}) {
      assertThat(Walks.byTool(store(), alice, ToolQuery.of("weather").withLimit(limit)))
          .as("by %s", limit)
          .isEqualTo(expected);
    }
    assertThat(
            Walks.byTool(
                store(), alice, ToolQuery.of("weather").withConversationId("b").withLimit(3)))
        .isEqualTo(expected.stream().filter(m -> m.conversationId().equals("b")).toList());
    assertThat(store().messagesByTool(alice, ToolQuery.of("none")).items()).isEmpty();
    StoredMessage newest = expected.remove(0);
    store().deleteMessage(alice, newest.conversationId(), newest.id());
    store().edit(alice, "a", calls(expected).id(), MessageEdit.text("edited, calls all the same"));
    assertThat(Walks.byTool(store(), alice, ToolQuery.of("weather")))
        .extracting(StoredMessage::id)
        .isEqualTo(expected.stream().map(StoredMessage::id).toList());
  }

  private static StoredMessage calls(List<StoredMessage> messages) {
    return messages.stream().filter(m -> m.conversationId().equals("a")).findFirst().orElseThrow();
  }

  private static Message calling(String... tools) {
    ToolCall[] calls = new ToolCall[tools.length];
    for (int i = 0; i < tools.length; i++) {
      calls[i] = ToolCall.function("call-" + i, tools[i], "{\"name\": \"weather\"}");
    }
    return Message.calling(calls);
  }

  @Test
  @DisplayName("3.3: a tool's name is any text of 1 to 255 characters")
  void row_3_3_hostileToolNames() {
    chat("a");
    for (String name : Generators.hostileIds()) {
      store().append(alice, "a", calling(name));
    }
    for (String name : Generators.hostileIds()) {
      assertThat(store().messagesByTool(alice, ToolQuery.of(name)).items()).as(name).hasSize(1);
    }
    for (String bad : List.of("", "a\u0000", "\uD83D", "x".repeat(256))) {
      assertThatThrownBy(() -> ToolQuery.of(bad)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
