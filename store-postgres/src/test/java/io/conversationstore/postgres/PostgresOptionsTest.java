package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.StoreConfigurationException;
import java.time.Duration;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class PostgresOptionsTest {

  @Test
  void aMissingOptionIsNamed() {
    PostgresOptions options = PostgresOptions.at("localhost", 5432, "chat");
    Duration second = Duration.ofSeconds(1);
    Map<String, UnaryOperator<PostgresOptions>> wrong =
        Map.of(
            "limits", each -> each.withLimits(null),
            "clock", each -> each.withClock(null),
            "ids", each -> each.withIds(null),
            "random", each -> each.withRandom(null),
            "retention", each -> each.withRetention(null),
            "the schema name", each -> each.withSchema(null),
            "the lock time-out", each -> each.withStatementTimeouts(second, null),
            "the idle time-out", each -> each.withPoolTimeouts(null, second),
            "dataSource", each -> PostgresOptions.dataSource(null),
            "the JDBC URL", each -> PostgresOptions.url(null));
    wrong.forEach(
        (name, change) ->
            assertThatThrownBy(() -> change.apply(options))
                .isInstanceOf(StoreConfigurationException.class)
                .hasMessage(name + " must not be null"));
  }
}
