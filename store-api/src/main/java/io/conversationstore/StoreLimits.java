package io.conversationstore;

import io.conversationstore.spi.OptionChecks;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Limits on a store's input. Exceeding one is an {@link IllegalArgumentException} that names the
 * limit and never shows the content. Immutable; the {@code with…} methods return a changed copy.
 *
 * <p>The constants hold for every store, whatever its own limits are. Readers derive larger limits
 * from them, so accepted data can always be read from files, rows and exports.
 */
public final class StoreLimits {

  /** The largest value of a limit in bytes: 128 MiB. */
  public static final int MAX_BYTES = 128 << 20;

  /** The largest value of {@link #maxJsonDepth()}, in levels of nesting. */
  public static final int MAX_JSON_DEPTH = 500;

  /** The longest key of a JSON object, in characters (UTF-16 code units). */
  public static final int MAX_KEY_CHARACTERS = 50_000;

  /** The longest number in JSON, in digits written out plainly. Doubles need at most 1,075. */
  public static final int MAX_NUMBER_DIGITS = 1_100;

  /** The earliest time that a caller can pass. */
  public static final Instant EARLIEST_TIME = Instant.parse("0001-01-01T00:00:00Z");

  /** The latest time that a caller can pass. */
  public static final Instant LATEST_TIME = Instant.parse("9999-12-31T23:59:59.999999Z");

  /** The defaults. */
  public static final StoreLimits DEFAULT =
      new StoreLimits(new Fields(16 << 20, 1 << 20, 64, 1_000, 16 << 20, Integer.MAX_VALUE));

  private final Fields fields;

  /** Checked, canonical and immutable values. */
  private record Fields(
      int maxMessageBytes,
      int maxMetadataBytes,
      int maxJsonDepth,
      int maxMessagesPerAppend,
      int maxBulkBytes,
      int maxUserMessageCharacters) {}

  private StoreLimits(Fields fields) {
    this.fields = fields;
  }

  /** The most bytes of a message in JSON, UTF-8. */
  public int maxMessageBytes() {
    return fields.maxMessageBytes;
  }

  /** The most bytes of metadata or settings in JSON, UTF-8. */
  public int maxMetadataBytes() {
    return fields.maxMetadataBytes;
  }

  /** The most levels of nesting in metadata, settings and unknown parts. */
  public int maxJsonDepth() {
    return fields.maxJsonDepth;
  }

  /** The most messages of an append. */
  public int maxMessagesPerAppend() {
    return fields.maxMessagesPerAppend;
  }

  /** The most bytes of a save of many conversations in JSON. */
  public int maxBulkBytes() {
    return fields.maxBulkBytes;
  }

  /** The most characters (UTF-16 code units) of the text of a user message. */
  public int maxUserMessageCharacters() {
    return fields.maxUserMessageCharacters;
  }

  /**
   * Sets the most bytes of a message in JSON, UTF-8.
   *
   * @param value 1 to {@link #MAX_BYTES}; default 16 MiB
   * @throws StoreConfigurationException if it is out of this range
   */
  public StoreLimits withMaxMessageBytes(int value) {
    return new StoreLimits(
        new Fields(
            OptionChecks.requireRange("maxMessageBytes", value, 1, MAX_BYTES),
            fields.maxMetadataBytes,
            fields.maxJsonDepth,
            fields.maxMessagesPerAppend,
            fields.maxBulkBytes,
            fields.maxUserMessageCharacters));
  }

  /**
   * Sets the most bytes of metadata or settings in JSON, UTF-8.
   *
   * @param value 1 to {@link #MAX_BYTES}; default 1 MiB
   * @throws StoreConfigurationException if it is out of this range
   */
  public StoreLimits withMaxMetadataBytes(int value) {
    return new StoreLimits(
        new Fields(
            fields.maxMessageBytes,
            OptionChecks.requireRange("maxMetadataBytes", value, 1, MAX_BYTES),
            fields.maxJsonDepth,
            fields.maxMessagesPerAppend,
            fields.maxBulkBytes,
            fields.maxUserMessageCharacters));
  }

  /**
   * Sets the most levels of nesting in metadata, settings and unknown parts.
   *
   * @param value 1 to {@link #MAX_JSON_DEPTH}; default 64
   * @throws StoreConfigurationException if it is out of this range
   */
  public StoreLimits withMaxJsonDepth(int value) {
    return new StoreLimits(
        new Fields(
            fields.maxMessageBytes,
            fields.maxMetadataBytes,
            OptionChecks.requireRange("maxJsonDepth", value, 1, MAX_JSON_DEPTH),
            fields.maxMessagesPerAppend,
            fields.maxBulkBytes,
            fields.maxUserMessageCharacters));
  }

  /**
   * Sets the most messages of an append.
   *
   * @param value 1 to {@link Integer#MAX_VALUE}; default 1,000
   * @throws StoreConfigurationException if it is out of this range
   */
  public StoreLimits withMaxMessagesPerAppend(int value) {
    return new StoreLimits(
        new Fields(
            fields.maxMessageBytes,
            fields.maxMetadataBytes,
            fields.maxJsonDepth,
            OptionChecks.requireRange("maxMessagesPerAppend", value, 1, Integer.MAX_VALUE),
            fields.maxBulkBytes,
            fields.maxUserMessageCharacters));
  }

  /**
   * Sets the most bytes of a save of many conversations in JSON.
   *
   * @param value 1 to {@link #MAX_BYTES}; default 16 MiB
   * @throws StoreConfigurationException if it is out of this range
   */
  public StoreLimits withMaxBulkBytes(int value) {
    return new StoreLimits(
        new Fields(
            fields.maxMessageBytes,
            fields.maxMetadataBytes,
            fields.maxJsonDepth,
            fields.maxMessagesPerAppend,
            OptionChecks.requireRange("maxBulkBytes", value, 1, MAX_BYTES),
            fields.maxUserMessageCharacters));
  }

  /**
   * Sets the most characters (UTF-16 code units) of the text of a user message.
   *
   * @param value 1 to {@link Integer#MAX_VALUE}; default {@link Integer#MAX_VALUE}, no limit
   * @throws StoreConfigurationException if it is out of this range
   */
  public StoreLimits withMaxUserMessageCharacters(int value) {
    return new StoreLimits(
        new Fields(
            fields.maxMessageBytes,
            fields.maxMetadataBytes,
            fields.maxJsonDepth,
            fields.maxMessagesPerAppend,
            fields.maxBulkBytes,
            OptionChecks.requireRange("maxUserMessageCharacters", value, 1, Integer.MAX_VALUE)));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof StoreLimits that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  @Override
  public String toString() {
    return "StoreLimits" + fields.toString().substring("Fields".length());
  }
}
