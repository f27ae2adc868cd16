package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.Transitions;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteBehindCopyTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  @Test
  void ofTwoHeadersThatComeInTheWrongOrderTheLaterIsTaken(@TempDir Path directory) {
    ConversationState first =
        Transitions.created(
            ALICE,
            NewConversation.withId("chat"),
            "chat",
            0,
            1,
            Instant.parse("2026-03-01T12:00:00Z"),
            UUID.randomUUID());
    ConversationState deleted = first.next(null, first.lastSeq());
    List<State> taken = new ArrayList<>();
    try (LocalStore files = JsonFileStore.openEngine(JsonFileOptions.in(directory))) {
      ThreadClockwork clockwork = new ThreadClockwork();
      WriteBehindCopy copy = new WriteBehindCopy(files, clockwork, taken::addAll);
      clockwork.stop();
      copy.soon(List.of(deleted));
      copy.soon(List.of(first));
      copy.catchUp();
    }
    assertThat(taken).containsExactly(deleted);
  }
}
