package io.conversationstore.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.Message;
import io.conversationstore.StoredMessage;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class HistoryCheckerTest {

  private final HistoryRecorder recorder = new HistoryRecorder();
  private final StoredMessage one = message(1, "one");
  private final StoredMessage two = message(2, "two");
  private final StoredMessage three = message(3, "three");

  private static StoredMessage message(long seq, String text) {
    return new StoredMessage(
        "c", new UUID(0, seq), seq, Instant.EPOCH.plusSeconds(seq), null, Message.user(text));
  }

  private HistoryChecker.Verdict check(StoredMessage... read) {
    return recorder.checker().check(id -> List.of(read));
  }

  @Test
  void whatWasAcknowledgedIsThere() {
    recorder.acknowledged("w", "c", one);
    recorder.acknowledged("w", "c", two);
    recorder.unknown("w", "c", three.id());
    assertThat(check(one, two).isClean()).isTrue();
    assertThat(check(one, two, three).isClean()).isTrue();
    assertThat(check(one).lost()).containsExactly("c/" + two.id());
    assertThat(check(one, two, two).doubled()).containsExactly("c/" + two.id());
    assertThat(check(two, one).reordered()).containsExactly("c/" + one.id());
    assertThat(check(one, message(2, "other")).different()).containsExactly("c/" + two.id());
  }

  @Test
  void writersAreNotOrderedAgainstEachOther() {
    recorder.acknowledged("v", "c", one);
    recorder.acknowledged("w", "c", two);
    assertThat(check(two, one).isClean()).isTrue();
  }

  @Test
  void whatFailedIsNotThereAndWhatIsUnknownMayBe() {
    recorder.failed("w", "c", one.id());
    recorder.unknown("w", "c", two.id());
    recorder.failed("w", "c", two.id());
    recorder.failed("w", "c", three.id());
    recorder.acknowledged("w", "c", three);
    assertThat(check(three).isClean()).isTrue();
    assertThat(check(two, three).isClean()).isTrue();
    assertThat(check(one, three).different()).containsExactly("c/" + one.id());
    assertThat(check().lost()).containsExactly("c/" + three.id());
  }
}
