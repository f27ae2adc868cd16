package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.AppendCondition;
import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.PrimaryStore;
import java.lang.reflect.Modifier;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Slow calls are told by their kind, their time and their end, and by nothing that is in them. */
class SlowCallsTest {

  private static final String MARKER = "jL4wZ8marker";
  private static final Owner OWNER = Owner.of(MARKER, MARKER);

  private final List<String> told = new ArrayList<>();
  private final AtomicLong millis = new AtomicLong();

  /** A clock that a call moves on by this much. */
  private PrimaryStore timed(PrimaryStore engine, long callMillis) {
    return new TimedEngine(
        engine, Duration.ofMillis(200), () -> 1_000_000 * millis.getAndAdd(callMillis), told::add);
  }

  private static Change append() {
    return new Change.MessagesAppended(
        new ChangeStamp(
            UUID.randomUUID(), OWNER, ChangeStamp.PRESENT_EPOCH, Instant.now(), UUID.randomUUID()),
        ConversationRef.live(MARKER),
        List.of(NewMessage.of(UUID.randomUUID(), Message.user(MARKER))),
        AppendCondition.always(),
        false);
  }

  @Test
  void onlySlowCallsAreLogged() {
    try (PrimaryStore engine = PostgresStore.openEngine(Databases.create().options())) {
      timed(engine, 199).find(OWNER, MARKER);
      assertThat(told).isEmpty();
      timed(engine, 200).find(OWNER, MARKER);
      assertThatThrownBy(() -> timed(engine, 201).apply(append(), ApplyMode.LIVE))
          .isInstanceOf(RuntimeException.class);
      timed(engine, 7_000).applyAll(List.of());
    }
    assertThat(told)
        .containsExactly(
            "Slow call: find, 200 ms, done",
            "Slow call: MessagesAppended, 201 ms, failed with ConversationNotFoundException",
            "Slow call: batch of 0, 7000 ms, done");
  }

  @Test
  void failuresAreLoggedWithTheirSqlState() {
    PostgresOptions away = PostgresOptions.at("127.0.0.1", 1, MARKER).withLogin(MARKER, MARKER);
    try (PrimaryStore engine = PostgresStore.openEngine(away)) {
      assertThatThrownBy(() -> timed(engine, 300).apply(append(), ApplyMode.LIVE))
          .isInstanceOf(EngineFailureException.class);
    }
    assertThat(told)
        .containsExactly("Slow call: MessagesAppended, 300 ms, failed with SQLSTATE 08001");
  }

  @Test
  void theThresholdIsPositiveOrZero() {
    PostgresOptions options = PostgresOptions.at("localhost", 5432, "d");
    assertThatThrownBy(() -> options.withSlowCallLog(Duration.ofMillis(-1)))
        .isInstanceOf(StoreConfigurationException.class);
    assertThat(options.values().slowCall).isEqualTo(Duration.ofSeconds(1));
    assertThat(options.withSlowCallLog(Duration.ZERO).values().slowCall).isZero();
  }

  @Test
  void everyMethodOfTheEngineIsForwardedDefaultsIncluded() {
    assertThat(PrimaryStore.class.getMethods())
        .filteredOn(method -> !Modifier.isStatic(method.getModifiers()))
        .hasSizeGreaterThan(30)
        .allSatisfy(
            method ->
                assertThat(
                        TimedEngine.class
                            .getMethod(method.getName(), method.getParameterTypes())
                            .getDeclaringClass())
                    .isEqualTo(TimedEngine.class));
  }
}
