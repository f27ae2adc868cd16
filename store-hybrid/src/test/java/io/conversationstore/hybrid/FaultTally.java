package io.conversationstore.hybrid;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The fate of acknowledged data. Single-threaded. */
final class FaultTally {

  private final List<String> findings = new ArrayList<>();
  private long cycles;
  private long acknowledged;
  private long lost;
  private long doubled;
  private long reordered;
  private long resurrected;
  private long diverged;

  void acknowledged() {
    acknowledged++;
  }

  /** Compares the database with the model. */
  void compare(String cell, List<String> expected, List<String> database) {
    cycles++;
    if (database.equals(expected)) {
      return;
    }
    Set<String> there = new HashSet<>(database);
    Set<String> wanted = new HashSet<>(expected);
    long missing = expected.stream().filter(row -> !there.contains(row)).count();
    long unwanted = there.stream().filter(row -> !wanted.contains(row)).count();
    long twice = (long) database.size() - there.size();
    lost += missing;
    resurrected += unwanted;
    doubled += twice;
    if (missing + unwanted + twice == 0) {
      reordered++;
    }
    findings.add(cell + ": expected " + expected + " but the database has " + database);
  }

  /** Compares two lists that must be equal. */
  void same(String what, List<String> expected, List<String> actual) {
    if (!actual.equals(expected)) {
      diverged++;
      findings.add(what + ": expected " + expected + " but it has " + actual);
    }
  }

  long cycles() {
    return cycles;
  }

  List<String> findings() {
    return findings;
  }

  @Override
  public String toString() {
    return "FAULTS cycles=%d acked=%d lost=%d doubled=%d reordered=%d resurrected=%d diverged=%d"
        .formatted(cycles, acknowledged, lost, doubled, reordered, resurrected, diverged);
  }
}
