package io.conversationstore.jsonfile;

import io.conversationstore.RetentionSchedule;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreLimits;
import io.conversationstore.spi.OptionChecks;
import io.conversationstore.spi.UuidV7;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The settings of a store in files. Immutable; the {@code with…} methods return a changed copy. */
public final class JsonFileOptions {

  private static final long SMALLEST = 4 << 10;

  private final Values values;

  private JsonFileOptions(Values values) {
    this.values = values;
  }

  /**
   * The defaults: each write is on the disk when acknowledged, 64 MiB of cache, 10 s of waiting for
   * the lock, segments of 64 MiB, compaction from 16 MiB of garbage at 32 MiB a second, 64 MiB of
   * writes waiting for the disk.
   *
   * @throws StoreConfigurationException if it is null
   */
  public static JsonFileOptions in(Path directory) {
    return new JsonFileOptions(new Values(OptionChecks.requireGiven("directory", directory)));
  }

  /**
   * Sets where the files are; created if missing, for this store alone.
   *
   * @throws StoreConfigurationException if it is null
   */
  public JsonFileOptions withDirectory(Path value) {
    Values next = new Values(values);
    next.directory = OptionChecks.requireGiven("directory", value);
    return new JsonFileOptions(next);
  }

  /**
   * Sets when an acknowledged write is on the disk; {@link Durability#EACH_WRITE} by default.
   *
   * @throws StoreConfigurationException if it is null
   */
  public JsonFileOptions withDurability(Durability value) {
    Values next = new Values(values);
    next.durability = OptionChecks.requireGiven("durability", value);
    return new JsonFileOptions(next);
  }

  /**
   * Writes are on the disk within {@code interval}; also sets {@link Durability#INTERVAL}.
   *
   * @param interval 1 ms to 1 h; 1 s by default
   * @throws StoreConfigurationException if it is null or out of this range
   */
  public JsonFileOptions withSyncInterval(Duration interval) {
    Values next = new Values(values);
    next.durability = Durability.INTERVAL;
    next.syncInterval =
        OptionChecks.requireRange(
            "syncInterval", interval, Duration.ofMillis(1), Duration.ofHours(1), "1 ms to 1 h");
    return new JsonFileOptions(next);
  }

  /**
   * Sets the most memory for cached message content.
   *
   * @param value in bytes; 0 or more, 0 for no cache, 64 MiB by default
   * @throws StoreConfigurationException if it is out of this range
   */
  public JsonFileOptions withCacheBytes(long value) {
    Values next = new Values(values);
    next.cacheBytes = OptionChecks.requireRange("cacheBytes", value, 0, Long.MAX_VALUE);
    return new JsonFileOptions(next);
  }

  /**
   * Sets how long opening waits for another store that uses the directory, as in a rolling
   * deployment.
   *
   * @param value 0 to 1 day; 10 s by default
   * @throws StoreConfigurationException if it is null or out of this range
   */
  public JsonFileOptions withLockWait(Duration value) {
    Values next = new Values(values);
    next.lockWait =
        OptionChecks.requireRange(
            "lockWait", value, Duration.ZERO, Duration.ofDays(1), "0 to 1 day");
    return new JsonFileOptions(next);
  }

  /**
   * Sets the size at which a new segment file begins. Each existing segment keeps two file
   * descriptors open.
   *
   * @param value in bytes; 4,096 to 1,073,741,824, 64 MiB by default
   * @throws StoreConfigurationException if it is out of this range
   */
  public JsonFileOptions withSegmentBytes(long value) {
    Values next = new Values(values);
    next.segmentBytes = OptionChecks.requireRange("segmentBytes", value, SMALLEST, 1 << 30);
    return new JsonFileOptions(next);
  }

  /**
   * Sets the least garbage that is collected, whatever its share of the files.
   *
   * @param value in bytes; at least 4,096, 16 MiB by default
   * @throws StoreConfigurationException if it is out of this range
   */
  public JsonFileOptions withCompactionBytes(long value) {
    Values next = new Values(values);
    next.compactionBytes =
        OptionChecks.requireRange("compactionBytes", value, SMALLEST, Long.MAX_VALUE);
    return new JsonFileOptions(next);
  }

  /**
   * Sets the highest write rate of garbage collection.
   *
   * @param value in bytes a second; at least 65,536, 32 MiB by default
   * @throws StoreConfigurationException if it is out of this range
   */
  public JsonFileOptions withCompactionBytesPerSecond(long value) {
    Values next = new Values(values);
    next.compactionBytesPerSecond =
        OptionChecks.requireRange("compactionBytesPerSecond", value, 64 << 10, Long.MAX_VALUE);
    return new JsonFileOptions(next);
  }

