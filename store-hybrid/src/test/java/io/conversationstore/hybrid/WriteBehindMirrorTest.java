package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ContentPart;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.ToolCall;
import io.conversationstore.hybrid.internal.mirror.WriteBehindMirror;
import io.conversationstore.hybrid.internal.support.ContentSize;
import io.conversationstore.hybrid.internal.support.ThreadScheduler;
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

class WriteBehindMirrorTest {

  private static final Owner ALICE = Owner.of("acme", "alice");

  private final List<State> taken = new ArrayList<>();

  private static ConversationState header(String id) {
    return Transitions.created(
        ALICE,
        NewConversation.ofId(id),
        id,
        0,
        1,
        Instant.parse("2026-03-01T12:00:00Z"),
        UUID.randomUUID());
  }

  /** Only callers that wait for a write perform it. */
  private WriteBehindMirror copy(Path directory, Consumer<List<State>> put) {
    ThreadScheduler scheduler = new ThreadScheduler();
    scheduler.stop();
    return new WriteBehindMirror(
        JsonFileStore.openEngine(JsonFileOptions.in(directory)), scheduler, put, () -> {});
  }

  @Test
  void ofTwoHeadersThatComeInTheWrongOrderTheLaterIsTaken(@TempDir Path directory) {
    ConversationState first = header("chat");
    ConversationState deleted = first.next(null, first.lastSeq());
    try (WriteBehindMirror copy = copy(directory, taken::addAll)) {
      copy.defer(List.of(deleted));
      copy.defer(List.of(first));
      assertThat(copy.latest(ALICE, "chat")).isEqualTo(deleted);
      assertThat(copy.latest(ALICE, "other")).isNull();
      copy.flush();
      assertThat(copy.latest(ALICE, "chat")).isNull();
    }
    assertThat(taken).containsExactly(deleted);
  }

  @Test
  void whatIsBeingWrittenMayBeLaterThanWhatWaits(@TempDir Path directory) {
    ConversationState first = header("chat");
    ConversationState deleted = first.next(null, first.lastSeq());
    AtomicReference<WriteBehindMirror> copy = new AtomicReference<>();
    List<ConversationState> latest = new ArrayList<>();
    try (WriteBehindMirror made =
        copy(
            directory,
            states -> {
              if (states.contains(deleted)) {
                copy.get().defer(List.of(first));
                latest.add(copy.get().latest(ALICE, "chat"));
              }
            })) {
      copy.set(made);
      made.defer(List.of(deleted));
      made.flush();
    }
    assertThat(latest).containsExactly(deleted);
  }

  @Test
  void manyRowsWaitForNothing(@TempDir Path directory) {
    try (WriteBehindMirror copy = copy(directory, taken::addAll)) {
      for (int i = 0; i < 1_000; i++) {
        copy.defer(List.of(header("c" + i)));
      }
      assertThat(taken).isEmpty();
      copy.defer(List.of(header("one more")));
      assertThat(taken).hasSize(1_001);
    }
  }

  @Test
  void whatWaitsIsWrittenBeforeTheFilesAreClosed(@TempDir Path directory) {
    List<Boolean> open = new ArrayList<>();
    AtomicReference<WriteBehindMirror> copy = new AtomicReference<>();
    copy.set(
        copy(
            directory,
            states -> {
              taken.addAll(states);
              open.add(copy.get().identity().storeId() == null);
            }));
    ConversationState chat = header("chat");
    copy.get().defer(List.of(chat));
    copy.get().close();
    assertThat(taken).containsExactly(chat);
    assertThat(open).containsExactly(true);
  }

  @Test
  void anErrorIsThrownOnAndWhatComesLaterIsWritten(@TempDir Path directory) {
    AtomicBoolean once = new AtomicBoolean(true);
    ConversationState later = header("later");
    try (WriteBehindMirror copy =
        copy(
            directory,
            states -> {
              if (once.compareAndSet(true, false)) {
                throw new StackOverflowError("for this test");
              }
              taken.addAll(states);
            })) {
      copy.defer(List.of(header("first")));
      assertThatThrownBy(copy::flush).isInstanceOf(StackOverflowError.class);
      copy.defer(List.of(later));
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
