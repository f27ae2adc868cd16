package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationTooLargeException;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.StoreLimits;
import io.conversationstore.StoredMessage;
import io.conversationstore.testkit.StoreFixture.Capability;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Values accepted at a limit are readable by every reader; values beyond it are refused on input.
 */
abstract class LimitContract extends ContractBase {

  private static final String KEY = "k".repeat(StoreLimits.MAX_KEY_CHARACTERS);
  private static final BigDecimal LARGE =
      BigDecimal.TEN.pow(StoreLimits.MAX_NUMBER_DIGITS - 1).subtract(BigDecimal.ONE);
  private static final BigDecimal SMALL =
      new BigDecimal("7").movePointLeft(StoreLimits.MAX_NUMBER_DIGITS - 1);

  @Override
  StoreLimits limits() {
    return StoreLimits.DEFAULT.withMaxJsonDepth(StoreLimits.MAX_JSON_DEPTH);
  }

  @Test
  @DisplayName("3.5: a conversation that is too large for a save is not read at once")
  void row_3_5_readsOfLargeConversationsAreRefused() {
    chat("a");
    int size = 2 << 20;
    int fitting = StoreLimits.DEFAULT.maxBulkBytes() / size - 1;
    for (int i = 0; i < fitting; i++) {
      say("a", "x".repeat(size));
    }
    ConversationDocument whole = store().read(alice, "a");
    assertThat(whole.messages()).hasSize(fitting);
    store().save(alice, whole);
    say("a", "x".repeat(size));
    assertThatThrownBy(() -> store().read(alice, "a"))
        .isInstanceOf(ConversationTooLargeException.class)
        .hasMessageContaining("maxBulkBytes");
  }

  /** Objects each at one limit. */
  private static List<Map<String, @Nullable Object>> extremes() {
    return List.of(
        Map.of(KEY, "x"),
        Map.of("large", LARGE, "negative", LARGE.negate(), "small", SMALL),
        Map.of("é".repeat(StoreLimits.MAX_KEY_CHARACTERS), 1),
        Map.of("long", "x".repeat(limitsOfText())),
        InputContract.nested(StoreLimits.MAX_JSON_DEPTH));
  }

  private static int limitsOfText() {
    return StoreLimits.DEFAULT.maxMetadataBytes() - 100;
  }

  @Test
  @DisplayName("5.2: input at a limit can be read back and blocks nobody else")
  void row_5_2_whatIsAcceptedIsReadByEveryReader() {
    Owner bob = user("bob");
    store().create(bob, NewConversation.ofId("chat"));
    store().append(bob, "chat", Message.user("x"));
    List<Conversation> conversations = new ArrayList<>();
    for (Map<String, @Nullable Object> extreme : extremes()) {
      String id = "chat " + conversations.size();
      store().create(alice, NewConversation.ofId(id).withMetadata(extreme).withSettings(extreme));
      UUID first = store().append(alice, id, Message.user("x").withMetadata(extreme)).get(0).id();
      store().append(alice, id, Message.of(Role.USER, Generators.unknown(extreme)));
      store().edit(alice, id, first, MessageEdit.of(List.of(Generators.unknown(extreme))));
      conversations.add(
          store()
              .update(
                  alice,
                  id,
                  ConversationUpdate.touch().withMetadata(extreme).withSettings(extreme)));
    }
    List<StoredMessage> history = Walks.history(store(), alice, Direction.FORWARD, 10);
    assertThat(history).hasSize(2 * extremes().size());
    store().erase(bob);
    for (int i = 0; i < 2; i++) {
      for (Conversation conversation : conversations) {
        boolean same =
            store().find(alice, conversation.id()).map(conversation::equals).orElse(false);
        assertThat(same).as(conversation.id()).isTrue();
      }
      assertThat(Walks.history(store(), alice, Direction.FORWARD, 10).equals(history)).isTrue();
      if (has(Capability.PERSISTS)) {
        reopen();
      }
    }
  }

  @Test
  @DisplayName("5.2: a key, a number or a nesting beyond the limit is rejected before it is stored")
  void row_5_2_whatIsBeyondIsRefused() {
    chat("a");
    Map<String, @Nullable Object> key = Map.of("outer", Map.of(KEY + "k", "x"));
    Map<String, @Nullable Object> deep = InputContract.nested(StoreLimits.MAX_JSON_DEPTH + 1);
    for (Map<String, @Nullable Object> bad : List.of(key, deep)) {
      refused(() -> store().append(alice, "a", Message.user("x").withMetadata(bad)));
      refused(() -> store().append(alice, "a", Message.of(Role.USER, Generators.unknown(bad))));
      refused(() -> store().create(alice, NewConversation.ofId("b").withSettings(bad)));
      refused(() -> store().update(alice, "a", ConversationUpdate.touch().withMetadata(bad)));
      refused(
          () ->
              store()
                  .save(
                      alice,
                      ConversationDocument.of(
                          NewConversation.ofId("b"),
                          List.of(Message.user("x").withMetadata(bad)))));
    }
    refused(() -> Message.user("x").withMetadata(Map.of("n", LARGE.movePointRight(2))));
    assertThat(texts("a")).isEmpty();
    assertThat(store().find(alice, "b")).isEmpty();
  }

  @Test
  @DisplayName("5.2: times are in the years 1 to 9999, which every store can keep")
  void row_5_2_timesAreInTheYears1To9999() {
    chat("a");
    for (Instant bad :
        List.of(
            Instant.MAX,
            Instant.MIN,
            StoreLimits.LATEST_TIME.plusSeconds(1),
            StoreLimits.EARLIEST_TIME.minusNanos(1))) {
      refused(() -> store().create(alice, NewConversation.ofId("b").withExpiresAt(bad)));
      refused(() -> store().update(alice, "a", ConversationUpdate.touch().withExpiresAt(bad)));
      refused(() -> ConversationDocument.Entry.of(Message.user("x")).withCreatedAt(bad));
    }
    for (Instant good : List.of(StoreLimits.LATEST_TIME, StoreLimits.EARLIEST_TIME)) {
      String id = "at " + good;
      store().create(alice, NewConversation.ofId(id).withExpiresAt(good));
      assertThat(store().find(alice, id).orElseThrow().expiresAt()).isEqualTo(good);
      store().update(alice, "a", ConversationUpdate.touch().withExpiresAt(good));
      if (has(Capability.PERSISTS)) {
        reopen();
      }
      assertThat(store().find(alice, id).orElseThrow().expiresAt()).isEqualTo(good);
      assertThat(store().find(alice, "a").orElseThrow().expiresAt()).isEqualTo(good);
    }
  }

  private static void refused(ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class);
  }
}
