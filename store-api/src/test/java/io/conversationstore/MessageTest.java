package io.conversationstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class MessageTest {

  private static final UUID ID = new UUID(1, 2);

  private static Message full() {
    return Message.of(Role.ASSISTANT)
        .withId(ID)
        .withContent(new ContentPart.Text("hi"))
        .withToolCalls(ToolCall.function("1", "f", "{}"))
        .withToolCallId("0")
        .withName("n")
        .withToolError(true)
        .withModel("m")
        .withUsage(TokenUsage.of(1, 2))
        .withMetadata(Map.of("a", 1));
  }

  @Test
  void eachFieldIsSetByItsOwnCall() {
    Message message = full();
    assertThat(message.role()).isEqualTo(Role.ASSISTANT);
    assertThat(message.id()).isEqualTo(ID);
    assertThat(message.text()).isEqualTo("hi");
    assertThat(message.toolCalls()).containsExactly(ToolCall.function("1", "f", "{}"));
    assertThat(message.toolCallId()).isEqualTo("0");
    assertThat(message.name()).isEqualTo("n");
    assertThat(message.toolError()).isTrue();
    assertThat(message.model()).isEqualTo("m");
    assertThat(message.usage()).isEqualTo(TokenUsage.of(1, 2));
    assertThat(message.metadata()).isEqualTo(Map.of("a", 1L));
    assertThat(message.toString())
        .isEqualTo("Message[assistant " + ID + ", 1 parts, 1 tool calls]");
  }

  @Test
  void messagesAreEqualIfAllFieldsAre() {
    List<Message> others =
        List.of(
            full().withRole(Role.USER),
            full().withId(null),
            full().withContent(List.of()),
            full().withToolCalls(List.of()),
            full().withToolCallId(null),
            full().withName(null),
            full().withToolError(false),
            full().withModel(null),
            full().withUsage(null),
            full().withMetadata(Map.of()));
    assertThat(full()).isEqualTo(full()).hasSameHashCodeAs(full());
    Set<Message> different = new LinkedHashSet<>(others);
    different.add(full());
    assertThat(different).hasSize(others.size() + 1);
    assertThat(full().withRole(Role.USER).withRole(Role.ASSISTANT)).isEqualTo(full());
  }

  @Test
  void aCopyWithAnotherIdSharesEverythingElse() {
    Message message = full();
    Message copy = message.withId(new UUID(3, 4));
    assertThat(copy.metadata()).isSameAs(message.metadata());
    assertThat(copy.content()).isSameAs(message.content());
    assertThat(copy.toolCalls()).isSameAs(message.toolCalls());
    assertThat(message.withId(ID)).isSameAs(message);
  }

  @Test
  void namesAndCountsAreChecked() {
    Message message = Message.user("x");
    assertThatThrownBy(() -> message.withName("")).hasMessage("name must not be empty");
    assertThatThrownBy(() -> message.withModel("m".repeat(256)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("model must be at most 255 characters");
    assertThatThrownBy(() -> message.withUsage(new TokenUsage(2_000_000_000_000L, 0, 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("promptTokens");
    assertThat(message.withToolCallId("a\0").toolCallId()).isEqualTo("a\uFFFD");
  }
}
