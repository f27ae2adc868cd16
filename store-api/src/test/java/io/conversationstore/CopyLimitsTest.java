package io.conversationstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CopyLimitsTest {
  @Test
  void isToTheMillisecond() {
    Duration odd = Duration.ofNanos(1_999_999);
    assertThat(CopyLimits.NONE.withActiveWithin(odd).activeWithin())
        .isEqualTo(Duration.ofMillis(1));
  }

  @Test
  void refusesWhatMakesNoSense() {
    for (Duration window :
        new Duration[] {Duration.ZERO, Duration.ofDays(-1), Duration.ofSeconds(Long.MAX_VALUE)}) {
      assertThatThrownBy(() -> CopyLimits.NONE.withActiveWithin(window))
          .isInstanceOf(StoreConfigurationException.class)
          .hasMessageContaining("activeWithin");
    }
    assertThat(CopyLimits.NONE.withMaxBytes(103).maxContentBytes()).isEqualTo(25);
    assertThat(CopyLimits.NONE.maxContentBytes()).isEqualTo(Long.MAX_VALUE);
    assertThatThrownBy(() -> CopyLimits.NONE.withMaxBytes(-1))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("maxBytes must be at least 0, but was -1");
  }

  @Test
  void withoutASettingTheSizeIsAQuarterOfTheDiskUpToFourGigabytes() {
    assertThat(CopyLimits.DEFAULT.onDisk(700, 100)).isEqualTo(CopyLimits.NONE.withMaxBytes(200));
    long most = CopyLimits.MOST_BY_DISK;
    assertThat(CopyLimits.DEFAULT.onDisk(5 * most, 0).maxBytes()).isEqualTo(most);
    assertThat(CopyLimits.DEFAULT.onDisk(Long.MAX_VALUE, Long.MAX_VALUE).maxBytes())
        .isEqualTo(most);
    assertThat(CopyLimits.DEFAULT.withActiveWithin(Duration.ofDays(1)).onDisk(800, 0))
        .isEqualTo(CopyLimits.NONE.withActiveWithin(Duration.ofDays(1)).withMaxBytes(200));
    assertThatThrownBy(CopyLimits.DEFAULT::maxContentBytes)
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aSizeThatIsSetDoesNotDependOnTheDisk() {
    CopyLimits set = CopyLimits.NONE.withMaxBytes(5);
    assertThat(set.onDisk(700, 100)).isEqualTo(set);
    assertThat(CopyLimits.NONE.onDisk(700, 100)).isEqualTo(CopyLimits.NONE);
  }
}
