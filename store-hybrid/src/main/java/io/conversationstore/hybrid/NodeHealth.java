package io.conversationstore.hybrid;

import io.conversationstore.StoreHealth;
import io.conversationstore.hybrid.internal.connection.Availability;
import io.conversationstore.hybrid.internal.mirror.MirrorPump;
import io.conversationstore.hybrid.internal.mirror.MirrorScope;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Checks the health of a node: database, local files, pumps and rows. Thread-safe. */
final class NodeHealth {

  /** Maximum number of unreadable rows named. */
  private static final int MOST_NAMED = 10;

  private final PrimaryStore primary;
  private final LocalStore local;
  private final Availability availability;
  private final MirrorPump mirror;
  private final MirrorScope scope;
  private final NodePumps pumps;
  private final Reconnection reconnection;

  NodeHealth(
      PrimaryStore primary,
      LocalStore local,
      Availability availability,
      MirrorPump mirror,
      MirrorScope scope,
      NodePumps pumps,
      Reconnection reconnection) {
    this.primary = primary;
    this.local = local;
    this.availability = availability;
    this.mirror = mirror;
    this.scope = scope;
    this.pumps = pumps;
    this.reconnection = reconnection;
  }

  StoreHealth check() {
    List<StoreHealth.Check> checks = new ArrayList<>();
    Availability.Snapshot snapshot = availability.snapshot();
    checks.add(new StoreHealth.Check("database in use", snapshot.usable(), snapshot.reason()));
    if (snapshot.usable()) {
      addAll(checks, "database: ", primary.health());
    }
    addAll(checks, "local files: ", local.health());
    boolean dirty = mirror.dirty();
    checks.add(
        new StoreHealth.Check(
            "local copy complete",
            !dirty,
            dirty ? "it lacks writes that the database has; they are repeated" : "yes"));
    List<String> failures = pumpFailures();
    checks.add(
        new StoreHealth.Check(
            "pumps",
            failures.isEmpty(),
            failures.isEmpty() ? "all run" : String.join("; ", failures)));
    Set<String> unread = scope.unread();
    checks.add(
        new StoreHealth.Check(
            "rows of the database",
            unread.isEmpty(),
            unread.isEmpty()
                ? "all rows of the feed are readable"
                : unread.size()
                    + " cannot be read and are missing from the local copy: "
                    + unread.stream().limit(MOST_NAMED).collect(Collectors.joining("; "))));
    return StoreHealth.of(checks);
  }

  private static void addAll(List<StoreHealth.Check> checks, String prefix, StoreHealth health) {
    for (StoreHealth.Check check : health.checks()) {
      checks.add(new StoreHealth.Check(prefix + check.name(), check.passed(), check.detail()));
    }
  }

  private List<String> pumpFailures() {
    List<String> failures = new ArrayList<>();
    addFailure(failures, "pending changes are not sent", pumps.drainFailure());
    addFailure(failures, "the local copy is not updated", pumps.mirrorFailure());
    addFailure(failures, "the database is not probed", reconnection.failure());
    return failures;
  }

  private static void addFailure(List<String> failures, String what, @Nullable String last) {
    if (last != null) {
      failures.add(what + " (" + last + "); it is retried");
    }
  }
}
