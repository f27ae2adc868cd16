package io.conversationstore.hybrid.internal.outbox;

import io.conversationstore.Owner;
import io.conversationstore.hybrid.internal.support.ContentSize;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.PreferencesPut;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the pending changes that are sent together. Changes of one conversation keep their order.
 * Changes behind a create of their conversation wait for a later batch, because they must name the
 * generation that the create was given, which must be on disk by then. If both were sent together
 * and the answer was lost, another node could delete and recreate the conversation, and the second
 * attempt would bring back deleted messages. Bulks and erasures are sent alone, after all earlier
 * changes of their owner and before all later ones.
 */
final class DrainBatch {

  /**
   * Characters and bytes of content that fill a batch: 1 MiB. While a batch is sent, its content is
   * in memory some five times: as messages, as JSON, and in several buffers of the driver.
   */
  private static final long MAX_CONTENT = 1L << 20;

  /** A conversation; with a null id, the preferences of the owner. */
  record Subject(Owner owner, @Nullable String conversationId) {}

  private DrainBatch() {}

  /** Whether a batch is large enough to make reading more of the queue unnecessary. */
  static boolean isFull(List<Change> batch, int max) {
    return batch.size() * 2 >= max
        || batch.get(0).goesAlone()
        || batch.stream().mapToLong(ContentSize::of).sum() * 2 >= MAX_CONTENT;
  }

  /**
   * The changes to send next, in order; none if all of these must wait.
   *
   * @param pending the beginning of the queue
   * @param later changes that must not be sent now, nor any later ones of their subject; receives
   *     all changes that wait for a later batch
   * @param settledFirst selects changes that must be settled before later ones of the same subject
   * @param max at least 1
   */
  static List<Change> of(
      List<Change> pending, BlockedSubjects later, Predicate<Change> settledFirst, int max) {
    List<Change> batch = new ArrayList<>();
    long content = 0;
    for (Change change : pending) {
      if (later.holds(change)) {
        later.add(change);
        continue;
      }
      if (change.goesAlone()) {
        if (batch.isEmpty()) {
          return List.of(change);
        }
        // Everything before it goes first; changes of other owners may go too.
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

  /** The subjects of a change, within each of which changes keep their order. */
  static List<Subject> subjects(Change change) {
    Owner owner = change.owner();
    List<Subject> subjects = new ArrayList<>();
    for (String id : change.namedConversationIds()) {
      subjects.add(new Subject(owner, id));
    }
    if (change instanceof PreferencesPut) {
      subjects.add(new Subject(owner, null));
    }
    return subjects;
  }
}
