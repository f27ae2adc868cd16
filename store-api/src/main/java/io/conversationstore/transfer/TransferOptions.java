package io.conversationstore.transfer;

import io.conversationstore.StoreLimits;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.function.Consumer;

/**
 * How a file is read into a store. Immutable; the {@code with…} methods return a changed copy.
 *
 * @param limits the store's; what crosses them is an error with its place
 * @param batchBytes about how much is saved at once, in bytes of JSON; also what bounds the memory.
 *     Default 1 MiB
 * @param zone of times in the file that name none; default UTC
 * @param keepHeaders whether a conversation that the store has already keeps its title, settings
 *     and the other header fields, and gets new messages alone; default false: the file's win
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
          "batchBytes must be 1 to " + limits.maxBulkBytes() + ", but is " + batchBytes);
    }
  }

  /** The defaults. */
  public static TransferOptions defaults() {
    return new TransferOptions(StoreLimits.DEFAULT, 1 << 20, ZoneOffset.UTC, false, report -> {});
  }

  /** The limits of the store that is read into. */
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

  /** Conversations that are there already keep their headers. */
  public TransferOptions keepingHeaders() {
    return new TransferOptions(limits, batchBytes, zone, true, progress);
  }

  public TransferOptions withProgress(Consumer<TransferReport> newProgress) {
    return new TransferOptions(limits, batchBytes, zone, keepHeaders, newProgress);
  }
}
