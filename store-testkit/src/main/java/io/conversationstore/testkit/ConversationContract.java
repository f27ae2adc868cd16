package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationExistsException;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Cursor;
import io.conversationstore.NewConversation;
import io.conversationstore.Page;
import io.conversationstore.StoreLimits;
import io.conversationstore.TokenUsage;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Conversations without their messages. */
abstract class ConversationContract extends ContractBase {

  @Test
  @DisplayName("1.1: an id chosen by the caller, a title, settings, times; get one")
  void row_1_1_createdConversationIsFound() {
    NewConversation given =
        NewConversation.ofId("trip")
            .withTitle("Trip to Porto")
            .withSettings(Map.of("model", "m", "temperature", 0.5))
            .withMetadata(Map.of("from", Map.of("app", "web")))
            .withTags("b", "a", "b")
            .withPinned(true)
            .withExpiresAt(Instant.parse("2100-01-01T00:00:00.123456Z"));
    Conversation created = store().create(alice, given);
    assertThat(created.id()).isEqualTo("trip");
    assertThat(created.owner()).isEqualTo(alice);
    assertThat(created.generation()).isEqualTo(1);
    assertThat(created.title()).isEqualTo("Trip to Porto");
    assertThat(created.settings()).isEqualTo(given.settings());
    assertThat(created.metadata()).isEqualTo(given.metadata());
    assertThat(created.tags()).containsExactly("a", "b");
    assertThat(created.pinned()).isTrue();
    assertThat(created.expiresAt()).isEqualTo(given.expiresAt());
    assertThat(created.status()).isEqualTo(ConversationStatus.ACTIVE);
    assertThat(created.messageCount()).isZero();
    assertThat(created.usage()).isEqualTo(TokenUsage.NONE);
    assertThat(created.updatedAt()).isEqualTo(created.createdAt());
    assertThat(store().find(alice, "trip")).contains(created);
  }

  @Test
  @DisplayName("1.1: every header field round-trips with any value")
  void row_1_1_everyHeaderRoundTrips() {
    Generators generators = Generators.seeded(11);
    for (int i = 0; i < 60; i++) {
      NewConversation given = generators.conversation("c" + i);
      Conversation created = store().create(alice, given);
      assertThat(headerOf(created).equals(given)).as("header %s as created", i).isTrue();
      Conversation found = store().find(alice, "c" + i).orElseThrow();
      assertThat(headerOf(found).equals(given)).as("header %s as found", i).isTrue();
    }
  }

  private static NewConversation headerOf(Conversation c) {
    return NewConversation.ofId(c.id())
        .withTitle(c.title())
        .withSettings(c.settings())
        .withMetadata(c.metadata())
        .withTags(c.tags().toArray(String[]::new))
        .withPinned(c.pinned())
        .withExpiresAt(c.expiresAt());
  }

  @Test
  @DisplayName("2.1: without an id the store makes a UUIDv7")
  void row_2_1_storeMakesAnId() {
    Conversation first = store().create(alice, "one");
    Conversation second = store().create(alice, "two");
    assertThat(UUID.fromString(first.id()).version()).isEqualTo(7);
    assertThat(second.id()).isNotEqualTo(first.id());
    assertThat(store().find(alice, first.id())).contains(first);
  }

  @Test
  @DisplayName("2.1: a conversation that does not exist is not found")
  void row_2_1_absentIsEmpty() {
    assertThat(store().find(alice, "nothing")).isEmpty();
    assertThat(store().list(alice, ConversationQuery.all()).items()).isEmpty();
    assertThat(store().list(alice, ConversationQuery.all()).cursor()).isNull();
  }

  @Test
  @DisplayName("1.1: a strict create of an existing id is an error and changes nothing")
  void row_1_1_createOfAnExistingIdFails() {
    chat("a");
    say("a", "hello");
    Conversation before = store().find(alice, "a").orElseThrow();
    assertThatThrownBy(() -> store().create(alice, NewConversation.ofId("a").withTitle("other")))
        .isInstanceOf(ConversationExistsException.class);
    assertThat(store().find(alice, "a")).contains(before);
  }

  @Test
  @DisplayName("4.2: create if absent joins what is there")
  void row_4_2_createIfAbsentJoins() {
    Conversation first = store().createIfAbsent(alice, NewConversation.ofId("s").withTitle("one"));
    tick();
    Conversation second = store().createIfAbsent(alice, NewConversation.ofId("s").withTitle("two"));
    assertThat(first.title()).isEqualTo("one");
    assertThat(second).isEqualTo(first);
  }

