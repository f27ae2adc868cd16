package io.conversationstore.hybrid.internal.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.Message;
import io.conversationstore.TokenUsage;
import io.conversationstore.hybrid.internal.overlay.PendingContents.Source;
import io.conversationstore.hybrid.internal.overlay.PendingTail.Waiting;
import io.conversationstore.json.ModelJson;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PendingTailTest {

  private final PendingTail tail = new PendingTail();
  private final Map<UUID, Waiting> model = new LinkedHashMap<>();

  private static Waiting appended(Random random, UUID messageId) {
    UUID change = new UUID(random.nextLong(), random.nextLong());
    return new Waiting(
        1,
        ModelJson.digest(Message.user(String.valueOf(random.nextInt()))),
        Instant.ofEpochSecond(random.nextInt(), random.nextInt(1_000_000) * 1_000L),
        null,
        null,
        random.nextInt(3),
        new Source(change, change, messageId),
        null);
  }

  /** A message that differs from a plain append in one respect. */
  private static Waiting unusual(Random random, UUID messageId) {
    Waiting w = appended(random, messageId);
    Source source = w.append();
    UUID part = new UUID(random.nextLong(), 1);
    return switch (random.nextInt(9)) {
      case 0 -> with(w, 2, w.digest(), w.createdAt(), null, null, source, null);
      case 1 -> with(w, 1, "digest of another version", w.createdAt(), null, null, source, null);
      case 2 ->
          with(w, 1, w.digest().toUpperCase(Locale.ROOT), w.createdAt(), null, null, source, null);
      case 3 -> with(w, 1, w.digest(), w.createdAt().plusNanos(1), null, null, source, null);
      case 4 -> with(w, 1, w.digest(), Instant.MAX, null, null, source, null);
      case 5 -> with(w, 1, w.digest(), w.createdAt(), w.createdAt(), null, source, null);
      case 6 -> with(w, 1, w.digest(), w.createdAt(), null, new TokenUsage(1, 2, 3), source, null);
      case 7 ->
          with(
              w,
              1,
              w.digest(),
              w.createdAt(),
              null,
              null,
              new Source(source.change(), part, messageId),
              null);
      default -> with(w, 1, w.digest(), w.createdAt(), null, null, source, source);
    };
  }

  private static Waiting with(
      Waiting w,
      long version,
      String digest,
      Instant createdAt,
      Instant editedAt,
      TokenUsage usage,
      Source append,
      Source edit) {
    return new Waiting(version, digest, createdAt, editedAt, usage, w.named(), append, edit);
  }

  private void requireSame() {
    assertThat(tail.size()).isEqualTo(model.size());
    assertThat(tail.ids()).containsExactlyElementsOf(model.keySet());
    model.forEach((id, waiting) -> assertThat(tail.get(id)).isEqualTo(waiting));
    int place = 0;
    for (UUID id : model.keySet()) {
      assertThat(tail.ids().indexOf(id)).isEqualTo(place++);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void isLikeAMapThatKeepsTheOrder(long seed) {
    Random random = new Random(seed);
    List<UUID> used = new ArrayList<>();
    int steps = random.nextInt(4_000) + 1;
    for (int step = 0; step < steps; step++) {
      int kind = random.nextInt(1_000);
      UUID id =
          used.isEmpty() || kind < 500
              ? new UUID(step / 50, random.nextInt())
              : used.get(random.nextInt(used.size()));
      if (kind < 700) {
        used.add(id);
        Waiting waiting = random.nextInt(4) == 0 ? unusual(random, id) : appended(random, id);
        tail.put(id, waiting);
        model.put(id, waiting);
      } else if (kind < 900) {
        assertThat(tail.remove(id)).isEqualTo(model.remove(id) != null);
      } else if (kind < 990) {
        assertThat(tail.get(id)).isEqualTo(model.get(id));
        assertThat(tail.contains(id)).isEqualTo(model.containsKey(id));
        UUID change = new UUID(random.nextLong(), 0);
        assertThat(tail.anyAppendedBy(change::equals)).isFalse();
        assertThat(tail.anyAppendedBy(any -> true)).isEqualTo(!model.isEmpty());
        model.values().stream()
            .skip(model.size() / 2)
            .findFirst()
            .map(waiting -> waiting.append().change())
            .ifPresent(one -> assertThat(tail.anyAppendedBy(one::equals)).isTrue());
      } else if (kind < 998) {
        requireSame();
      } else {
        tail.clear();
        model.clear();
      }
    }
    requireSame();
  }

  @Test
  void isEmptyAfterAllAreRemovedAndCanBeFilledAgain() {
    Random random = new Random(7);
    for (int round = 0; round < 3; round++) {
      for (int i = 0; i < 1_500; i++) {
        UUID id = new UUID(i, round);
        Waiting waiting = appended(random, id);
        tail.put(id, waiting);
        model.put(id, waiting);
      }
      requireSame();
      for (UUID id : List.copyOf(model.keySet())) {
        model.remove(id);
        tail.remove(id);
      }
      requireSame();
    }
  }
}
