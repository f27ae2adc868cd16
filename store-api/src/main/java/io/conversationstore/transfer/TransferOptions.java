package io.conversationstore.transfer;

import io.conversationstore.StoreLimits;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.function.Consumer;

/**
 * Options for reading a file into a store. Immutable; the {@code with…} methods return a changed
 * copy.
 *
 * @param limits the store's limits; exceeding one is an error with the place
 * @param batchBytes approximate size of a save in bytes of JSON, which also bounds the memory;
 *     default 1 MiB
 * @param zone time zone of times without one in the file; default UTC
 * @param keepHeaders whether a conversation that the store already has keeps its title, settings
 *     and other header fields and gets only new messages; default false: the file's header wins
 * @param progress called after each save, on the calling thread
 */
public record TransferOptions(
    StoreLimits limits,
    int batchBytes,
    ZoneId zone,
    boolean keepHeaders,
    Consumer<TransferReport> progress) {

  public TransferOptions {
    if (batchBytes < 1 || batchBytes > limits.maxBulkBytes()) {
      throw new IllegalArgumentException(
          "batchBytes must be 1 to " + limits.maxBulkBytes() + ", but was " + batchBytes);
    }
  }

  /** The defaults. */
  public static TransferOptions defaults() {
    return new TransferOptions(StoreLimits.DEFAULT, 1 << 20, ZoneOffset.UTC, false, report -> {});
  }

  /** Sets the limits of the target store. */
  public TransferOptions withLimits(StoreLimits newLimits) {
    return new TransferOptions(
        newLimits, Math.min(batchBytes, newLimits.maxBulkBytes()), zone, keepHeaders, progress);
  }

  public TransferOptions withBatchBytes(int bytes) {
    return new TransferOptions(limits, bytes, zone, keepHeaders, progress);
  }

  public TransferOptions withZone(ZoneId newZone) {
    return new TransferOptions(limits, batchBytes, newZone, keepHeaders, progress);
  }

  /** Existing conversations keep their headers. */
  public TransferOptions keepingHeaders() {
    return new TransferOptions(limits, batchBytes, zone, true, progress);
  }

  public TransferOptions withProgress(Consumer<TransferReport> newProgress) {
    return new TransferOptions(limits, batchBytes, zone, keepHeaders, newProgress);
  }
}
