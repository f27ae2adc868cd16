package io.conversationstore.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.conversationstore.Cursor;
import io.conversationstore.spi.CodePointOrder;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.UuidV7;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdentityTest {

  private static final UUID HISTORY = UUID.fromString("018f0000-0000-7000-8000-000000000001");

  @Test
  void uuidsAscendAlsoWhileTheClockStandsStill() {
    Clock still = Clock.fixed(Instant.parse("2026-01-01T00:00:00Z"), ZoneOffset.UTC);
    UuidV7 ids = new UuidV7(still, new Random(1));
    List<String> made = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      UUID id = ids.get();
      assertThat(id.version()).isEqualTo(7);
      assertThat(id.variant()).isEqualTo(2);
      made.add(id.toString());
    }
    assertThat(made).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void codePointOrderIsTheOrderOfUtf8Bytes() {
    List<String> texts =
        new ArrayList<>(
            List.of("", "a", "ab", "b", "\u00e9", "\uFF5E", "\uFFFD", "\uD83D\uDE00", "\uE000"));
    List<String> byBytes = new ArrayList<>(texts);
    byBytes.sort(
        Comparator.comparing(
            text -> text.getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
    texts.sort(CodePointOrder.INSTANCE);
    assertThat(texts).isEqualTo(byBytes);
  }

  @Test
  void positionsSurviveTheirTextForm() {
    UUID pending = UUID.randomUUID();
    Position.InConversation inConversation = new Position.InConversation(HISTORY, 1, 2, 3, pending);
    assertThat(Cursors.inConversation(Cursors.encode(inConversation))).isEqualTo(inConversation);
    Position.InHistory inHistory =
        new Position.InHistory(
            HISTORY, Instant.parse("1969-12-31T23:59:59.999999Z"), "a|b\uD83D\uDE00|", 9, null);
    assertThat(Cursors.inHistory(Cursors.encode(inHistory))).isEqualTo(inHistory);
    // Further from 1970 than a long of nanoseconds reaches.
    for (String time : List.of("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")) {
      Position.InHistory far =
          new Position.InHistory(HISTORY, Instant.parse(time), "chat", 1, null);
      assertThat(Cursors.inHistory(Cursors.encode(far))).isEqualTo(far);
    }
    Position.InHistory overlaid =
        new Position.InHistory(HISTORY, Instant.EPOCH, "", 0, pending + ".none.17");
    assertThat(Cursors.inHistory(Cursors.encode(overlaid))).isEqualTo(overlaid);
    Position.InConversations inConversations =
        new Position.InConversations(HISTORY, Instant.parse("2026-01-01T00:00:00.000001Z"), "|");
    assertThat(Cursors.inConversations(Cursors.encode(inConversations))).isEqualTo(inConversations);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "!!!", "bXw", "bXx4fHl8enx3fHY", "YXxifGN8ZHxlfGY"})
  void whatIsNoCursorIsRefused(String token) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cursors.inConversation(new Cursor(token)))
        .withMessageContaining("cursor");
  }
}
