package io.conversationstore.cli.format;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ContentPart;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolCall;
import io.conversationstore.testkit.ManualClock;
import io.conversationstore.testkit.ReferenceStore;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Files for people. */
class WritersTest {

  private static final Owner BOB = Owner.of("acme", "bob");
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  private static String written(ExportFormat format, String title, Message... messages)
      throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ConversationWriter writer = format.writer(out, NOW);
    writer.begin();
    try (ConversationStore store = ReferenceStore.create(new ManualClock(NOW))) {
      Conversation conversation = store.create(BOB, NewConversation.ofId("c1").withTitle(title));
      store.append(BOB, "c1", messages);
      writer.conversation(conversation);
      for (StoredMessage message : store.last(BOB, "c1", 100)) {
        writer.message(message);
      }
    }
    writer.endConversation();
    writer.end();
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void htmlEscapesEverythingAndHasNoScript() throws IOException {
    String attack = "<script>alert(1)</script>\" onload='x' &amp;";
    String html =
        written(
            ExportFormat.HTML,
            attack,
            Message.user(attack),
            Message.calling(ToolCall.function("<i>", "<b>", attack)),
            Message.toolResult("<i>", "<b>", attack),
            Message.of(
                io.conversationstore.Role.USER,
                ContentPart.Media.at("<u>", "javascript:alert(1)"),
                ContentPart.Media.of("image/png", new byte[] {1, 2}),
                ContentPart.Media.of("image/svg+xml", new byte[] {1, 2})));
    assertThat(html)
        .doesNotContain("<script")
        .doesNotContain("<b>alert")
        .doesNotContain("href")
        .doesNotContain("image/svg+xml;base64")
        .contains("default-src 'none'")
        .contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp;amp;")
        .contains("src=\"data:image/png;base64,AQI=\"")
        .endsWith("</html>\n");
  }

  @Test
  void csvQuotesAndDisarmsFormulas() throws IOException {
    String csv =
        written(
            ExportFormat.CSV,
            "a,b",
            Message.user("say \"hi\"\nnow"),
            Message.user("=HYPERLINK(1)"));
    String[] rows = csv.split("\r\n");
    assertThat(rows).hasSize(3);
    assertThat(rows[0]).startsWith("tenant_id,user_id,conversation_id,title,seq,");
    assertThat(rows[1])
        .startsWith("acme,bob,c1,\"a,b\",1,")
        .contains("user,,\"say \"\"hi\"\"\nnow\",");
    assertThat(rows[2]).contains(",'=HYPERLINK(1),");
  }

  @Test
  void markdownFencesAreLongerThanTheirContent() throws IOException {
    String markdown =
        written(
            ExportFormat.MARKDOWN,
            "*Tea* <b>",
            Message.calling(ToolCall.function("c", "run", "```\n````")),
            Message.assistant("**done**"));
    assertThat(markdown)
        .startsWith("# \\*Tea\\* \\<b\\>\n")
        .contains("`````\n```\n````\n`````\n")
        .contains("\n**done**\n");
  }

  @Test
  void chatLinesHoldWhatModelsTake() throws IOException {
    String line =
        written(
            ExportFormat.CHAT,
            "T",
            Message.user("hi"),
            Message.calling(ToolCall.function("c", "f", "{ }")),
            Message.toolResult("c", "f", "ok"));
    assertThat(line)
        .isEqualTo(
            "{\"conversation_id\":\"c1\",\"title\":\"T\",\"messages\":["
                + "{\"role\":\"user\",\"content\":\"hi\"},"
                + "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c\","
                + "\"type\":\"function\",\"function\":{\"name\":\"f\",\"arguments\":\"{ }\"}}]},"
                + "{\"role\":\"tool\",\"content\":\"ok\",\"tool_call_id\":\"c\",\"name\":\"f\"}"
                + "]}\n");
  }
}
