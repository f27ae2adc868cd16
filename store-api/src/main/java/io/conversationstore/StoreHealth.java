package io.conversationstore;

import java.util.List;

/**
 * The outcome of a health check.
 *
 * @param healthy whether every check passed
 * @param checks one entry per check, in the order they ran; a check that could not run has failed
 */
public record StoreHealth(boolean healthy, List<Check> checks) {

  /**
   * One check.
   *
   * @param name for instance {@code reachable}, {@code schema}, {@code orphans}
   * @param detail in words, without message content or secrets
   */
  public record Check(String name, boolean passed, String detail) {}

  public StoreHealth {
    checks = List.copyOf(checks);
  }

  /** Healthy if all of {@code checks} passed. */
  public static StoreHealth of(List<Check> checks) {
    return new StoreHealth(checks.stream().allMatch(Check::passed), checks);
  }
}
