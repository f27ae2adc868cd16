package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.StoreConfigurationException;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class HybridOptionsTest {

  @Test
  void aWrongOptionIsNamed() {
    Duration second = Duration.ofSeconds(1);
    Map<String, UnaryOperator<HybridOptions>> wrong =
        Map.of(
            "limits must not be null", options -> options.withLimits(null),
            "copyLimits must not be null", options -> options.withCopyLimits(null),
            "drainBatch must be 1 to 100,000, but was 0", options -> options.withDrainBatch(0),
            "feedPage must be 1 to 100,000, but was 100,001",
                options -> options.withFeedPage(100_001),
            "mirrorInterval must be positive and at most PT24H, but was PT0S",
                options -> options.withMirrorInterval(Duration.ZERO),
            "longestProbe must not be shorter than firstProbe",
                options -> options.withProbes(second, second.dividedBy(2)));
    wrong.forEach(
        (text, change) ->
            assertThatThrownBy(() -> change.apply(HybridOptions.defaults()))
                .isInstanceOf(StoreConfigurationException.class)
                .hasMessage(text));
    HybridOptions options = HybridOptions.defaults().withProbes(second, second).withFeedPage(7);
    assertThat(options.withDrainBatch(9).longestProbe()).isEqualTo(second);
    assertThat(options.withDrainBatch(9).feedPage()).isEqualTo(7);
    assertThat(options.drainBatch()).isEqualTo(200);
  }
}