  @Test
  @DisplayName("1.1: a list starts with the most recently used conversation")
  void row_1_1_listIsByLastUse() {
    for (String id : List.of("a", "b", "c")) {
      chat(id);
      tick();
    }
    assertThat(listed(ConversationQuery.all())).containsExactly("c", "b", "a");
    store().touch(alice, "b");
    tick();
    assertThat(listed(ConversationQuery.all())).containsExactly("b", "c", "a");
    say("a", "hello");
    assertThat(listed(ConversationQuery.all())).containsExactly("a", "b", "c");
  }

  @Test
  @DisplayName("2.1: touch and update move the last use, a delete of a message does not")
  void row_2_1_lastUse() {
    chat("a");
    Instant created = store().find(alice, "a").orElseThrow().updatedAt();
    tick();
    UUID message = say("a", "hello").get(0).id();
    Instant appended = store().find(alice, "a").orElseThrow().updatedAt();
    assertThat(appended).isAfter(created);
    tick();
    store().deleteMessage(alice, "a", message);
    assertThat(store().find(alice, "a").orElseThrow().updatedAt()).isEqualTo(appended);
    tick();
    Conversation touched = store().touch(alice, "a");
    assertThat(touched.updatedAt()).isAfter(appended);
    assertThat(store().find(alice, "a")).contains(touched);
  }

  @Test
  @DisplayName("2.1: list by status, tag and pin; archive")
  void row_2_1_listFilters() {
    store().create(alice, NewConversation.ofId("a").withTags("red"));
    tick();
    store().create(alice, NewConversation.ofId("b").withTags("red", "blue").withPinned(true));
    tick();
    store().create(alice, NewConversation.ofId("c"));
    tick();
    Conversation archived = store().archive(alice, "a");
    assertThat(archived.status()).isEqualTo(ConversationStatus.ARCHIVED);
    ConversationQuery all = ConversationQuery.all();
    assertThat(listed(all.withStatus(ConversationStatus.ACTIVE))).containsExactly("c", "b");
    assertThat(listed(all.withStatus(ConversationStatus.ARCHIVED))).containsExactly("a");
    assertThat(listed(all.withTag("red"))).containsExactly("a", "b");
    assertThat(listed(all.withTag("re"))).isEmpty();
    assertThat(listed(all.withPinned(true))).containsExactly("b");
    assertThat(listed(all.withPinned(false))).containsExactly("a", "c");
    assertThat(listed(all.withTag("red").withPinned(true))).containsExactly("b");
    say("a", "an archived one can be appended to");
    assertThat(store().find(alice, "a").orElseThrow().status())
        .isEqualTo(ConversationStatus.ARCHIVED);
  }

