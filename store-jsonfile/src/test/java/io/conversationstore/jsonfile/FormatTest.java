package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The shape of lines as docs/format-jsonfile.md shows it, and the results of its jq commands. */
class FormatTest {
  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Owner BOB = Owner.of("acme", "bob");

  private final MemoryFiles files = new MemoryFiles();

  private List<JsonNode> lines(String beginning) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    ObjectMapper mapper = new ObjectMapper();
    for (String name : files.list()) {
      if (name.startsWith(beginning)) {
        String text = new String(files.bytes(name), StandardCharsets.UTF_8).strip();
        for (String line : text.split("\n")) {
          lines.add(mapper.readTree(line));
        }
      }
    }
    return lines;
  }

  /**
   * Like {@code jq 'select(.name) | .name'} over files whose names begin with {@code beginning}.
   */
  private List<JsonNode> values(String beginning, String name) throws IOException {
    return lines(beginning).stream().filter(line -> line.has(name)).map(l -> l.get(name)).toList();
  }

  private static List<String> fields(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /** {@code .apply.messages[]?.message.content} of the log, {@code .row.message.content}. */
  private List<String> texts() throws IOException {
    Stream<JsonNode> written =
        values("log-", "apply").stream()
            .flatMap(apply -> apply.path("messages").valueStream())
            .map(message -> message.path("message").path("content"));
    Stream<JsonNode> kept =
        values("snapshot-", "row").stream().map(row -> row.path("message").path("content"));
    return Stream.concat(written, kept).filter(JsonNode::isTextual).map(JsonNode::asText).toList();
  }

  @Test
  void theCommandsFindTextsOfTheLogAndOfSnapshots() throws IOException {
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      store.create(ALICE, NewConversation.ofId("chat"));
      store.append(ALICE, "chat", Message.user("one"), Message.assistant("two"));
      engine.compact();
      store.append(ALICE, "chat", Message.user("three"));
      assertThat(texts()).containsExactlyInAnyOrder("one", "two", "three");
      assertThat(values("log-", "apply"))
          .extracting(apply -> apply.get("change").asText())
          .containsExactly("messages_appended");
    }
  }

  @Test
  void anErasureSaysWhatItRemovedAndASnapshotKeepsIt() throws IOException {
    try (FileEngine engine = Memory.engine(files)) {
      ConversationStore store = Memory.front(engine);
      store.create(BOB, NewConversation.ofId("chat"));
      store.append(BOB, "chat", Message.user("one"));
      store.erase(BOB);
      JsonNode removed = values("log-", "removed").get(0);
      assertThat(fields(removed)).containsExactly("at", "conversations", "messages");
      assertThat(values("log-", "gone")).hasSize(2).allMatch(gone -> gone.asText().isBlank());
      engine.compact();
      JsonNode owner = values("snapshot-", "owner").get(0);
      assertThat(fields(owner)).containsExactly("tenant_id", "user_id", "epoch", "erasures");
      assertThat(fields(owner.get("erasures").get(0)))
          .containsExactly("id", "at", "conversations", "messages");
      assertThat(owner.get("erasures").get(0).get("messages").asInt()).isEqualTo(1);
      assertThat(fields(values("snapshot-", "meta").get(0)))
          .containsExactly("standalone", "recent");
    }
  }

  @Test
  void aPendingChangeThatIsErasedLeavesWhatOthersDependOn() throws IOException {
    Instant now = Instant.parse("2026-01-02T03:04:05Z");
    ChangeStamp stamp = new ChangeStamp(new UUID(0, 1), BOB, 0, now, new UUID(1, 1));
    ChangeStamp later = new ChangeStamp(new UUID(0, 2), BOB, 0, now, new UUID(1, 1));
    try (FileEngine engine = Memory.engine(files)) {
      engine.enqueue(new Change.ConversationCreated(stamp, NewConversation.ofId("chat"), false));
      engine.enqueue(new Change.OwnerErased(later));
      JsonNode was = values("log-", "was").get(0);
      assertThat(fields(was))
          .containsExactly(
              "id",
              "tenant_id",
              "user_id",
              "epoch",
              "time",
              "creates_anyway",
              "deletes",
              "preferences",
              "ids",
              "created");
      assertThat(was.get("ids").get(0).asText()).isEqualTo("chat");
    }
  }
}
