package io.conversationstore.hybrid;

import io.conversationstore.Owner;
import io.conversationstore.hybrid.DrainBatch.Subject;
import io.conversationstore.spi.Change;
import java.util.HashSet;
import java.util.Set;

/**
 * What must not be sent now: some conversations and preferences, and owners as a whole where a bulk
 * or an erasure waits. What follows about the same waits as well, that of other owners never. Not
 * thread-safe.
 */
final class Waiting {

  private final Set<Subject> subjects = new HashSet<>();
  private final Set<Owner> whole = new HashSet<>();

  /** Those of which anything waits. */
  private final Set<Owner> owners = new HashSet<>();

  /** Whether a change has to wait for what waits before it. */
  boolean holds(Change change) {
    Owner owner = change.owner();
    if (DrainBatch.goesAlone(change)) {
      return owners.contains(owner);
    }
    return whole.contains(owner)
        || DrainBatch.subjects(change).stream().anyMatch(subjects::contains);
  }

  /** This change waits. */
  void add(Change change) {
    owners.add(change.owner());
    if (DrainBatch.goesAlone(change)) {
      whole.add(change.owner());
    } else {
      subjects.addAll(DrainBatch.subjects(change));
    }
  }

  /** What waits here or there; a copy. */
  Waiting with(Waiting other) {
    Waiting both = new Waiting();
    for (Waiting one : new Waiting[] {this, other}) {
      both.subjects.addAll(one.subjects);
      both.whole.addAll(one.whole);
      both.owners.addAll(one.owners);
    }
    return both;
  }

  boolean isEmpty() {
    return owners.isEmpty();
  }

  void clear() {
    subjects.clear();
    whole.clear();
    owners.clear();
  }
}
