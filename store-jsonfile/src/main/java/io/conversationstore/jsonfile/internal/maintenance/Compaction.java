package io.conversationstore.jsonfile.internal.maintenance;

import io.conversationstore.jsonfile.internal.apply.Contents;
import io.conversationstore.jsonfile.internal.apply.LinePayloads;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.MessageTable;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.PendingQueue;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.LocalStore.Mirrored;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State.ConversationState;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Writes all rows of a frozen index to a snapshot, then moves an index that has since changed to
 * the new places. Not thread-safe.
 */
final class Compaction {
  /** How long a node may be offline; deleted rows are kept that long. */
  static final Duration TOMBSTONES = Duration.ofDays(30);

  /** A conversation of the view and the new places of its messages. */
  private record Moved(
      OwnerRows owner,
      String id,
      ConversationRows view,
      MessageTable.Places places,
      boolean leavesOut) {}

  private final Index view;
  private final Contents contents;
  private final SnapshotFiles out;
  private final Instant now;

  /** Rows deleted before this time are left out. */
  private final long oldestMicros;

  private final List<Moved> conversations = new ArrayList<>();
  private final Map<UUID, Place> pending = new LinkedHashMap<>();

  /**
   * @param bound whether the index mirrors a database. If so, deleted rows age by the time up to
   *     which the mirror has followed the database, and do not age while that time is unknown: a
   *     clock that is briefly ahead must not discard deleted rows
   * @param contents reads without a cache, because no caller asked for these contents
   */
  Compaction(Index view, boolean bound, Contents contents, SnapshotFiles out, Instant now) {
    this.view = view;
    this.contents = contents;
    this.out = out;
    this.now = now;
    long asOf = view.mirrorAsOfMicros();
    boolean known = asOf != MessageRow.NEVER;
    Instant present =
        bound && known && Micros.instant(asOf).isBefore(now) ? Micros.instant(asOf) : now;
    this.oldestMicros = bound && !known ? Long.MIN_VALUE : Micros.of(present.minus(TOMBSTONES));
  }

  /** Writes the snapshot, durably except for the file names. */
  void write() throws IOException {
    out.line("meta", LinePayloads.meta(view.standaloneContent(), view.recent()), now);
    for (PendingQueue.Parked parked : view.pending().parked()) {
      write(parked.entry());
      List<Settlement> settlement = List.of(parked.settlement());
      out.line("settle", LinePayloads.settlements(settlement), now);
    }
    for (PendingQueue.Entry entry : view.pending().all()) {
      write(entry);
    }
    for (OwnerRows owner : view.owners()) {
      if (owner.epoch() > 0) {
        out.line("owner", LinePayloads.owner(owner), now);
      }
      if (owner.hasPreferences()) {
        out.line("row", LinePayloads.row(owner.preferences()), now);
      }
      for (Map.Entry<String, ConversationRows> entry : owner.conversations().entrySet()) {
        write(owner, entry.getKey(), entry.getValue());
      }
    }
    long asOf = view.mirrorAsOfMicros();
    if (!view.position().equals(FeedPosition.START) || asOf != MessageRow.NEVER) {
      Instant time = asOf == MessageRow.NEVER ? null : Micros.instant(asOf);
      out.line("feed", LinePayloads.feed(view.position(), time), now);
    }
    out.finish();
  }

  private void write(PendingQueue.Entry entry) throws IOException {
    if (!entry.hasContent()) {
      out.line("was", LinePayloads.ended(entry).getBytes(StandardCharsets.UTF_8), now);
      return;
    }
    pending.put(entry.id(), out.line("pending", contents.changeLine(entry), now));
  }

  private void write(OwnerRows owner, String id, ConversationRows rows) throws IOException {
    ConversationState header = rows.header();
    if (header != null) {
      if (isExpired(rows)) {
        MessageTable.Places nowhere = new MessageTable.Places(rows.messages().size());
        conversations.add(new Moved(owner, id, rows, nowhere, true));
        return;
      }
      out.line("row", LinePayloads.row(header), Micros.instant(rows.changedMicros()));
    }
    if (rows.isEvicted()) {
      Mirrored conversation = new Mirrored(owner.owner(), id, owner.epoch(), rows.generation());
      out.line(
          header == null ? "lacks" : "evict", LinePayloads.mirrored(List.of(conversation)), now);
    }
    MessageTable messages = rows.messages();
    MessageTable.Places places = new MessageTable.Places(messages.size());
    boolean leavesOut = false;
    for (int i = 0; i < messages.size(); i++) {
      MessageRow row = messages.get(i);
      if (row.live() || row.changedMicros() >= oldestMicros) {
        Instant at = row.live() ? now : Micros.instant(row.changedMicros());
        byte[] state = contents.row(owner.owner(), id, owner.epoch(), rows.generation(), row);
        places.set(i, out.line("row", state, at));
      } else {
        leavesOut = true;
      }
    }
    conversations.add(new Moved(owner, id, rows, places, leavesOut));
  }

  /** Whether a conversation was deleted longer ago than a node may be offline. */
  private boolean isExpired(ConversationRows rows) {
    return rows.header() != null && !rows.isLive() && rows.changedMicros() < oldestMicros;
  }

  /**
   * Removes from an index the rows that the snapshot leaves out, starting at a step.
   *
   * @param most the approximate number of messages to process in one call
   * @return the next step
   */
  int forget(int from, int most, Index index) {
    int step = from;
    int count = 0;
    while (step < conversations.size() && count < most) {
      Moved moved = conversations.get(step++);
      if (moved.leavesOut) {
        move(moved, index);
        count += moved.view.messages().size();
      }
      count++;
    }
    return step;
  }

  /** How many steps {@link #move} takes. */
  int steps() {
    return conversations.size() + 1;
  }

  /**
   * Gives an index the new places of what the view holds, starting at a step.
   *
   * @param most the approximate number of messages to process in one call
   * @return the next step
   */
  int move(int from, int most, Index index) {
    int step = from;
    int count = 0;
    while (step < conversations.size() && count < most) {
      Moved moved = conversations.get(step++);
      move(moved, index);
      count += moved.view.messages().size() + 1;
    }
    if (step == conversations.size() && count < most) {
      pending.forEach((id, place) -> index.pending().moved(id, place));
      step++;
    }
    return step;
  }

  private void move(Moved moved, Index index) {
    moveWithin(moved, index);
    index.formerMirrors().forEach(former -> moveWithin(moved, former));
  }

  private void moveWithin(Moved moved, Index index) {
    OwnerRows owner = index.find(moved.owner.owner());
    ConversationRows rows = owner == null ? null : owner.conversations().get(moved.id);
    if (owner == null || rows == null) {
      return;
    }
    if (owner.epoch() != moved.owner.epoch() || rows.generation() != moved.view.generation()) {
      // A different conversation, or the same one after it became unmet or met a database.
      rows.movedByContent(moved.view, moved.places);
      return;
    }
    if (isExpired(moved.view)) {
      owner.conversations().remove(moved.id);
    } else {
      rows.moved(moved.view, moved.places);
    }
  }
}