  @Test
  @DisplayName("2.1: list by a key of the metadata and its value")
  void row_2_1_listByMetadata() {
    List<NewConversation> made =
        List.of(
            NewConversation.ofId("text").withMetadata(Map.of("k", "1", "other", true)),
            NewConversation.ofId("number").withMetadata(Map.of("k", 1)),
            NewConversation.ofId("decimal").withMetadata(Map.of("k", new BigDecimal("1.50"))),
            NewConversation.ofId("flag").withMetadata(Map.of("k", true)),
            NewConversation.ofId("nested")
                .withMetadata(Map.of("k", List.of(1, "1", true), "in", Map.of("k", 1))),
            NewConversation.ofId("quoted").withMetadata(Map.of("\"'\u0000", "O'Brien \"\\")),
            NewConversation.ofId("none"));
    made.forEach(conversation -> store().create(alice, conversation));
    ConversationQuery all = ConversationQuery.all();
    assertThat(listed(all.withMetadata("k", "1"))).containsExactly("text");
    assertThat(listed(all.withMetadata("k", 1))).containsExactly("number");
    assertThat(listed(all.withMetadata("k", 1.0))).containsExactly("number");
    assertThat(listed(all.withMetadata("k", 1.5))).containsExactly("decimal");
    assertThat(listed(all.withMetadata("k", true))).containsExactly("flag");
    assertThat(listed(all.withMetadata("k", false))).isEmpty();
    assertThat(listed(all.withMetadata("K", 1))).isEmpty();
    assertThat(listed(all.withMetadata("\"'\u0000", "O'Brien \"\\"))).containsExactly("quoted");
    assertThat(listed(all.withMetadata("k", "1").withMetadata("other", true)))
        .containsExactly("text");
    assertThat(listed(all.withMetadata("k", 1).withMetadata("other", true))).isEmpty();
    assertThat(listed(all.withMetadata("k", 2).withMetadata("k", 1))).containsExactly("number");
    store().update(alice, "none", ConversationUpdate.touch().withMetadata(Map.of("k", 1)));
    assertThat(listed(all.withMetadata("k", 1))).containsExactlyInAnyOrder("none", "number");
    store().delete(alice, "number");
    assertThat(listed(all.withMetadata("k", 1))).containsExactly("none");
    for (Object bad : List.of(List.of(1), Map.of("k", 1), Instant.EPOCH)) {
      assertThatThrownBy(() -> all.withMetadata("k", bad))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  @DisplayName("2.1: list by a part of the title, without case, the same in every store")
  void row_2_1_listByTitle() {
    List<String> titles =
        List.of(
            "Coffee order",
            "STRASSE nach K\u00F6ln",
            "\uFF23\uFF2F\uFF26\uFF26\uFF25\uFF25",
            "\u0130stanbul",
            "100 % _done_",
            "");
    for (String title : titles) {
      store().create(alice, NewConversation.ofId("id of " + title).withTitle(title));
    }
    ConversationQuery all = ConversationQuery.all();
    assertThat(titles(all.withTitleContaining("COFFEE")))
        .containsExactlyInAnyOrder(titles.get(0), titles.get(2));
    assertThat(titles(all.withTitleContaining("coffee o"))).containsExactly(titles.get(0));
    assertThat(titles(all.withTitleContaining("fee  o"))).isEmpty();
    assertThat(titles(all.withTitleContaining("stra\u00DFe"))).containsExactly(titles.get(1));
    assertThat(titles(all.withTitleContaining("KO\u0308LN"))).containsExactly(titles.get(1));
    assertThat(titles(all.withTitleContaining("koln"))).isEmpty();
    assertThat(titles(all.withTitleContaining("ISTAN"))).containsExactly(titles.get(3));
    assertThat(titles(all.withTitleContaining("%"))).containsExactly(titles.get(4));
    assertThat(titles(all.withTitleContaining("_d"))).containsExactly(titles.get(4));
    assertThat(titles(all.withTitleContaining(""))).hasSize(6);
    assertThat(titles(all.withTitleContaining("coffee").withPinned(true))).isEmpty();
  }

  private List<String> titles(ConversationQuery query) {
    return Walks.conversations(store(), alice, query).stream().map(Conversation::title).toList();
  }

  @Test
  @DisplayName("2.1: list by the times of creation and of last use")
  void row_2_1_listByTime() {
    List<Conversation> made = new ArrayList<>();
    for (String id : List.of("a", "b", "c")) {
      chat(id);
      made.add(store().find(alice, id).orElseThrow());
      tick();
    }
    Instant second = made.get(1).createdAt();
    Instant used = store().touch(alice, "a").updatedAt();
    ConversationQuery all = ConversationQuery.all();
    assertThat(listed(all.withCreatedFrom(second))).containsExactly("c", "b");
    assertThat(listed(all.withCreatedFrom(second.plusNanos(1)))).containsExactly("c");
    assertThat(listed(all.withCreatedBefore(second))).containsExactly("a");
    assertThat(listed(all.withCreatedBefore(second.plusNanos(1)))).containsExactly("a", "b");
    assertThat(listed(all.withUpdatedFrom(used))).containsExactly("a");
    assertThat(listed(all.withUpdatedBefore(used))).containsExactly("c", "b");
    assertThat(listed(all.withUpdatedFrom(second).withUpdatedBefore(made.get(2).updatedAt())))
        .containsExactly("b");
    assertThat(walked(all.withUpdatedFrom(StoreLimits.EARLIEST_TIME).withLimit(1))).hasSize(3);
    assertThat(listed(all.withCreatedBefore(second).withUpdatedBefore(used))).isEmpty();
    assertThatThrownBy(() -> all.withUpdatedFrom(Instant.MAX))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("2.1: pages of a filtered list are full, lose nothing and double nothing")
  void row_2_1_filteredListPages() {
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      boolean wanted = i % 7 == 3;
      store()
          .create(
              alice,
              NewConversation.ofId("c" + i)
                  .withTitle(wanted ? "Wanted " + i : "other")
                  .withMetadata(Map.of("wanted", wanted)));
      expected.addAll(wanted ? List.of("c" + i) : List.of());
    }
    ConversationQuery all = ConversationQuery.all();
    for (int limit : new int[] {1, 2, 3, 6, 7}) {
      assertThat(walked(all.withTitleContaining("wanted").withLimit(limit)))
          .containsExactlyInAnyOrderElementsOf(expected);
      assertThat(walked(all.withMetadata("wanted", true).withLimit(limit)))
          .containsExactlyInAnyOrderElementsOf(expected);
    }
    assertThat(store().list(alice, all.withTitleContaining("wanted").withLimit(6)).hasMore())
        .isFalse();
    assertThat(store().list(alice, all.withTitleContaining("wanted").withLimit(5)).hasMore())
        .isTrue();
  }

  @Test
  @DisplayName("2.1: a page has 50 conversations; pages by cursor lose and double nothing")
  void row_2_1_listPages() {
    for (int i = 0; i < 53; i++) {
      chat("c" + i);
    }
    Page<Conversation> first = store().list(alice, ConversationQuery.all());
    assertThat(first.size()).isEqualTo(50);
    assertThat(first.hasMore()).isTrue();
    Page<Conversation> second =
        store().list(alice, ConversationQuery.all().withCursor(first.cursor()));
    assertThat(second.size()).isEqualTo(3);
    assertThat(second.hasMore()).isFalse();
    List<String> ids = new ArrayList<>();
    first.forEach(conversation -> ids.add(conversation.id()));
    second.forEach(conversation -> ids.add(conversation.id()));
    assertThat(ids).doesNotHaveDuplicates().hasSize(53);
    Cursor end = second.cursor();
    assertThat(store().list(alice, ConversationQuery.all().withCursor(end)).items()).isEmpty();
    assertThat(Walks.conversations(store(), alice, ConversationQuery.all().withLimit(1)))
        .hasSize(53);
  }

  @Test
  @DisplayName("3.1: an update writes the fields that it names and keeps the others")
  void row_3_1_updateWritesNamedFields() {
    store()
        .create(
            alice,
            NewConversation.ofId("a")
                .withTitle("t")
                .withSettings(Map.of("s", 1))
                .withMetadata(Map.of("m", 1))
                .withTags("x")
                .withExpiresAt(Instant.parse("2100-01-01T00:00:00Z")));
    tick();
    Conversation titled =
        store().update(alice, "a", ConversationUpdate.touch().withTitle("new").withPinned(true));
    assertThat(titled.title()).isEqualTo("new");
    assertThat(titled.pinned()).isTrue();
    assertThat(titled.settings()).isEqualTo(Map.of("s", 1L));
    assertThat(titled.metadata()).isEqualTo(Map.of("m", 1L));
    assertThat(titled.tags()).containsExactly("x");
    assertThat(titled.expiresAt()).isNotNull();
    Conversation replaced =
        store()
            .update(
                alice,
                "a",
                ConversationUpdate.touch()
                    .withMetadata(Map.of("n", 2))
                    .withSettings(Map.of())
                    .withTags(List.of())
                    .withoutExpiry());
    assertThat(replaced.metadata()).isEqualTo(Map.of("n", 2L));
    assertThat(replaced.settings()).isEmpty();
    assertThat(replaced.tags()).isEmpty();
    assertThat(replaced.expiresAt()).isNull();
    assertThat(replaced.title()).isEqualTo("new");
    assertThat(store().find(alice, "a")).contains(replaced);
  }

  @Test
  @DisplayName("2.3: updating a conversation that does not exist is a clear error")
  void row_2_3_updateOfAnAbsentConversationFails() {
    assertThatThrownBy(() -> store().touch(alice, "none"))
        .isInstanceOf(ConversationNotFoundException.class);
    chat("a");
    store().delete(alice, "a");
    assertThatThrownBy(() -> store().archive(alice, "a"))
        .isInstanceOf(ConversationNotFoundException.class);
  }

  private List<String> walked(ConversationQuery query) {
    return Walks.conversations(store(), alice, query).stream().map(Conversation::id).toList();
  }

  private List<String> listed(ConversationQuery query) {
    return store().list(alice, query).stream().map(Conversation::id).toList();
  }
}
