package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.StoreState.Mode;
import io.conversationstore.hybrid.internal.connection.Availability;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.github.resilience4j.circuitbreaker.CircuitBreakerRegistry;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** When the database is taken out of use. */
class AvailabilityTest {

  private final AtomicInteger lost = new AtomicInteger();
  private final Availability availability =
      new Availability(
          Clock.systemUTC(),
          CircuitBreakerRegistry.ofDefaults(),
          () -> false,
          lost::incrementAndGet,
          () -> {});

  private void fail(FailureKind kind) {
    availability.failed(
        availability.tag(), new EngineFailureException(kind, true, "of the test", null));
  }

  private Mode mode() {
    return availability.snapshot().mode();
  }

  @Test
  void halfOfTheCallsBeingSlowCausesAFallback() {
    availability.reached();
    fail(FailureKind.SLOW);
    assertThat(mode()).isEqualTo(Mode.ONLINE);
    for (int i = 0; i < 4; i++) {
      fail(FailureKind.SLOW);
    }
    assertThat(mode()).isEqualTo(Mode.OFFLINE);
    assertThat(lost).hasValue(1);
  }

  /** The rate counts from the fifth call on, which may be a success. */
  @Test
  void theRateMayBeReachedByACallThatSucceeds() {
    availability.reached();
    for (int i = 0; i < 4; i++) {
      fail(FailureKind.SLOW);
    }
    assertThat(mode()).isEqualTo(Mode.ONLINE);
    long tag = availability.tag();
    availability.answered(tag, 1);
    assertThat(mode()).isEqualTo(Mode.OFFLINE);
    assertThat(lost).hasValue(1);
    // A late result changes nothing.
    availability.reached();
    availability.answered(tag, 1);
    availability.failed(
        tag, new EngineFailureException(FailureKind.UNAVAILABLE, true, "late", null));
    assertThat(mode()).isEqualTo(Mode.ONLINE);
  }

  @Test
  void contentionCausesNoFallback() {
    availability.reached();
    for (int i = 0; i < 30; i++) {
      fail(FailureKind.CONTENTION);
    }
    assertThat(mode()).isEqualTo(Mode.ONLINE);
    fail(FailureKind.UNAVAILABLE);
    assertThat(mode()).isEqualTo(Mode.OFFLINE);
    assertThat(lost).hasValue(1);
  }
}
