package io.conversationstore.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.Role;
import io.conversationstore.TokenUsage;
import io.conversationstore.ToolCall;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelJsonTest {

  private static Message read(String json) {
    return ModelJson.readMessage(Json.parse(json));
  }

  private static String write(Message message) {
    return Json.text(out -> ModelJson.write(out, message));
  }

  @Test
  void row_5_2_theChatMessageShapeOfModelApisIsRead() {
    Message message =
        read(
            """
            {"role": "assistant", "content": null, "tool_calls": [
              {"id": "call_0", "type": "function",
               "function": {"name": "search", "arguments": "{\\"q\\":  \\"tea\\""}}]}
            """);
    assertThat(message)
        .isEqualTo(Message.calling(ToolCall.function("call_0", "search", "{\"q\":  \"tea\"")));
  }

  @Test
  void row_3_2_nullEmptyAndPartsAreThreeThings() {
    assertThat(read("{\"role\":\"user\",\"content\":null}").content()).isEmpty();
    assertThat(read("{\"role\":\"user\"}").content()).isEmpty();
    assertThat(read("{\"role\":\"user\",\"content\":\"\"}").content())
        .containsExactly(new ContentPart.Text(""));
    assertThat(write(Message.user(""))).contains("\"content\":\"\"");
    assertThat(write(read("{\"role\":\"user\"}"))).contains("\"content\":null");
  }

  @Test
  void row_5_2_everyFieldComesBack() {
    Message message =
        Message.of(
                Role.TOOL,
                new ContentPart.Text("a"),
                new ContentPart.Reasoning("why", "sig"),
                ContentPart.Media.of("image/png", new byte[] {0, -1, 7}),
                ContentPart.Media.at("image/gif", "https://example.org/i.gif"),
                new ContentPart.Unknown(Map.of("type", "video", "n", 1)))
            .withName("Zoë")
            .withToolError(true)
            .withModel("gpt")
            .withUsage(TokenUsage.of(3, 4))
            .withMetadata(Map.of("deep", Map.of("list", List.of(1, "x", true))));
    assertThat(read(write(message))).isEqualTo(message);
  }

  @Test
  void row_5_2_aPartOfAKnownTypeWithAFieldMoreIsKeptWhole() {
    Message message =
        read("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"hi\",\"x\":[1]}]}");
    assertThat(message.content()).singleElement().isInstanceOf(ContentPart.Unknown.class);
    assertThat(message.text()).isEqualTo("hi");
    assertThat(read(write(message))).isEqualTo(message);
  }

  @Test
  void row_5_2_anUnknownFieldOfAMessageIsKeptInItsMetadata() {
    Message message = read("{\"role\":\"user\",\"content\":\"x\",\"refusal\":\"no\",\"a\":null}");
    assertThat(message.metadata()).isEqualTo(Map.of("refusal", "no"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"role\":\"SECRET\"}",
        "{\"role\":\"user\",\"content\":7}",
        "{\"role\":\"user\",\"content\":[\"SECRET\"]}",
        "{\"role\":\"user\",\"id\":\"SECRET\"}",
        "{\"role\":\"user\",\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\"}]}",
        "{\"role\":\"user\",\"usage\":{\"prompt_tokens\":\"SECRET\"}}",
        "{\"role\":\"user\",\"metadata\":\"SECRET\"}",
        "[]",
        "{\"role\":\"user\",\"content\":\"SECRET",
        "{\"role\":\"user\"} SECRET",
        ""
      })
  void row_4_10_whatIsNotAMessageIsRefusedWithoutItsContent(String json) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> read(json))
        .satisfies(
            e -> {
              // A wire name is no content, and is shown.
              if (!json.contains("\"role\":\"SECRET\"")) {
                assertThat(e).hasMessageNotContaining("SECRET");
              }
              assertThat(e).message().isNotBlank();
            });
  }

  @Test
  void theDigestIsOfTheContentAlone() {
    Message message = Message.user("hello").withMetadata(Map.of("b", 1, "a", 2.0));
    assertThat(ModelJson.digest(message))
        .hasSize(32)
        .isEqualTo(ModelJson.digest(message.withId(UUID.randomUUID())))
        .isEqualTo(ModelJson.digest(Message.user("hello").withMetadata(Map.of("a", 2, "b", 1.0))))
        .isNotEqualTo(ModelJson.digest(Message.user("hello")))
        .isNotEqualTo(ModelJson.digest(Message.assistant("hello").withMetadata(Map.of())));
  }

  @Test
  void theDigestNeverChanges() {
    // Kept in files and databases for good: a change here is a change of the format.
    assertThat(ModelJson.digest(Message.user("hello")))
        .isEqualTo("b5344ebd07750817371cf4670e556b15");
  }
}
