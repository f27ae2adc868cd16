package io.conversationstore.hybrid;

import io.conversationstore.Owner;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.Change.PreferencesPut;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the pending changes that are sent together. What is about one conversation keeps its
 * order; what follows a create of its conversation waits for a later batch, because it has to name
 * the generation that the create was given, and that has to be on disk by then: were both sent
 * together and the answer lost, another node could meanwhile delete and recreate the conversation,
 * and the second attempt would bring back what was deleted. A bulk and an erasure go alone, after
 * all that came before them about their owner and before all that follows.
 */
final class DrainBatch {

  /** Characters and bytes of content after which a batch is full: 4 MiB. */
  private static final long MAX_CONTENT = 4L << 20;

  /** A conversation; with a null id, the preferences of the owner. */
  record Subject(Owner owner, @Nullable String conversationId) {}

  private DrainBatch() {}

  /** Whether a batch is large enough that it was not worth reading more of the queue for it. */
  static boolean isFull(List<Change> batch, int max) {
    return batch.size() * 2 >= max
        || goesAlone(batch.get(0))
        || batch.stream().mapToLong(ContentSize::of).sum() * 2 >= MAX_CONTENT;
  }

  /**
   * The changes to send next, in order; none if all that is there waits.
   *
   * @param pending the beginning of the queue
   * @param later what must not be sent now, with all that follows about it; all that waits for a
   *     later batch is added
   * @param settledFirst what all that follows about the same has to wait for
   * @param max at least 1
   */
  static List<Change> of(
      List<Change> pending, Waiting later, Predicate<Change> settledFirst, int max) {
    List<Change> batch = new ArrayList<>();
    long content = 0;
    for (Change change : pending) {
      if (later.holds(change)) {
        later.add(change);
        continue;
      }
      if (goesAlone(change)) {
        if (batch.isEmpty()) {
          return List.of(change);
        }
        // All that was there before it goes first, and so may what is about other owners.
        later.add(change);
        continue;
      }
      content += ContentSize.of(change);
      if (!batch.isEmpty() && content > MAX_CONTENT) {
        return batch;
      }
      batch.add(change);
      if (batch.size() == max) {
        return batch;
      }
      if (settledFirst.test(change)) {
        later.add(change);
      }
    }
    return batch;
  }

  static boolean goesAlone(Change change) {
    return change instanceof Bulk || change instanceof OwnerErased;
  }

  /** What a change is about; it keeps its place among others about the same. */
  static List<Subject> subjects(Change change) {
    Owner owner = change.owner();
    if (change instanceof PreferencesPut put) {
      Subject preferences = new Subject(owner, null);
      String active = put.update().activeConversation();
      return active == null
          ? List.of(preferences)
          : List.of(preferences, new Subject(owner, active));
    }
    Set<String> ids = new HashSet<>();
    OverlayReader.collectIds(List.of(change), ids);
    return ids.stream().map(id -> new Subject(owner, id)).toList();
  }
}
