package io.conversationstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CopyLimitsTest {
  @Test
  void isToTheMillisecond() {
    Duration odd = Duration.ofNanos(1_999_999);
    assertThat(CopyLimits.NONE.activeWithin(odd).activeWithin()).isEqualTo(Duration.ofMillis(1));
  }

  @Test
  void refusesWhatMakesNoSense() {
    for (Duration window :
        new Duration[] {Duration.ZERO, Duration.ofDays(-1), Duration.ofSeconds(Long.MAX_VALUE)}) {
      assertThatThrownBy(() -> CopyLimits.NONE.activeWithin(window))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("activeWithin");
    }
    assertThat(CopyLimits.NONE.maxBytes(103).maxContentBytes()).isEqualTo(25);
    assertThat(CopyLimits.NONE.maxContentBytes()).isEqualTo(Long.MAX_VALUE);
    assertThatThrownBy(() -> CopyLimits.NONE.maxBytes(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("maxBytes must not be negative, but was -1");
  }
}
