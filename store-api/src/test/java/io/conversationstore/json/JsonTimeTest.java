package io.conversationstore.json;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.StoreLimits;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoUnit;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTimeTest {
  private static final DateTimeFormatter JDK =
      new DateTimeFormatterBuilder().appendInstant(6).toFormatter();

  @Test
  void isWhatTheJdkWritesAndReads() {
    Random random = new Random(1);
    for (int i = 0; i < 100_000; i++) {
      Instant time =
          Instant.ofEpochSecond(
              random.nextLong(-62_167_219_200L, 253_402_300_800L), random.nextInt(1_000_000_000));
      String text = JsonTime.format(time);
      assertThat(text).isEqualTo(JDK.format(time));
      Instant read = JsonTime.parse(text);
      assertThat(read == null ? Json.time("at", text) : read)
          .isEqualTo(time.truncatedTo(ChronoUnit.MICROS));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-02-29T00:00:00.000000Z",
        "2026-13-01T00:00:00.000000Z",
        "2026-00-01T00:00:00.000000Z",
        "2026-01-00T00:00:00.000000Z",
        "2026-01-01T24:00:00.000000Z",
        "2026-01-01T00:60:00.000000Z",
        "2026-01-01T00:00:60.000000Z",
        "2026-01-01 00:00:00.000000Z",
        "2026-01-01T00:00:00.000000+",
        "2026-01-01T00:00:00.00000\u0660Z",
        "2026-01-01T00:00:00Z",
        ""
      })
  void leavesTheRestToTheJdk(String text) {
    assertThat(JsonTime.parse(text)).isNull();
  }

  @Test
  void yearsWithoutFourDigitsAreWrittenAndReadAsTheNearestTimeWithin() {
    for (Instant time : new Instant[] {Instant.MIN, Instant.MAX, Instant.EPOCH}) {
      Instant within =
          time.equals(Instant.MIN)
              ? StoreLimits.EARLIEST_TIME
              : time.equals(Instant.MAX) ? StoreLimits.LATEST_TIME : time;
      assertThat(Json.time("at", JsonTime.format(time))).isEqualTo(within);
      assertThat(Json.time("at", JDK.format(time))).isEqualTo(within);
    }
  }

  @Test
  void leapDays() {
    Instant leap = Instant.parse("2024-02-29T23:59:59.999999Z");
    assertThat(JsonTime.parse("2024-02-29T23:59:59.999999Z")).isEqualTo(leap);
  }
}
