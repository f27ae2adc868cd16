package io.conversationstore;

import io.conversationstore.spi.OptionChecks;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Retention that a store runs by itself, some seconds after it opens and then at an interval. A
 * rule that is not set does nothing; {@link #OFF} is the default of every store. Of several nodes
 * on one database, one does each run. Ages are measured by the clock of the database if there is
 * one, else by the clock of the store. While a database is away, nothing runs. Immutable; the
 * {@code with…} methods return a changed copy.
 */
public final class RetentionSchedule {

  /** The default interval: 1 hour. */
  public static final Duration DEFAULT_INTERVAL = Duration.ofHours(1);

  /** The shortest interval: 1 minute. */
  public static final Duration SHORTEST_INTERVAL = Duration.ofMinutes(1);

  /** The longest interval: 7 days. */
  public static final Duration LONGEST_INTERVAL = Duration.ofDays(7);

  /**
   * The shortest age at which deleted data is purged by schedule: 30 days. A node that was away for
   * up to 29 days relies on the rows of deleted data.
   */
  public static final Duration SHORTEST_PURGE_AFTER = Duration.ofDays(30);

  /** No rule is set: the store runs no retention. */
  public static final RetentionSchedule OFF =
      new RetentionSchedule(new Rules(null, null, null, DEFAULT_INTERVAL));

  private static final Duration SHORTEST_AGE = Duration.ofMillis(1);

  private final Rules rules;

  private record Rules(
      @Nullable Duration messageAge,
      @Nullable Duration archiveAfter,
      @Nullable Duration purgeAfter,
      Duration interval) {}

  private RetentionSchedule(Rules rules) {
    this.rules = rules;
  }

  /**
   * Deletes messages that were created longer ago than this, except those of pinned conversations;
   * see {@link StoreOperator#deleteMessagesOlderThan}.
   *
   * @param age 1 ms to {@link StoreOperator#LONGEST_AGE}
   * @throws StoreConfigurationException if it is out of this range
   */
  public RetentionSchedule withMessageAge(Duration age) {
    return new RetentionSchedule(
        new Rules(
            require("message age", age, SHORTEST_AGE, StoreOperator.LONGEST_AGE),
            rules.archiveAfter,
            rules.purgeAfter,
            rules.interval));
  }

  /**
   * Archives active conversations, pinned ones included, that were not used for this time; see
   * {@link StoreOperator#archiveIdle}.
   *
   * @param idle 1 ms to {@link StoreOperator#LONGEST_AGE}
   * @throws StoreConfigurationException if it is out of this range
   */
  public RetentionSchedule withArchiveAfter(Duration idle) {
    return new RetentionSchedule(
        new Rules(
            rules.messageAge,
            require("idle time", idle, SHORTEST_AGE, StoreOperator.LONGEST_AGE),
            rules.purgeAfter,
            rules.interval));
  }

  /**
   * Removes the rows of messages and conversations that were deleted longer ago than this from the
   * database; see {@link StoreOperator#purgeDeleted}. Without effect on files alone, which purge by
   * themselves.
   *
   * @param age {@link #SHORTEST_PURGE_AFTER} to {@link StoreOperator#LONGEST_AGE}; longer than any
   *     node is offline
   * @throws StoreConfigurationException if it is out of this range
   */
  public RetentionSchedule withPurgeAfter(Duration age) {
    return new RetentionSchedule(
        new Rules(
            rules.messageAge,
            rules.archiveAfter,
            require("purge age", age, SHORTEST_PURGE_AFTER, StoreOperator.LONGEST_AGE),
            rules.interval));
  }

  /**
   * The time between two runs; default {@link #DEFAULT_INTERVAL}. Nodes on one database should have
   * the same.
   *
   * @param interval {@link #SHORTEST_INTERVAL} to {@link #LONGEST_INTERVAL}
   * @throws StoreConfigurationException if it is out of this range
   */
  public RetentionSchedule withInterval(Duration interval) {
    return new RetentionSchedule(
        new Rules(
            rules.messageAge,
            rules.archiveAfter,
            rules.purgeAfter,
            require("interval", interval, SHORTEST_INTERVAL, LONGEST_INTERVAL)));
  }

  private static Duration require(String what, Duration value, Duration least, Duration most) {
    return OptionChecks.requireRange(
        "the " + what + " of the retention schedule", value, least, most, least + " to " + most);
  }

  /** The age at which messages are deleted; empty for never. */
  public Optional<Duration> messageAge() {
    return Optional.ofNullable(rules.messageAge);
  }

  /** The idle time after which a conversation is archived; empty for never. */
  public Optional<Duration> archiveAfter() {
    return Optional.ofNullable(rules.archiveAfter);
  }

  /** The age at which deleted data is purged; empty for never. */
  public Optional<Duration> purgeAfter() {
    return Optional.ofNullable(rules.purgeAfter);
  }

  /** The time between two runs. */
  public Duration interval() {
    return rules.interval;
  }

  /** Whether any rule is set. */
  public boolean isOn() {
    return rules.messageAge != null || rules.archiveAfter != null || rules.purgeAfter != null;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RetentionSchedule that && rules.equals(that.rules);
  }

  @Override
  public int hashCode() {
    return rules.hashCode();
  }

  @Override
  public String toString() {
    return "RetentionSchedule" + rules;
  }
}
