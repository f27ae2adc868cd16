package io.conversationstore.jsonfile;

import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.State.MessageState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The steps done to a mirror and its queue, and the content that they must have: the same as an
 * engine on a disk that never fails. All steps up to the last forced one must be there. Of those
 * after it, any number from the front may be there. A contact is stored outside of the log: an
 * unacknowledged last contact may be there without the steps before it. Not thread-safe.
 */
final class MirrorHistory {
  private final List<MirrorStep> steps = new ArrayList<>();
  private int acknowledged;
  private int forced;
  private FileEngine model = perfect();

  private static FileEngine perfect() {
    try {
      return Memory.engine(new MemoryFiles(), Memory.options().withSegmentBytes(1 << 20));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The step was done; a loss of power may undo it. */
  void acknowledged(MirrorStep step) {
    attempted(step);
    acknowledged = steps.size();
    forced = step.isForced() ? acknowledged : forced;
  }

  /** The step may have been done, in full or in part. */
  void attempted(MirrorStep step) {
    for (MirrorStep part : step.parts()) {
      steps.add(part);
      part.make(model);
    }
  }

  /** All steps so far are on the disk. */
  void forcedAll() {
    acknowledged = steps.size();
    forced = acknowledged;
  }

  void powerLost() {
    acknowledged = forced;
  }

  void close() {
    model.close();
  }

  List<Change> pending(int max) {
    return model.pending(max, Long.MAX_VALUE);
  }

  boolean isBound() {
    return model.identity().storeId() != null;
  }

  long epoch(Owner owner) {
    return model.find(owner, "default").ownerEpoch();
  }

  /** How many erasures of an owner were queued. */
  int queuedErasures(Owner owner) {
    return (int)
        steps.stream()
            .filter(
                step ->
                    step instanceof MirrorStep.Enqueue enqueue
                        && enqueue.change() instanceof Change.OwnerErased erased
                        && erased.owner().equals(owner))
            .count();
  }

  Map<String, String> present() {
    return fingerprint(model);
  }

  /**
   * Determines how many of the attempted steps were done, and forgets the rest.
   *
   * @throws AssertionError if no number of steps gives this content
   */
  void settle(Map<String, String> actual) {
    Map<String, String> all = present();
    if (actual.equals(all)) {
      return;
    }
    List<MirrorStep> attempted = List.copyOf(steps);
    MirrorStep last = attempted.get(attempted.size() - 1);
    for (int count = attempted.size() - 1; count >= acknowledged; count--) {
      keep(attempted.subList(0, count));
      if (actual.equals(present())) {
        return;
      }
      if (last instanceof MirrorStep.Remember) {
        attempted(last);
        if (actual.equals(present())) {
          return;
        }
      }
    }
    throw new AssertionError(
        "neither with nor without what was attempted ("
            + attempted.subList(acknowledged, attempted.size())
            + "); it should be"
            + History.difference(all, actual)
            + "\n\nor, with nothing of it,"
            + History.difference(present(), actual));
  }

  private void keep(List<MirrorStep> kept) {
    List<MirrorStep> copy = List.copyOf(kept);
    model.close();
    model = perfect();
    steps.clear();
    copy.forEach(this::attempted);
  }

  /** All that an engine shows of a mirror and its queue. */
  static Map<String, String> fingerprint(LocalStore store) {
    Map<String, String> all = new TreeMap<>();
    LocalStore.Identity identity = store.identity();
    all.put(
        "identity",
        identity.storeId()
            + " "
            + (identity.storeId() == null ? "" : identity.history())
            + " "
            + identity.counter()
            + " "
            + identity.clockOffsetMicros());
    all.put("position", identity.position() + " " + identity.mirrorAsOf());
    for (Owner owner : MirrorWorkload.OWNERS) {
      all.put(owner + " preferences", store.preferences(owner).toString());
      for (String id : MirrorWorkload.CONVERSATIONS) {
        StringBuilder text = new StringBuilder();
        text.append(store.find(owner, id).ownerEpoch()).append(' ');
        text.append(store.find(owner, id).conversation());
        // Messages of a deleted conversation do not matter; a compaction may drop them.
        int messages = store.find(owner, id).live() == null ? 0 : MirrorWorkload.MESSAGES;
        for (int i = 0; i < messages; i++) {
          MessageState message = store.message(owner, id, MirrorWorkload.messageId(i)).orElse(null);
          text.append('\n').append(message);
          text.append(message == null || message.message() == null ? "" : message.message().text());
        }
        all.put(owner + " " + id, text.toString());
      }
    }
    int number = 0;
    for (Change change : store.pending(1_000, Long.MAX_VALUE)) {
      // Pending changes of an owner erased since will be dropped, whatever their content.
      boolean over = change.stamp().epoch() < store.find(change.owner(), "default").ownerEpoch();
      byte[] json = Json.bytes(out -> ChangeJson.write(out, change));
      String text = new String(json, StandardCharsets.UTF_8);
      all.put("pending " + number++, over ? change.id().toString() : text);
    }
    store.parked().forEach(parked -> all.merge("parked", parked.toString(), String::concat));
    return all;
  }
}
