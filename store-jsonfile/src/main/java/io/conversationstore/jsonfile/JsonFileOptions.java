package io.conversationstore.jsonfile;

import io.conversationstore.RetentionSchedule;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreLimits;
import io.conversationstore.spi.UuidV7;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a store in files. Immutable; the {@code with…} methods return a changed copy.
 *
 * @param directory where the files are; created if missing, for this store alone
 * @param durability when an acknowledged write is on the disk
 * @param syncInterval the longest time until then for {@link Durability#INTERVAL}, 1 ms to 1 h
 * @param cacheBytes the most memory for cached message content, in bytes; 0 or more
 * @param lockWait how long to wait for another store that uses the directory; 0 to 1 day
 * @param segmentBytes the size at which a new segment file begins, 4 KiB to 1 GiB
 * @param compactionBytes less garbage than this is not collected, in bytes; at least 4 KiB
 * @param compactionBytesPerSecond the highest write rate of garbage collection, at least 64 KiB
 * @param queueBytes the most bytes of writes that may wait for the disk, 64 KiB to 1 TiB; further
 *     callers block until space is free. A larger single write waits until it is the only one
 * @param limits the sizes that the store accepts
 * @param clock provides the time of changes
 * @param ids generates ids; see {@link UuidV7}
 * @param retention retention that a store of files alone runs by itself
 */
public record JsonFileOptions(
    Path directory,
    Durability durability,
    Duration syncInterval,
    long cacheBytes,
    Duration lockWait,
    long segmentBytes,
    long compactionBytes,
    long compactionBytesPerSecond,
    long queueBytes,
    StoreLimits limits,
    Clock clock,
    Supplier<UUID> ids,
    RetentionSchedule retention) {

  private static final long SMALLEST = 4 << 10;

  /**
   * @throws StoreConfigurationException naming every value that is null or out of its range
   */
  public JsonFileOptions {
    List<String> faults = new ArrayList<>();
    requireGiven(faults, "directory", directory);
    requireGiven(faults, "durability", durability);
    requireGiven(faults, "syncInterval", syncInterval);
    requireGiven(faults, "lockWait", lockWait);
    requireGiven(faults, "limits", limits);
    requireGiven(faults, "clock", clock);
    requireGiven(faults, "ids", ids);
    requireGiven(faults, "retention", retention);
    requireNone(faults);
    if (syncInterval.compareTo(Duration.ofMillis(1)) < 0
        || syncInterval.compareTo(Duration.ofHours(1)) > 0) {
      faults.add("syncInterval must be 1 ms to 1 h, but was " + syncInterval);
    }
    if (cacheBytes < 0) {
      faults.add("cacheBytes must not be negative, but was " + cacheBytes);
    }
    if (lockWait.isNegative() || lockWait.compareTo(Duration.ofDays(1)) > 0) {
      faults.add("lockWait must be 0 to 1 day, but was " + lockWait);
    }
    if (segmentBytes < SMALLEST || segmentBytes > (1 << 30)) {
      faults.add("segmentBytes must be 4,096 to 1,073,741,824, but was " + segmentBytes);
    }
    if (compactionBytes < SMALLEST) {
      faults.add("compactionBytes must be at least 4,096, but was " + compactionBytes);
    }
    if (compactionBytesPerSecond < (64 << 10)) {
      faults.add(
          "compactionBytesPerSecond must be at least 65,536, but was " + compactionBytesPerSecond);
    }
    if (queueBytes < (64 << 10) || queueBytes > (1L << 40)) {
      faults.add("queueBytes must be 65,536 to 1,099,511,627,776, but was " + queueBytes);
    }
    requireNone(faults);
  }

  private static void requireGiven(List<String> faults, String name, @Nullable Object value) {
    if (value == null) {
      faults.add(name + " must not be null");
    }
  }

  private static void requireNone(List<String> faults) {
    if (!faults.isEmpty()) {
      throw new StoreConfigurationException(String.join("; ", faults));
    }
  }

  /**
   * The defaults: each write is on the disk when acknowledged, 64 MiB of cache, 10 s of waiting for
   * the lock, segments of 64 MiB, compaction from 16 MiB of garbage at 32 MiB a second, 64 MiB of
   * writes waiting for the disk.
   *
   * @throws StoreConfigurationException if it is null
   */
  public static JsonFileOptions in(Path directory) {
    Clock clock = Clock.systemUTC();
    return new JsonFileOptions(
        directory,
        Durability.EACH_WRITE,
        Duration.ofSeconds(1),
        64L << 20,
        Duration.ofSeconds(10),
        64L << 20,
        16L << 20,
        32L << 20,
        64L << 20,
        StoreLimits.DEFAULT,
        clock,
        new UuidV7(clock, new SecureRandom()),
        RetentionSchedule.OFF);
  }

  /**
   * When an acknowledged write is on the disk; {@link Durability#EACH_WRITE} by default.
   *
   * @throws StoreConfigurationException if it is null
   */
  public JsonFileOptions withDurability(Durability value) {
    return new JsonFileOptions(
        directory,
        value,
        syncInterval,
        cacheBytes,
        lockWait,
        segmentBytes,
        compactionBytes,
        compactionBytesPerSecond,
        queueBytes,
        limits,
        clock,
        ids,
        retention);
  }

  /**
   * Writes are on the disk within {@code interval}; also sets {@link Durability#INTERVAL}.
   *
   * @param interval 1 ms to 1 h; 1 s by default
   * @throws StoreConfigurationException if it is null or out of this range
   */
  public JsonFileOptions withSyncInterval(Duration interval) {
    return new JsonFileOptions(
        directory,
        Durability.INTERVAL,
        interval,
        cacheBytes,
        lockWait,
        segmentBytes,
        compactionBytes,
        compactionBytesPerSecond,
        queueBytes,
        limits,
        clock,
        ids,
        retention);
  }

  /**
   * The most memory for cached message content.
   *
   * @param value in bytes; 0 or more, 0 for no cache, 64 MiB by default
   * @throws StoreConfigurationException if it is negative
   */
  public JsonFileOptions withCacheBytes(long value) {
    return new JsonFileOptions(
        directory,
        durability,
        syncInterval,
        value,
        lockWait,
        segmentBytes,
        compactionBytes,
        compactionBytesPerSecond,
        queueBytes,
        limits,
        clock,
        ids,
        retention);
  }

  /**
   * How long opening waits for another store that uses the directory, as in a rolling deployment.
   *
   * @param value 0 to 1 day; 10 s by default
   * @throws StoreConfigurationException if it is null or out of this range
   */
  public JsonFileOptions withLockWait(Duration value) {
    return new JsonFileOptions(
        directory,
        durability,
        syncInterval,
        cacheBytes,
        value,
        segmentBytes,
        compactionBytes,
        compactionBytesPerSecond,
        queueBytes,
        limits,
        clock,
        ids,
        retention);
  }

  /**
   * The size at which a new segment file begins. Each existing segment keeps two file descriptors
   * open.
   *
   * @param value in bytes; 4,096 to 1,073,741,824, 64 MiB by default
   * @throws StoreConfigurationException if it is out of this range
   */
  public JsonFileOptions withSegmentBytes(long value) {
    return new JsonFileOptions(
        directory,
        durability,
        syncInterval,
        cacheBytes,
        lockWait,
        value,
        compactionBytes,
        compactionBytesPerSecond,
        queueBytes,
        limits,
        clock,
        ids,
        retention);
  }

  /**
   * Less garbage than this is not collected, whatever its share of the files.
   *
   * @param value in bytes; at least 4,096, 16 MiB by default
   * @throws StoreConfigurationException if it is less
   */
  public JsonFileOptions withCompactionBytes(long value) {
    return new JsonFileOptions(
        directory,
        durability,
        syncInterval,
        cacheBytes,
        lockWait,
        segmentBytes,
        value,
        compactionBytesPerSecond,
        queueBytes,
        limits,
        clock,
        ids,
        retention);
  }

  /**
   * The highest write rate of garbage collection.
   *
   * @param value in bytes a second; at least 65,536, 32 MiB by default
   * @throws StoreConfigurationException if it is less
   */
  public JsonFileOptions withCompactionBytesPerSecond(long value) {
    return new JsonFileOptions(
        directory,
        durability,
        syncInterval,
        cacheBytes,
        lockWait,
        segmentBytes,
        compactionBytes,
        value,
        queueBytes,
        limits,
        clock,
        ids,
        retention);
  }

  /**
   * The most bytes of writes that may wait for the disk. Further callers block until space is free;
   * a larger single write waits until it is the only one.
   *
   * @param value in bytes; 65,536 to 1,099,511,627,776, 64 MiB by default
   * @throws StoreConfigurationException if it is out of this range
   */
  public JsonFileOptions withQueueBytes(long value) {
    return new JsonFileOptions(
        directory,
        durability,
        syncInterval,
        cacheBytes,
        lockWait,
        segmentBytes,
        compactionBytes,
        compactionBytesPerSecond,
        value,
        limits,
        clock,
        ids,
        retention);
  }

  /**
   * The limits on the sizes of messages, metadata and other values; {@link StoreLimits#DEFAULT} by
   * default.
   *
   * @throws StoreConfigurationException if it is null
   */
  public JsonFileOptions withLimits(StoreLimits value) {
    return new JsonFileOptions(
        directory,
        durability,
        syncInterval,
        cacheBytes,
        lockWait,
        segmentBytes,
        compactionBytes,
        compactionBytesPerSecond,
        queueBytes,
        value,
        clock,
        ids,
        retention);
  }

  /**
   * Sets another clock and another source of ids, for tests and simulations.
   *
   * @param newIds thread-safe; no two ids may be equal
   * @throws StoreConfigurationException if one is null
   */
  public JsonFileOptions withClock(Clock newClock, Supplier<UUID> newIds) {
    return new JsonFileOptions(
        directory,
        durability,
        syncInterval,
        cacheBytes,
        lockWait,
        segmentBytes,
        compactionBytes,
        compactionBytesPerSecond,
        queueBytes,
        limits,
        newClock,
        newIds,
        retention);
  }

  /**
   * Retention that a store of files alone runs by itself; {@link RetentionSchedule#OFF} by default.
   * A hybrid store takes the schedule of its own options.
   *
   * @throws StoreConfigurationException if it is null
   */
  public JsonFileOptions withRetention(RetentionSchedule value) {
    return new JsonFileOptions(
        directory,
        durability,
        syncInterval,
        cacheBytes,
        lockWait,
        segmentBytes,
        compactionBytes,
        compactionBytesPerSecond,
        queueBytes,
        limits,
        clock,
        ids,
        value);
  }
}
