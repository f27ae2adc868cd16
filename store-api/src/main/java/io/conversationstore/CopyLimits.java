package io.conversationstore;

import io.conversationstore.spi.OptionChecks;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How much of the database a node's local copy holds. For a conversation beyond the limits the copy
 * keeps the list fields and the places of deleted messages, but no contents; while the database is
 * away, such a conversation is reported as incomplete. The next write to it fetches its messages,
 * the latest first: up to 10,000 of them, up to a quarter of {@link #maxContentBytes()}, and at
 * most once an hour. Changes that this node has not sent to the database yet are always kept.
 * Immutable; the {@code with…} methods return a changed copy.
 *
 * <p><b>Size.</b> {@code maxBytes} limits the disk space of the copy's files, including garbage and
 * the space that collecting it needs:
 *
 * <ul>
 *   <li>Contents may take a quarter of it, {@link #maxContentBytes()}. Beyond that, the copy drops
 *       the contents of conversations that take more than half of the quarter, then of the least
 *       recently updated ones, about a tenth more than needed. The size is counted once a minute
 *       and estimated in between.
 *   <li>Once the files take half of it, the copy stops reading from the database until garbage is
 *       collected. Collecting rewrites the kept data, then removes the old files.
 *   <li>The files therefore stay below {@code maxBytes} plus one page while the kept data takes at
 *       most two fifths of it. A page takes an eighth of {@code maxBytes}, at least 64 KiB and at
 *       most 8 MiB, or one row that is larger.
 *   <li>Headers, the places of deleted messages and pending changes are always kept. If the kept
 *       data takes more than two fifths, garbage is collected when it reaches a quarter of that
 *       data and at least 1 MiB. The files then take up to two and a quarter times the kept data,
 *       plus 1 MiB and a page.
 *   <li>Writes of this node during a collection come on top.
 * </ul>
 *
 * <p>If garbage cannot be collected, because the disk fails or a file is damaged, a warning is
 * logged. The copy continues and tries again when it has grown by a quarter.
 */
public final class CopyLimits {

  /**
   * As {@code maxBytes}: a quarter of the sum of free space and existing files, measured when the
   * store opens, and at most {@link #MOST_BY_DISK}.
   */
  public static final long BY_DISK = Long.MIN_VALUE;

  /** The largest size that {@link #BY_DISK} stands for, in bytes: 4 GB. */
  public static final long MOST_BY_DISK = 4_000_000_000L;

  /** The default: contents of any age, and {@link #BY_DISK}. */
  public static final CopyLimits DEFAULT = new CopyLimits(null, BY_DISK);

  /** The copy holds everything that the database holds, whatever its size. */
  public static final CopyLimits NONE = new CopyLimits(null, Long.MAX_VALUE);

  /** The rest of the disk is left to other programs. */
  private static final int SHARE = 4;

  /** Collecting garbage needs space for the kept data, and garbage may take as much again. */
  private static final int CONTENTS = 4;

  /** The longest {@code activeWithin}: 36,500 days. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  private final @Nullable Duration activeWithin;
  private final long maxBytes;

  private CopyLimits(@Nullable Duration activeWithin, long maxBytes) {
    this.activeWithin = activeWithin;
    this.maxBytes = maxBytes;
  }

  /**
   * Contents of conversations last updated longer ago, by the database's clock, are left out; null
   * for no such limit.
   */
  public @Nullable Duration activeWithin() {
    return activeWithin;
  }

  /**
   * Disk space of the copy's files in bytes, as above; 0 for no contents, {@link Long#MAX_VALUE}
   * for no limit, {@link #BY_DISK} for a share of the disk.
   */
  public long maxBytes() {
    return maxBytes;
  }

  /**
   * Returns these limits with {@link #BY_DISK} replaced by a size in bytes; other limits unchanged.
   *
   * @param usable free disk space in bytes; {@link Long#MAX_VALUE} if unknown, which gives {@link
   *     #MOST_BY_DISK}
   * @param taken size of the existing files in bytes
   */
  public CopyLimits onDisk(long usable, long taken) {
    return maxBytes == BY_DISK
        ? withMaxBytes(Math.min(MOST_BY_DISK, usable / SHARE + taken / SHARE))
        : this;
  }

  /**
   * The share of {@code maxBytes} for stored contents: a quarter.
   *
   * @throws IllegalStateException if {@code maxBytes} is {@link #BY_DISK}; see {@link #onDisk}
   */
  public long maxContentBytes() {
    if (maxBytes == BY_DISK) {
      throw new IllegalStateException("the size of the copy is unknown until the store is open");
    }
    return maxBytes == Long.MAX_VALUE ? maxBytes : maxBytes / CONTENTS;
  }

  /**
   * Leaves out contents of conversations that were last updated longer ago, by the database's
   * clock.
   *
   * @param value 1 ms to 36,500 days, to the millisecond; null for no such limit
   * @throws StoreConfigurationException if it is out of this range
   */
  public CopyLimits withActiveWithin(@Nullable Duration value) {
    if (value == null) {
      return new CopyLimits(null, maxBytes);
    }
    OptionChecks.requireRange(
        "activeWithin", value, Duration.ofMillis(1), LONGEST, "1 ms to 36,500 days");
    return new CopyLimits(Duration.ofMillis(value.toMillis()), maxBytes);
  }

  /**
   * Limits the disk space of the copy's files.
   *
   * @param value in bytes, as above; 0 for no contents, {@link Long#MAX_VALUE} for no limit, {@link
   *     #BY_DISK} for a share of the disk
   * @throws StoreConfigurationException if it is negative and not {@link #BY_DISK}
   */
  public CopyLimits withMaxBytes(long value) {
    return new CopyLimits(
        activeWithin,
        value == BY_DISK ? value : OptionChecks.requireRange("maxBytes", value, 0, Long.MAX_VALUE));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof CopyLimits that
        && maxBytes == that.maxBytes
        && Objects.equals(activeWithin, that.activeWithin);
  }

  @Override
  public int hashCode() {
    return Objects.hash(activeWithin, maxBytes);
  }

  @Override
  public String toString() {
    return "CopyLimits[activeWithin=" + activeWithin + ", maxBytes=" + maxBytes + "]";
  }
}
