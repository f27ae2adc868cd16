package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** External input for minutes ({@code -Dfaults.minutes}), from a seed given by the clock. */
@ExtendWith(SharedServer.class)
class InputFuzzIT {

  @TempDir Path directory;

  @Test
  void acceptedByAllAndReadBackOrRefusedByAll() {
    long first = Long.getLong("store.seed", System.currentTimeMillis());
    int seeds =
        InputFuzzTest.run(directory, first, Duration.ofMinutes(Long.getLong("faults.minutes", 2)));
    System.out.printf("FUZZ first=%d seeds=%d%n", first, seeds);
    assertThat(seeds).isPositive();
  }
}
