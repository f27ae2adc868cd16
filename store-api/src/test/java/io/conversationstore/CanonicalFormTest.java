package io.conversationstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CanonicalFormTest {

  @Test
  void row_5_11_nulAndLoneSurrogatesBecomeReplacementCharacters() {
    assertThat(Message.user("a\0b").text()).isEqualTo("a\uFFFDb");
    assertThat(Message.user("\uD800").text()).isEqualTo("\uFFFD");
    assertThat(Message.user("x\uDC00y").text()).isEqualTo("x\uFFFDy");
    assertThat(Message.user("\uDC00\uD800").text()).isEqualTo("\uFFFD\uFFFD");
    assertThat(ToolCall.function("c", "f", "{\0}").arguments()).isEqualTo("{\uFFFD}");
  }

  @Test
  void cleanTextIsKeptToTheLetter() {
    String text = "pairs \uD83D\uDE00 stay, as do \u200F and \uFFFF and \r\n";
    assertThat(Message.user(text).text()).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "a\0", "\uD800", "\uDC00x"})
  void row_0_3_badTenantsAndUsersAreRefused(String id) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Owner.of(id, "user"))
        .withMessageContaining("tenantId");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Owner.of("tenant", id))
        .withMessageContaining("userId");
  }

  @Test
  void anIdMayHave255CharactersAndNotMore() {
    assertThat(NewConversation.ofId("x".repeat(255)).id()).hasSize(255);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NewConversation.ofId("x".repeat(256)))
        .withMessageContaining("255");
  }

  @Test
  void row_1_1_aTitleMayHave500CharactersAndNotMore() {
    assertThat(NewConversation.titled("t".repeat(500)).title()).hasSize(500);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NewConversation.titled("t".repeat(501)))
        .withMessageContaining("500")
        .withMessageNotContaining("ttt");
  }

  @Test
  void numbersHaveOneSpelling() {
    Message message =
        Message.user("x")
            .withMetadata(
                Map.of(
                    "int",
                    1,
                    "double",
                    1.0,
                    "exponent",
                    new BigDecimal("1E+3"),
                    "fraction",
                    new BigDecimal("0.50"),
                    "huge",
                    BigInteger.TWO.pow(70),
                    "minus zero",
                    -0.0));
    assertThat(message.metadata())
        .containsEntry("int", 1L)
        .containsEntry("double", 1L)
        .containsEntry("exponent", 1000L)
        .containsEntry("fraction", new BigDecimal("0.5"))
        .containsEntry("huge", new BigDecimal("1180591620717411303424"))
        .containsEntry("minus zero", 0L);
  }

  @Test
  void whatIsNotJsonIsRefusedByItsType() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Message.user("x").withMetadata(Map.of("at", new Object())))
        .withMessageContaining("metadata")
        .withMessageContaining("java.lang.Object");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Message.user("x").withMetadata(Map.of("n", Double.NaN)))
        .withMessageContaining("NaN");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Message.user("x").withMetadata(Map.of("n", new BigDecimal("1E+99999"))))
        .withMessageContaining("digits");
  }

  @Test
  void endlessNestingIsRefused() {
    List<Object> nested = new ArrayList<>();
    nested.add(nested);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Message.user("x").withMetadata(Map.of("deep", nested)))
        .withMessageContaining("deeper than");
  }

  @Test
  void nothingThatIsHandedOutAliasesWhatWasHandedIn() {
    Map<String, Object> metadata = new HashMap<>();
    metadata.put("list", new ArrayList<>(List.of("a")));
    Message message = Message.user("x").withMetadata(metadata);
    metadata.put("other", 1);
    assertThat(message.metadata()).isEqualTo(Map.of("list", List.of("a")));
    assertThat(message.metadata().getClass())
        .isEqualTo(Collections.unmodifiableMap(new HashMap<>()).getClass());
    byte[] bytes = {1, 2};
    ContentPart.Media media = ContentPart.Media.of("image/png", bytes);
    bytes[0] = 9;
    assertThat(media.data()).containsExactly(1, 2);
  }

  @Test
  void row_4_10_noTextRepresentationShowsContent() {
    String secret = "SECRET-MARKER";
    Message message =
        Message.user(secret)
            .withMetadata(Map.of("k", secret))
            .withToolCalls(ToolCall.function("id", "f", secret));
    assertThat(message.toString()).doesNotContain(secret);
    assertThat(message.toolCalls().toString()).doesNotContain(secret);
    assertThat(message.content().toString()).doesNotContain(secret);
    assertThat(NewConversation.titled(secret).toString()).doesNotContain(secret);
    assertThat(ConversationUpdate.touch().withTitle(secret).toString()).doesNotContain(secret);
  }
}
