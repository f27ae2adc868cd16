package io.conversationstore;

import java.time.Instant;

/**
 * Limits on a store's input. Exceeding one is an {@link IllegalArgumentException} that names the
 * limit and never shows the content.
 *
 * <p>The constants hold for every store, whatever its own limits are. Readers derive larger limits
 * from them, so accepted data can always be read from files, rows and exports.
 *
 * @param maxMessageBytes a message in JSON, UTF-8; default 16 MiB
 * @param maxMetadataBytes metadata or settings in JSON, UTF-8; default 1 MiB
 * @param maxJsonDepth nesting of metadata, settings and unknown parts; default 64
 * @param maxMessagesPerAppend default 1,000
 * @param maxBulkBytes a save of many conversations in JSON; default 16 MiB
 * @param maxUserMessageCharacters text of a user message in characters (UTF-16 code units); default
 *     {@link Integer#MAX_VALUE}, no limit
 */
public record StoreLimits(
    int maxMessageBytes,
    int maxMetadataBytes,
    int maxJsonDepth,
    int maxMessagesPerAppend,
    int maxBulkBytes,
    int maxUserMessageCharacters) {

  /** The largest value of a limit in bytes: 128 MiB. */
  public static final int MAX_BYTES = 128 << 20;

  /** The largest value of {@code maxJsonDepth}, in levels of nesting. */
  public static final int MAX_JSON_DEPTH = 500;

  /** The longest key of a JSON object, in characters (UTF-16 code units). */
  public static final int MAX_KEY_CHARACTERS = 50_000;

  /** The longest number in JSON, in digits written out plainly. Doubles need at most 1,075. */
  public static final int MAX_NUMBER_DIGITS = 1_100;

  /** The earliest time that a caller can pass. */
  public static final Instant EARLIEST_TIME = Instant.parse("0001-01-01T00:00:00Z");

  /** The latest time that a caller can pass. */
  public static final Instant LATEST_TIME = Instant.parse("9999-12-31T23:59:59.999999Z");

  public static final StoreLimits DEFAULT =
      new StoreLimits(16 << 20, 1 << 20, 64, 1_000, 16 << 20, Integer.MAX_VALUE);

  public StoreLimits {
    if (maxMessageBytes < 1
        || maxMetadataBytes < 1
        || maxJsonDepth < 1
        || maxMessagesPerAppend < 1
        || maxBulkBytes < 1
        || maxUserMessageCharacters < 1) {
      throw new IllegalArgumentException("limits must be positive");
    }
    if (maxJsonDepth > MAX_JSON_DEPTH) {
      throw new IllegalArgumentException("maxJsonDepth must be at most " + MAX_JSON_DEPTH);
    }
    requireBytes("maxMessageBytes", maxMessageBytes);
    requireBytes("maxMetadataBytes", maxMetadataBytes);
    requireBytes("maxBulkBytes", maxBulkBytes);
  }

  private static void requireBytes(String name, int bytes) {
    if (bytes > MAX_BYTES) {
      throw new IllegalArgumentException(name + " must be at most " + MAX_BYTES + " bytes");
    }
  }

  /** The same limits with another maximum length of user messages. */
  public StoreLimits withMaxUserMessageCharacters(int characters) {
    return new StoreLimits(
        maxMessageBytes,
        maxMetadataBytes,
        maxJsonDepth,
        maxMessagesPerAppend,
        maxBulkBytes,
        characters);
  }
}
