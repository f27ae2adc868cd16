package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.ToolCall;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.Transitions;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteBehindCopyTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  private final List<State> taken = new ArrayList<>();

  private static ConversationState header(String id) {
    return Transitions.created(
        ALICE,
        NewConversation.withId(id),
        id,
        0,
        1,
        Instant.parse("2026-03-01T12:00:00Z"),
        UUID.randomUUID());
  }

  /** Only callers that wait for a write perform it. */
  private WriteBehindCopy copy(Path directory, Consumer<List<State>> put) {
    ThreadClockwork clockwork = new ThreadClockwork();
    clockwork.stop();
    return new WriteBehindCopy(
        JsonFileStore.openEngine(JsonFileOptions.in(directory)), clockwork, put, () -> {});
  }

  @Test
  void ofTwoHeadersThatComeInTheWrongOrderTheLaterIsTaken(@TempDir Path directory) {
    ConversationState first = header("chat");
    ConversationState deleted = first.next(null, first.lastSeq());
    try (WriteBehindCopy copy = copy(directory, taken::addAll)) {
      copy.soon(List.of(deleted));
      copy.soon(List.of(first));
      assertThat(copy.latest(ALICE, "chat")).isEqualTo(deleted);
      assertThat(copy.latest(ALICE, "other")).isNull();
      copy.catchUp();
      assertThat(copy.latest(ALICE, "chat")).isNull();
    }
    assertThat(taken).containsExactly(deleted);
  }

  @Test
  void whatIsBeingWrittenMayBeLaterThanWhatWaits(@TempDir Path directory) {
    ConversationState first = header("chat");
    ConversationState deleted = first.next(null, first.lastSeq());
    AtomicReference<WriteBehindCopy> copy = new AtomicReference<>();
    List<ConversationState> latest = new ArrayList<>();
    try (WriteBehindCopy made =
        copy(
            directory,
            states -> {
              if (states.contains(deleted)) {
                copy.get().soon(List.of(first));
                latest.add(copy.get().latest(ALICE, "chat"));
              }
            })) {
      copy.set(made);
      made.soon(List.of(deleted));
      made.catchUp();
    }
    assertThat(latest).containsExactly(deleted);
  }

  @Test
  void manyRowsWaitForNothing(@TempDir Path directory) {
    try (WriteBehindCopy copy = copy(directory, taken::addAll)) {
      for (int i = 0; i < 1_000; i++) {
        copy.soon(List.of(header("c" + i)));
      }
      assertThat(taken).isEmpty();
      copy.soon(List.of(header("one more")));
      assertThat(taken).hasSize(1_001);
    }
  }

  @Test
  void whatWaitsIsWrittenBeforeTheFilesAreClosed(@TempDir Path directory) {
    List<Boolean> open = new ArrayList<>();
    AtomicReference<WriteBehindCopy> copy = new AtomicReference<>();
    copy.set(
        copy(
            directory,
            states -> {
              taken.addAll(states);
              open.add(copy.get().identity().storeId() == null);
            }));
    ConversationState chat = header("chat");
    copy.get().soon(List.of(chat));
    copy.get().close();
    assertThat(taken).containsExactly(chat);
    assertThat(open).containsExactly(true);
  }

  @Test
  void anErrorIsThrownOnAndWhatComesLaterIsWritten(@TempDir Path directory) {
    AtomicBoolean once = new AtomicBoolean(true);
    ConversationState later = header("later");
    try (WriteBehindCopy copy =
        copy(
            directory,
            states -> {
              if (once.compareAndSet(true, false)) {
                throw new StackOverflowError("for this test");
              }
              taken.addAll(states);
            })) {
      copy.soon(List.of(header("first")));
      assertThatThrownBy(copy::catchUp).isInstanceOf(StackOverflowError.class);
      copy.soon(List.of(later));
      assertThat(copy.find(ALICE, "chat").live()).isNull();
    }
    assertThat(taken).containsExactly(later);
  }

  @Test
  void whatAMessageHoldsBesidesItsTextCountsForItsSize() {
    String text = "x".repeat(1_000);
    assertThat(ContentSize.of(Message.user(text))).isEqualTo(1_000);
    assertThat(ContentSize.of(Message.calling(ToolCall.function("c", "f", text)))).isEqualTo(1_000);
    assertThat(
            ContentSize.of(
                Message.of(Role.ASSISTANT, new ContentPart.Reasoning(text, "signature"))))
        .isGreaterThan(1_000);
    assertThat(
            ContentSize.of(
                Message.of(Role.USER, ContentPart.Media.of("image/png", new byte[1_000]))))
        .isEqualTo(1_000);
    assertThat(
            ContentSize.of(
                Message.of(
                    Role.USER,
                    new ContentPart.Unknown(Map.of("type", "new", "list", List.of(text))))))
        .isGreaterThan(1_000);
    assertThat(ContentSize.of(Message.user("").withMetadata(Map.of("nested", Map.of("key", text)))))
        .isGreaterThan(1_000);
  }
}
