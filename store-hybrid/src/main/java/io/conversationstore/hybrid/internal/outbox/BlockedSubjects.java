package io.conversationstore.hybrid.internal.outbox;

import io.conversationstore.Owner;
import io.conversationstore.hybrid.internal.outbox.DrainBatch.Subject;
import io.conversationstore.spi.Change;
import java.util.HashSet;
import java.util.Set;

/**
 * The subjects that must not be sent now: some conversations and preferences, and whole owners if a
 * bulk or an erasure waits. Later changes of the same subject wait as well; those of other owners
 * never do. Not thread-safe.
 */
final class BlockedSubjects {

  private final Set<Subject> subjects = new HashSet<>();
  private final Set<Owner> whole = new HashSet<>();

  /** Owners with any waiting change. */
  private final Set<Owner> owners = new HashSet<>();

  /** Whether a change must wait because of earlier waiting ones. */
  boolean holds(Change change) {
    Owner owner = change.owner();
    if (change.goesAlone()) {
      return owners.contains(owner);
    }
    return whole.contains(owner)
        || DrainBatch.subjects(change).stream().anyMatch(subjects::contains);
  }

  /** Adds a change that waits. */
  void add(Change change) {
    owners.add(change.owner());
    if (change.goesAlone()) {
      whole.add(change.owner());
    } else {
      subjects.addAll(DrainBatch.subjects(change));
    }
  }

  /** The union of both; a copy. */
  BlockedSubjects with(BlockedSubjects other) {
    BlockedSubjects both = new BlockedSubjects();
    for (BlockedSubjects one : new BlockedSubjects[] {this, other}) {
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
