package io.conversationstore.transfer;

import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreLimits;
import io.conversationstore.spi.OptionChecks;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Options for reading a file into a store. Immutable; the {@code with…} methods return a changed
 * copy.
 */
public final class TransferOptions {

  private final Fields fields;

  /** Checked, canonical and immutable values. */
  private record Fields(
      StoreLimits limits,
      int batchBytes,
      ZoneId zone,
      boolean keepHeaders,
      Consumer<TransferReport> progress) {}

  private TransferOptions(Fields fields) {
    this.fields = fields;
  }

  /** The defaults. */
  public static TransferOptions defaults() {
    return new TransferOptions(
        new Fields(StoreLimits.DEFAULT, 1 << 20, ZoneOffset.UTC, false, report -> {}));
  }

  /** The limits of the target store; exceeding one is an error with the place. */
  public StoreLimits limits() {
    return fields.limits;
  }

  /** The approximate size of a save in bytes of JSON, which also bounds the memory. */
  public int batchBytes() {
    return fields.batchBytes;
  }

  /** The time zone of times without one in the file. */
  public ZoneId zone() {
    return fields.zone;
  }

  /**
   * Whether a conversation that the store already has keeps its title, settings and other header
   * fields and gets only new messages.
   */
  public boolean keepHeaders() {
    return fields.keepHeaders;
  }

  /** Called after each save, on the calling thread. */
  public Consumer<TransferReport> progress() {
    return fields.progress;
  }

  /**
   * Sets the approximate size of a save in bytes of JSON, which also bounds the memory.
   *
   * @param value 1 to {@link StoreLimits#maxBulkBytes()} of {@link #limits()}; default 1 MiB
   * @throws StoreConfigurationException if it is out of this range
   */
  public TransferOptions withBatchBytes(int value) {
    return new TransferOptions(
        new Fields(
            fields.limits,
            OptionChecks.requireRange("batchBytes", value, 1, fields.limits.maxBulkBytes()),
            fields.zone,
            fields.keepHeaders,
            fields.progress));
  }

  /** Sets the time zone of times without one in the file; default UTC. */
  public TransferOptions withZone(ZoneId value) {
    return new TransferOptions(
        new Fields(
            fields.limits,
            fields.batchBytes,
            OptionChecks.requireGiven("zone", value),
            fields.keepHeaders,
            fields.progress));
  }

  /**
   * Sets whether a conversation that the store already has keeps its title, settings and other
   * header fields and gets only new messages; default false: the file's header wins.
   */
  public TransferOptions withKeepHeaders(boolean value) {
    return new TransferOptions(
        new Fields(fields.limits, fields.batchBytes, fields.zone, value, fields.progress));
  }

  /** Sets what is called after each save, on the calling thread; default nothing. */
  public TransferOptions withProgress(Consumer<TransferReport> value) {
    return new TransferOptions(
        new Fields(
            fields.limits,
            fields.batchBytes,
            fields.zone,
            fields.keepHeaders,
            OptionChecks.requireGiven("progress", value)));
  }

  /**
   * Sets the limits of the target store; default {@link StoreLimits#DEFAULT}. Reduces {@link
   * #batchBytes()} to {@link StoreLimits#maxBulkBytes()}.
   */
  public TransferOptions withLimits(StoreLimits value) {
    OptionChecks.requireGiven("limits", value);
    return new TransferOptions(
        new Fields(
            value,
            Math.min(fields.batchBytes, value.maxBulkBytes()),
            fields.zone,
            fields.keepHeaders,
            fields.progress));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof TransferOptions that && fields.equals(that.fields);
  }

  @Override
  public int hashCode() {
    return fields.hashCode();
  }

  @Override
  public String toString() {
    return "TransferOptions" + fields.toString().substring("Fields".length());
  }
}
