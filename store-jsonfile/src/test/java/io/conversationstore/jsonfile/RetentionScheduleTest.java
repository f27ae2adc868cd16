package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.RetentionSchedule;
import io.conversationstore.testkit.ManualClock;
import io.conversationstore.testkit.ManualTimer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store of files alone runs retention by itself. */
class RetentionScheduleTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Duration HOUR = Duration.ofHours(1);

  @TempDir Path directory;

  private final ManualClock clock = new ManualClock(Instant.parse("2026-03-01T12:00:00Z"));
  private final ManualTimer timer = new ManualTimer();

  private JsonFileOptions options() {
    return JsonFileOptions.in(directory)
        .withClock(clock, UUID::randomUUID)
        .withRetention(
            RetentionSchedule.OFF
                .withMessageAge(Duration.ofDays(7))
                .withArchiveAfter(Duration.ofDays(90)));
  }

  private void pass(Duration time) {
    clock.advance(time);
    timer.advance(time);
  }

  @Test
  void row_0_5_and_2_6_itDeletesAndArchivesByItself() {
    try (ConversationStore store = JsonFileStore.open(options(), timer)) {
      for (String id : new String[] {"a", "pinned"}) {
        store.create(ALICE, NewConversation.ofId(id));
        store.append(ALICE, id, Message.user("x"));
      }
      store.update(ALICE, "pinned", ConversationUpdate.touch().withPinned(true));
      pass(Duration.ofDays(7));
      assertThat(store.count(ALICE).messages()).isEqualTo(2);
      pass(HOUR.multipliedBy(2));
      assertThat(store.last(ALICE, "a", 10)).isEmpty();
      assertThat(store.last(ALICE, "pinned", 10)).hasSize(1);
      assertThat(store.find(ALICE, "a").orElseThrow().status())
          .isEqualTo(ConversationStatus.ACTIVE);
      pass(Duration.ofDays(84));
      assertThat(store.find(ALICE, "a").orElseThrow().status())
          .isEqualTo(ConversationStatus.ARCHIVED);
    }
    assertThat(timer.isIdle()).isTrue();
  }
}
