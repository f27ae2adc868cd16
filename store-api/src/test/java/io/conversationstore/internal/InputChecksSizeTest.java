package io.conversationstore.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.StoreLimits;
import io.conversationstore.TokenUsage;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A message's size is held to the byte, also where its JSON is not written to know it. */
class InputChecksSizeTest {

  private static StoreLimits limit(long bytes) {
    return StoreLimits.DEFAULT.withMaxMessageBytes((int) bytes);
  }

  private static void assertHeldToTheByte(Message message) {
    long size = new InputChecks(StoreLimits.DEFAULT).check(message);
    assertThatCode(() -> new InputChecks(limit(size)).checkTurn(List.of(message)))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> new InputChecks(limit(size - 1)).checkTurn(List.of(message)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maxMessageBytes");
    assertThat(size).isPositive();
  }

  @Test
  void theLongestSpellingOfEachCharacterCounts() {
    for (String character : List.of("a", "\u0001", "\"", "é", "漢", "🙂")) {
      assertHeldToTheByte(Message.assistant(character.repeat(10_000)));
    }
  }

  @Test
  void allFieldsAndManyPartsCount() {
    String name = "\u0001".repeat(200);
    Message full =
        Message.toolResult(name, name, "x")
            .withId(UUID.randomUUID())
            .withModel(name)
            .withUsage(
                new TokenUsage(
                    TokenUsage.MAX_PER_MESSAGE,
                    TokenUsage.MAX_PER_MESSAGE,
                    TokenUsage.MAX_PER_MESSAGE));
    assertHeldToTheByte(full);
    ContentPart[] parts = new ContentPart[5_000];
    Arrays.fill(parts, new ContentPart.Text(""));
    assertHeldToTheByte(Message.of(Role.ASSISTANT, parts));
    assertHeldToTheByte(
        Message.of(Role.ASSISTANT, new ContentPart.Reasoning("r".repeat(500), "s")));
  }
}
