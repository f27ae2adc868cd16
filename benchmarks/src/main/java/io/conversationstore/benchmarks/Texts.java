package io.conversationstore.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Texts of messages. The same number gives the same text in every store. Thread-safe.
 *
 * <p>Without a file their lengths follow 19,425 messages of task dialogues with tool calls and
 * results: half are below 62 characters, a tenth above 398, the mean is 141.
 */
final class Texts {

  /** Share of messages in hundredths of a percent, and the length in characters up to there. */
  private static final int[][] LENGTHS = {
    {0, 3},
    {500, 16},
    {1_000, 16},
    {2_000, 25},
    {3_000, 44},
    {4_000, 47},
    {5_000, 62},
    {6_000, 83},
    {7_000, 118},
    {8_000, 178},
    {9_000, 399},
    {9_500, 618},
    {9_800, 765},
    {9_900, 879},
    {9_990, 1_067},
    {10_000, 1_187}
  };

  private static final String SYLLABLES =
      "ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi zo";
  private static final int POOL = 1 << 20;

  private final List<String> given;
  private final String pool;

  private Texts(List<String> given, String pool) {
    this.given = given;
    this.pool = pool;
  }

  /** Generated texts. */
  static Texts generated() {
    SplittableRandom random = new SplittableRandom(17);
    String[] syllables = SYLLABLES.split(" ", -1);
    StringBuilder pool = new StringBuilder(POOL + 16);
    while (pool.length() < POOL) {
      for (int i = random.nextInt(4); i >= 0; i--) {
        pool.append(syllables[random.nextInt(syllables.length)]);
      }
      pool.append(random.nextInt(40) == 0 ? ".\n" : " ");
    }
    return new Texts(List.of(), pool.toString());
  }

  /** The contents of all messages of a JSON Lines file of conversations. */
  static Texts of(Path file) throws IOException {
    List<String> texts = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        for (JsonNode message : Json.parse(line).path("messages")) {
          String content = message.path("content").asText("");
          texts.add(content + message.path("tool_calls").toString());
        }
      }
    }
    if (texts.isEmpty()) {
      throw new IllegalArgumentException(file + " holds no messages");
    }
    return new Texts(texts, "");
  }

  String text(long number) {
    if (!given.isEmpty()) {
      return given.get((int) (number % given.size()));
    }
    SplittableRandom random = new SplittableRandom(number);
    int length = length(random.nextInt(10_000));
    int start = random.nextInt(pool.length() - length);
    return pool.substring(start, start + length);
  }

  private static int length(int share) {
    for (int i = 1; i < LENGTHS.length; i++) {
      if (share < LENGTHS[i][0]) {
        int from = LENGTHS[i - 1][0];
        return LENGTHS[i - 1][1]
            + (LENGTHS[i][1] - LENGTHS[i - 1][1]) * (share - from) / (LENGTHS[i][0] - from);
      }
    }
    return LENGTHS[LENGTHS.length - 1][1];
  }

  @Override
  public String toString() {
    return given.isEmpty() ? "generated, mean 141 characters" : given.size() + " given texts";
  }
}
