package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.spi.EngineFailureException;
import java.io.IOException;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A write for which no segment can be begun. */
class SegmentBeginTest {
  private static final Owner ALICE = Owner.of("acme", "alice");

  @Test
  void isKnownNotToHaveHappened() throws IOException {
    MemoryFiles files = new MemoryFiles();
    try (ConversationStore store = Memory.store(files)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      store.append(ALICE, "chat", Message.user("x".repeat(5_000)));
      Message refused = Message.user("refused").withId(new UUID(1, 2));
      files.failNextCreateOf("log-");
      EngineFailureException failure =
          catchThrowableOfType(
              EngineFailureException.class, () -> store.append(ALICE, "chat", refused));
      assertThat(failure.isOutcomeUnknown()).isFalse();
      assertThat(failure).hasRootCauseMessage("CREATE failed");
      assertThat(store.last(ALICE, "chat", 10)).hasSize(1);
      store.append(ALICE, "chat", refused);
      assertThat(store.last(ALICE, "chat", 10)).hasSize(2);
    }
  }
}
