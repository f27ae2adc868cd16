package io.conversationstore;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How much of the database a node's local copy holds. Of a conversation beyond the limits it keeps
 * what lists show, and where messages were deleted, but no contents: read while the database is
 * away, such a conversation says that it is not complete. Once somebody writes to it again, its
 * messages are fetched, the latest first: up to 10,000 of them, up to a quarter of {@link
 * #maxContentBytes()}, and at most once an hour. What this node has not sent to the database yet is
 * never given up. Immutable.
 *
 * <p><b>Size.</b> {@code maxBytes} is the disk that the files of the copy take, garbage and what
 * collecting it writes included:
 *
 * <ul>
 *   <li>Contents take a quarter of it, {@link #maxContentBytes()}. Beyond that the contents of
 *       conversations that take more than half of the quarter are given up, then of those that were
 *       last updated first, about a tenth more than needed. It is counted once a minute, and
 *       estimated in between.
 *   <li>Once the files take half of it, the copy reads no more of the database until garbage is
 *       collected. Collecting writes what is kept once more, and then removes the old files.
 *   <li>So the files stay below {@code maxBytes} and one page more while what is kept takes at most
 *       two fifths of it. A page has an eighth of {@code maxBytes}, at least 64 KiB and at most 8
 *       MiB, or one row that is larger.
 *   <li>Headers, where messages were deleted, and what waits to be sent are kept in any case. Where
 *       all that is kept takes more than two fifths, garbage is collected when it takes a quarter
 *       of that and at least 1 MiB. The files then take up to two and a quarter times what is kept,
 *       and 1 MiB and a page more.
 *   <li>What this node writes while garbage is collected comes on top.
 * </ul>
 *
 * <p>Garbage that cannot be collected, because the disk fails or a file is damaged, is a warning in
 * the log. The copy goes on without it and tries again when it has grown by a quarter.
 *
 * @param activeWithin contents of conversations that were last updated longer ago, by the
 *     database's clock, are left out; to the millisecond, at most 36,500 days; null for no such
 *     limit
 * @param maxBytes how much of the disk the files of the copy take, in bytes, as above; 0 for no
 *     contents, {@link Long#MAX_VALUE} for no limit, {@link #BY_DISK} for a share of the disk
 */
public record CopyLimits(@Nullable Duration activeWithin, long maxBytes) {

  /**
   * As {@code maxBytes}: a quarter of what the disk has for the copy when the store opens, which is
   * what it has left and what the files take already, and at most {@link #MOST_BY_DISK}.
   */
  public static final long BY_DISK = Long.MIN_VALUE;

  /** The largest size that {@link #BY_DISK} stands for, in bytes: 4 GB. */
  public static final long MOST_BY_DISK = 4_000_000_000L;

  /** What holds where nothing is set: contents of any age, and a size by the disk. */
  public static final CopyLimits DEFAULT = new CopyLimits(null, BY_DISK);

  /** The copy holds all that the database does, whatever it takes of the disk. */
  public static final CopyLimits NONE = new CopyLimits(null, Long.MAX_VALUE);

  /** Others use the disk as well. */
  private static final int SHARE = 4;

  /** Collecting garbage needs room for what is kept, and garbage for as much again. */
  private static final int CONTENTS = 4;

  /** The longest {@code activeWithin}: 36,500 days. */
  private static final Duration LONGEST = Duration.ofDays(36_500);

  /**
   * @throws IllegalArgumentException if a limit is not within these bounds
   */
  public CopyLimits {
    if (activeWithin != null) {
      if (activeWithin.compareTo(Duration.ofMillis(1)) < 0 || activeWithin.compareTo(LONGEST) > 0) {
        throw new IllegalArgumentException(
            "activeWithin must be a millisecond to 36,500 days, but was " + activeWithin);
      }
      activeWithin = Duration.ofMillis(activeWithin.toMillis());
    }
    if (maxBytes < 0 && maxBytes != BY_DISK) {
      throw new IllegalArgumentException("maxBytes must not be negative, but was " + maxBytes);
    }
  }

  /**
   * The limits in force where {@code maxBytes} is {@link #BY_DISK}; else these.
   *
   * @param usable what the disk has left, in bytes; {@link Long#MAX_VALUE} where that is not known,
   *     which gives {@link #MOST_BY_DISK}
   * @param taken what the files take already, in bytes
   */
  public CopyLimits onDisk(long usable, long taken) {
    return maxBytes == BY_DISK
        ? maxBytes(Math.min(MOST_BY_DISK, usable / SHARE + taken / SHARE))
        : this;
  }

  /**
   * How much of {@code maxBytes} contents may take, as they are stored: a quarter.
   *
   * @throws IllegalStateException if {@code maxBytes} is {@link #BY_DISK}; see {@link #onDisk}
   */
  public long maxContentBytes() {
    if (maxBytes == BY_DISK) {
      throw new IllegalStateException("the size is not known before the store is open");
    }
    return maxBytes == Long.MAX_VALUE ? maxBytes : maxBytes / CONTENTS;
  }

  /** The same, without contents of conversations that nobody changed for so long. */
  public CopyLimits activeWithin(Duration newWindow) {
    return new CopyLimits(newWindow, maxBytes);
  }

  /** The same, with files of at most so many bytes. */
  public CopyLimits maxBytes(long bytes) {
    return new CopyLimits(activeWithin, bytes);
  }
}
