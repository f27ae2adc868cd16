package io.conversationstore.hybrid;

import io.conversationstore.ConversationStore;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.postgres.PostgresStore;
import io.conversationstore.testkit.ReferenceStore;
import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * External input for some seconds with new seeds each day; {@code -Dstore.seed} repeats one, and
 * {@code InputFuzzIT} runs for minutes. Seeds that found a fault are kept.
 */
@ExtendWith(SharedServer.class)
class InputFuzzTest {

  private static final int STEPS = 30;

  @TempDir Path directory;

  /** Runs seeds one after the other until the time is over; returns their number. */
  static int run(Path directory, long first, Duration time) {
    long end = System.nanoTime() + time.toNanos();
    int seeds = 0;
    Map<String, ConversationStore> stores = open(directory);
    try {
      do {
        new InputFuzz(stores, directory, first + seeds).run(STEPS);
        seeds++;
      } while (System.nanoTime() < end);
    } finally {
      stores.values().forEach(ConversationStore::close);
    }
    return seeds;
  }

  private static Map<String, ConversationStore> open(Path directory) {
    TestPostgres server = SharedServer.get();
    Map<String, ConversationStore> stores = new LinkedHashMap<>();
    stores.put("model", ReferenceStore.create(Clock.systemUTC()));
    stores.put("files", ConversationStores.inFiles(directory.resolve("files")));
    stores.put("database", PostgresStore.open(options(server, server.createDatabase())));
    stores.put(
        "hybrid",
        HybridStore.open(
            options(server, server.createDatabase()),
            JsonFileOptions.in(directory.resolve("copy")),
            HybridOptions.defaults()));
    return stores;
  }

  private static PostgresOptions options(TestPostgres server, String database) {
    // A loaded machine must not count as a failure.
    return PostgresOptions.url(server.jdbcUrl(database))
        .withLogin(server.user(), server.password())
        .withNetworkTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(60))
        .withStatementTimeouts(Duration.ofSeconds(50), Duration.ofSeconds(40));
  }

  static long today() {
    return LocalDate.now(ZoneOffset.UTC).toEpochDay() * 1_000_000;
  }

  @Test
  void row_5_2_acceptedByAllAndReadBackOrRefusedByAll() {
    Long seed = Long.getLong("store.seed");
    if (seed != null) {
      run(directory, seed, Duration.ZERO);
    } else {
      run(directory, today(), Duration.ofSeconds(6));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 20787000012L, 20787000019L, 1796016664106L})
  void row_5_2_seedsThatAreAlwaysTried(long seed) {
    run(directory, seed, Duration.ZERO);
  }
}
