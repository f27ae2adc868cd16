package io.conversationstore;

/**
 * Limits on what a store takes. Crossing one is an {@link IllegalArgumentException} that names the
 * limit and never shows the content.
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
    if (maxJsonDepth > 500) {
      throw new IllegalArgumentException("maxJsonDepth must be at most 500");
    }
  }

  /** The same limits with another length for user messages. */
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