  /**
   * Sets the most bytes of writes that may wait for the disk. Further callers block until space is
   * free; a larger single write waits until it is the only one.
   *
   * @param value in bytes; 65,536 to 1,099,511,627,776, 64 MiB by default
   * @throws StoreConfigurationException if it is out of this range
   */
  public JsonFileOptions withQueueBytes(long value) {
    Values next = new Values(values);
    next.queueBytes = OptionChecks.requireRange("queueBytes", value, 64 << 10, 1L << 40);
    return new JsonFileOptions(next);
  }

  /**
   * Sets the limits on the sizes of messages, metadata and other values; {@link
   * StoreLimits#DEFAULT} by default.
   *
   * @throws StoreConfigurationException if it is null
   */
  public JsonFileOptions withLimits(StoreLimits value) {
    Values next = new Values(values);
    next.limits = OptionChecks.requireGiven("limits", value);
    return new JsonFileOptions(next);
  }

  /**
   * Sets another clock and another source of ids, for tests and simulations.
   *
   * @param newIds thread-safe; no two ids may be equal
   * @throws StoreConfigurationException if one is null
   */
  public JsonFileOptions withClock(Clock newClock, Supplier<UUID> newIds) {
    Values next = new Values(values);
    next.clock = OptionChecks.requireGiven("clock", newClock);
    next.ids = OptionChecks.requireGiven("ids", newIds);
    return new JsonFileOptions(next);
  }

  /**
   * Sets retention that a store of files alone runs by itself; {@link RetentionSchedule#OFF} by
   * default. A hybrid store takes the schedule of its own options.
   *
   * @throws StoreConfigurationException if it is null
   */
  public JsonFileOptions withRetention(RetentionSchedule value) {
    Values next = new Values(values);
    next.retention = OptionChecks.requireGiven("retention", value);
    return new JsonFileOptions(next);
  }

  /** Where the files are; created if missing, for this store alone. */
  public Path directory() {
    return values.directory;
  }

  /** When an acknowledged write is on the disk. */
  public Durability durability() {
    return values.durability;
  }

  /** The longest time until a write is on the disk for {@link Durability#INTERVAL}. */
  public Duration syncInterval() {
    return values.syncInterval;
  }

  /** The most memory for cached message content, in bytes. */
  public long cacheBytes() {
    return values.cacheBytes;
  }

  /** How long opening waits for another store that uses the directory. */
  public Duration lockWait() {
    return values.lockWait;
  }

  /** The size at which a new segment file begins, in bytes. */
  public long segmentBytes() {
    return values.segmentBytes;
  }

  /** Less garbage than this is not collected, in bytes. */
  public long compactionBytes() {
    return values.compactionBytes;
  }

  /** The highest write rate of garbage collection, in bytes a second. */
  public long compactionBytesPerSecond() {
    return values.compactionBytesPerSecond;
  }

  /** The most bytes of writes that may wait for the disk. */
  public long queueBytes() {
    return values.queueBytes;
  }

  /** The sizes that the store accepts. */
  public StoreLimits limits() {
    return values.limits;
  }

  /** Provides the time of changes. */
  public Clock clock() {
    return values.clock;
  }

  /** Generates ids; see {@link UuidV7}. */
  public Supplier<UUID> ids() {
    return values.ids;
  }

  /** Retention that a store of files alone runs by itself. */
  public RetentionSchedule retention() {
    return values.retention;
  }

  /** Options are equal if all of their settings are. */
  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof JsonFileOptions that && values.all().equals(that.values.all());
  }

  @Override
  public int hashCode() {
    return values.all().hashCode();
  }

  @Override
  public String toString() {
    return "JsonFileOptions[" + values.directory + ", " + values.durability + "]";
  }

  /** The settings; written only before an options object is returned. */
  private static final class Values {
    Path directory;
    Durability durability = Durability.EACH_WRITE;
    Duration syncInterval = Duration.ofSeconds(1);
    long cacheBytes = 64L << 20;
    Duration lockWait = Duration.ofSeconds(10);
    long segmentBytes = 64L << 20;
    long compactionBytes = 16L << 20;
    long compactionBytesPerSecond = 32L << 20;
    long queueBytes = 64L << 20;
    StoreLimits limits = StoreLimits.DEFAULT;
    Clock clock = Clock.systemUTC();
    Supplier<UUID> ids = new UuidV7(clock, new SecureRandom());
    RetentionSchedule retention = RetentionSchedule.OFF;

    Values(Path directory) {
      this.directory = directory;
    }

    List<Object> all() {
      return Arrays.asList(
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
          retention);
    }

    Values(Values that) {
      directory = that.directory;
      durability = that.durability;
      syncInterval = that.syncInterval;
      cacheBytes = that.cacheBytes;
      lockWait = that.lockWait;
      segmentBytes = that.segmentBytes;
      compactionBytes = that.compactionBytes;
      compactionBytesPerSecond = that.compactionBytesPerSecond;
      queueBytes = that.queueBytes;
      limits = that.limits;
      clock = that.clock;
      ids = that.ids;
      retention = that.retention;
    }
  }
}
