package io.conversationstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.transfer.TransferOptions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Copies of options and requests. */
class OptionsTest {

  private static final Cursor PLACE = new Cursor("x");
  private static final Instant TIME = Instant.parse("2030-01-01T00:00:00Z");

  private static void refused(ThrowingCallable call, String text) {
    assertThatThrownBy(call).isInstanceOf(StoreConfigurationException.class).hasMessage(text);
  }

  @Test
  void aWrongLimitIsNamed() {
    refused(
        () -> StoreLimits.DEFAULT.withMaxMessageBytes(0),
        "maxMessageBytes must be 1 to 134,217,728, but was 0");
    refused(
        () -> StoreLimits.DEFAULT.withMaxMessagesPerAppend(-1),
        "maxMessagesPerAppend must be at least 1, but was -1");
    refused(
        () -> StoreLimits.DEFAULT.withMaxJsonDepth(501),
        "maxJsonDepth must be 1 to 500, but was 501");
  }

  @Test
  void wrongTransferOptionsAreNamed() {
    TransferOptions options = TransferOptions.defaults();
    refused(() -> options.withBatchBytes(0), "batchBytes must be 1 to 16,777,216, but was 0");
    refused(() -> options.withZone(null), "zone must not be null");
    refused(() -> options.withProgress(null), "progress must not be null");
    refused(() -> options.withLimits(null), "limits must not be null");
    StoreLimits small = StoreLimits.DEFAULT.withMaxBulkBytes(100);
    assertThat(options.withLimits(small).batchBytes()).isEqualTo(100);
    TransferOptions all =
        options.withKeepHeaders(true).withZone(ZoneOffset.MAX).withBatchBytes(7).withLimits(small);
    assertThat(all.keepHeaders()).isTrue();
    assertThat(all.zone()).isEqualTo(ZoneOffset.MAX);
    assertThat(all.batchBytes()).isEqualTo(7);
    assertThat(all.limits()).isEqualTo(small);
  }

  @Test
  void aWrongScheduleIsNamed() {
    refused(
        () -> RetentionSchedule.OFF.withInterval(Duration.ZERO),
        "the interval of the retention schedule must be PT1M to PT168H, but was PT0S");
    refused(
        () -> RetentionSchedule.OFF.withMessageAge(null),
        "the message age of the retention schedule must not be null");
  }

  @Test
  void limitsKeepEachOther() {
    StoreLimits limits =
        StoreLimits.DEFAULT
            .withMaxMessageBytes(1)
            .withMaxMetadataBytes(2)
            .withMaxJsonDepth(3)
            .withMaxMessagesPerAppend(4)
            .withMaxBulkBytes(5)
            .withMaxUserMessageCharacters(6);
    assertThat(limits)
        .hasToString(
            "StoreLimits[maxMessageBytes=1, maxMetadataBytes=2, maxJsonDepth=3,"
                + " maxMessagesPerAppend=4, maxBulkBytes=5, maxUserMessageCharacters=6]")
        .isNotEqualTo(StoreLimits.DEFAULT)
        .isEqualTo(limits.withMaxJsonDepth(3));
  }

  @Test
  void everyQueryContinuesAtACursor() {
    assertThat(ConversationQuery.all().withLimit(3).withPinned(true).withTag("t").withCursor(PLACE))
        .hasToString(
            "ConversationQuery[status=null, tag=t, pinned=true, 0 keys of metadata, title=false,"
                + " updated=null/null, created=null/null, cursor=x, limit=3]")
        .isEqualTo(
            ConversationQuery.all().withTag("t").withCursor(PLACE).withPinned(true).withLimit(3))
        .isNotEqualTo(ConversationQuery.all().withMetadata("k", 1));
    assertThat(MessageQuery.last(3).withCursor(PLACE).withLimit(4))
        .hasToString("MessageQuery[direction=BACKWARD, cursor=x, limit=4, start=null]");
    assertThat(ToolQuery.of("f").withConversationId("c").withCursor(PLACE).withLimit(4))
        .hasToString("ToolQuery[toolName=f, conversationId=c, cursor=x, limit=4]");
    SearchQuery search =
        SearchQuery.of("tea").withConversationId("c").withRole(Role.USER).withCursor(PLACE);
    assertThat(search.cursor()).isEqualTo(PLACE);
    assertThat(search.withCursor(null))
        .isEqualTo(SearchQuery.of("tea").withRole(Role.USER).withConversationId("c"));
    assertThatThrownBy(() -> MessageQuery.last(1).withLimit(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("limit must be 1 to 1000, but was 0");
  }

  @Test
  void aNewConversationKeepsEachField() {
    NewConversation header =
        NewConversation.titled("t")
            .withSettings(Map.of("a", 1))
            .withMetadata(Map.of("b", 2))
            .withTags("y", "x", "y")
            .withPinned(true)
            .withExpiresAt(TIME)
            .withId("c");
    assertThat(header.id()).isEqualTo("c");
    assertThat(header.title()).isEqualTo("t");
    assertThat(header.settings()).isEqualTo(Map.of("a", 1L));
    assertThat(header.metadata()).isEqualTo(Map.of("b", 2L));
    assertThat(header.tags()).containsExactly("x", "y");
    assertThat(header.pinned()).isTrue();
    assertThat(header.expiresAt()).isEqualTo(TIME);
    assertThat(NewConversation.ofId("c")).isEqualTo(NewConversation.titled("").withId("c"));
    assertThat(header.withTitle("u").withId("d").settings()).isSameAs(header.settings());
  }

  @Test
  void anUpdateKeepsEachField() {
    ConversationUpdate update =
        ConversationUpdate.touch()
            .withTitle("t")
            .withStatus(ConversationStatus.ARCHIVED)
            .withSettings(Map.of("a", 1))
            .withMetadata(Map.of())
            .withTags("x")
            .withPinned(false)
            .withExpiresAt(TIME);
    assertThat(update.title()).isEqualTo("t");
    assertThat(update.status()).isEqualTo(ConversationStatus.ARCHIVED);
    assertThat(update.settings()).isEqualTo(Map.of("a", 1L));
    assertThat(update.metadata()).isEmpty();
    assertThat(update.tags()).containsExactly("x");
    assertThat(update.pinned()).isFalse();
    assertThat(update.expiresAt()).isEqualTo(TIME);
    assertThat(update.withoutExpiry().expiresAt()).isNull();
    assertThat(update.withoutExpiry().clearExpiry()).isTrue();
    assertThat(update.withoutExpiry().withExpiresAt(TIME)).isEqualTo(update);
    assertThat(ConversationUpdate.touch().withTags(List.of()).tags()).isEmpty();
  }

  @Test
  void aDocumentNeedsAnId() {
    ConversationDocument.Entry entry = ConversationDocument.Entry.of(Message.user("x"));
    ConversationDocument document =
        ConversationDocument.ofEntries(
            NewConversation.ofId("c"), List.of(entry.withCreatedAt(TIME)));
    assertThat(document.messages().get(0).createdAt()).isEqualTo(TIME);
    assertThat(document.withMessages(List.of(entry)))
        .isEqualTo(ConversationDocument.of(NewConversation.ofId("c"), List.of(Message.user("x"))));
    assertThatThrownBy(() -> document.withConversation(NewConversation.titled("t")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs a conversation id");
  }
}
