package io.conversationstore.jsonfile.internal.index;

import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.spi.LocalStore.Placed;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * The messages of one conversation by {@code seq}, packed: 48 bytes each, 4 to 10 more for the id
 * lookup, and 48 more if edited or deleted. Guarded by the engine's lock; a {@link #frozen()} table
 * is thread-safe.
 */
public final class MessageTable {
  /** Columns: seq, id (two), creation time, segment and offset, length and checksum. */
  private static final int WIDTH = 6;

  /** Columns: seq, version, time of change, whether live, and where the edit stands (two). */
  private static final int CHANGED_WIDTH = WIDTH;

  /** Up to this size, a search by id scans all rows. */
  private static final int SMALL = 8;

  private static final int[] NONE = {};

  private final PackedRows rows;
  private final PackedRows changed;

  /**
   * Open addressing: index + 1 of the row at the id's hash or behind it, 0 for none. A lookup
   * builds the table if it is missing. Concurrent readers each build a complete one, and any of
   * them may stay.
   */
  private volatile int[] byId = NONE;

  MessageTable() {
    this(new PackedRows(WIDTH), new PackedRows(CHANGED_WIDTH));
  }

  private MessageTable(PackedRows rows, PackedRows changed) {
    this.rows = rows;
    this.changed = changed;
  }

  /** A table from the arrays of {@link #rows} and {@link #changed}. */
  public static MessageTable of(long[] rows, long[] changed) {
    return new MessageTable(PackedRows.of(WIDTH, rows), PackedRows.of(CHANGED_WIDTH, changed));
  }

  /** The packed rows, with their current places. */
  public long[] rows(UnaryOperator<Place> now) {
    return packed(rows, now);
  }

  /** The packed edits and deletions, with their current places. */
  public long[] changed(UnaryOperator<Place> now) {
    return packed(changed, now);
  }

  private static long[] packed(PackedRows rows, UnaryOperator<Place> now) {
    long[] longs = rows.toArray();
    for (int i = 0; i < rows.size(); i++) {
      if (rows.get(i, 4) != 0) {
        Place place = now.apply(place(rows, i));
        longs[i * WIDTH + 4] = where(place);
      }
    }
    return longs;
  }

  /** A view that keeps the current rows. */
  MessageTable frozen() {
    return new MessageTable(rows.frozen(), changed.frozen());
  }

  public int size() {
    return rows.size();
  }

  public long seq(int index) {
    return rows.key(index);
  }

  public long createdMicros(int index) {
    return rows.get(index, 3);
  }

  public boolean isLive(int index) {
    int at = changed.size() == 0 ? -1 : changed.find(rows.key(index));
    return at < 0 || changed.get(at, 3) != 0;
  }

  public MessageRow get(int index) {
    long seq = rows.key(index);
    int at = changed.size() == 0 ? -1 : changed.find(seq);
    boolean edited = at >= 0 && changed.get(at, 4) != 0;
    return new MessageRow(
        id(index),
        seq,
        at < 0 ? 1 : changed.get(at, 1),
        rows.get(index, 3),
        at < 0 ? MessageRow.NEVER : changed.get(at, 2),
        at < 0 || changed.get(at, 3) != 0,
        place(rows, index),
        edited ? place(changed, at) : null);
  }

  /** Receives the end of a content in its file. */
  public interface Reach {
    void to(int file, long end);
  }

  /** Reports the end of each live message's content. */
  public void reach(Reach reach) {
    for (int i = 0; i < rows.size(); i++) {
      int at = changed.size() == 0 ? -1 : changed.find(rows.key(i));
      if (at < 0 || changed.get(at, 3) != 0) {
        PackedRows latest = at >= 0 && changed.get(at, 4) != 0 ? changed : rows;
        int index = latest == changed ? at : i;
        long end = (latest.get(index, 4) & 0xffff_ffffL) + (latest.get(index, 5) >>> 32);
        reach.to((int) (latest.get(index, 4) >> 32), end);
      }
    }
  }

  private UUID id(int index) {
    return new UUID(rows.get(index, 1), rows.get(index, 2));
  }

  private static Place place(PackedRows rows, int index) {
    long where = rows.get(index, 4);
    long what = rows.get(index, 5);
    return new Place((int) (where >> 32), where & 0xffff_ffffL, (int) (what >> 32), (int) what);
  }

  private static long where(Place place) {
    if (place.offset() > 0xffff_ffffL) {
      throw new IllegalArgumentException("the segment is larger than 4 GiB");
    }
    return (long) place.segment() << 32 | place.offset();
  }

  private static long what(Place place) {
    return (long) place.length() << 32 | (place.crc() & 0xffff_ffffL);
  }

  /** The index of a {@code seq}, or {@code -(insertion point) - 1}. */
  public int find(long seq) {
    return rows.find(seq);
  }

  /** The index of an id, or -1. */
  int find(UUID id) {
    long high = id.getMostSignificantBits();
    long low = id.getLeastSignificantBits();
    if (size() <= SMALL) {
      for (int i = 0; i < size(); i++) {
        if (rows.get(i, 2) == low && rows.get(i, 1) == high) {
          return i;
        }
      }
      return -1;
    }
    int[] slots = byId;
    if (slots.length == 0) {
      slots = hashed();
      byId = slots;
    }
    for (int slot = slot(slots, high, low);
        slots[slot] != 0;
        slot = (slot + 1) & (slots.length - 1)) {
      int index = slots[slot] - 1;
      if (rows.get(index, 2) == low && rows.get(index, 1) == high) {
        return index;
      }
    }
    return -1;
  }

  private static int slot(int[] slots, long high, long low) {
    // UUIDv7 has its randomness in the low half; the multiplication spreads other versions too.
    long mixed = (high * 31 + low) * 0x9e37_79b9_7f4a_7c15L;
    return (int) (mixed >>> 32) & (slots.length - 1);
  }

  private int[] hashed() {
    int wanted = size() + (size() >> 2) + 1;
    int[] slots = new int[Integer.highestOneBit(wanted - 1) << 1];
    for (int i = 0; i < size(); i++) {
      addId(slots, i);
    }
    return slots;
  }

  private void addId(int[] slots, int index) {
    int slot = slot(slots, rows.get(index, 1), rows.get(index, 2));
    while (slots[slot] != 0) {
      slot = (slot + 1) & (slots.length - 1);
    }
    slots[slot] = index + 1;
  }

  /** Reserves capacity for this many more messages. */
  void reserve(int more) {
    rows.reserve(more);
  }

  /** Puts a row in its place, replacing one of the same {@code seq}. */
  void put(MessageRow row) {
    int index = rows.find(row.seq());
    if (index < 0) {
      index = -index - 1;
      boolean last = index == rows.size();
      rows.insert(index, row.seq());
      fill(index, row);
      int[] slots = byId;
      if (!last || size() + (size() >> 2) > slots.length) {
        byId = NONE;
      } else if (slots.length > 0) {
        addId(slots, index);
      }
    } else {
      if (!id(index).equals(row.id())) {
        byId = NONE;
      }
      rows.set(index, 0, row.seq());
      fill(index, row);
    }
    putChanged(row);
  }

  /** The caller has just made or unshared the row. */
  private void fill(int index, MessageRow row) {
    rows.setNew(index, 1, row.id().getMostSignificantBits());
    rows.setNew(index, 2, row.id().getLeastSignificantBits());
    rows.setNew(index, 3, row.createdMicros());
    rows.setNew(index, 4, where(row.content()));
    rows.setNew(index, 5, what(row.content()));
  }

  private void putChanged(MessageRow row) {
    int at = changed.find(row.seq());
    if (row.version() == 1
        && row.live()
        && row.edit() == null
        && row.changedMicros() == MessageRow.NEVER) {
      if (at >= 0) {
        changed.remove(at);
      }
      return;
    }
    if (at < 0) {
      at = -at - 1;
      changed.insert(at, row.seq());
    } else {
      changed.set(at, 0, row.seq());
    }
    Place edit = row.edit();
    changed.setNew(at, 1, row.version());
    changed.setNew(at, 2, row.changedMicros());
    changed.setNew(at, 3, row.live() ? 1 : 0);
    changed.setNew(at, 4, edit == null ? 0 : where(edit));
    changed.setNew(at, 5, edit == null ? 0 : what(edit));
  }

  /** The places of a table's messages, packed. */
  public static final class Places {
    private final long[] longs;

    public Places(int size) {
      longs = new long[2 * size];
    }

    public void set(int index, Place place) {
      longs[2 * index] = where(place);
      longs[2 * index + 1] = what(place);
    }
  }

  /**
   * Takes over the places that a compaction gave to the messages of a frozen view, for messages
   * that are unchanged since.
   *
   * @param places the new places of the view's messages; a deleted message without one is removed
   */
  void moved(MessageTable view, Places places) {
    boolean removes = false;
    for (int i = 0; i < view.size(); i++) {
      int at = i < size() && seq(i) == view.seq(i) ? i : find(view.seq(i));
      if (at < 0
          || rows.get(at, 4) != view.rows.get(i, 4)
          || rows.get(at, 5) != view.rows.get(i, 5)) {
        continue;
      }
      long where = places.longs[2 * i];
      if (where == 0) {
        removes = true;
        rows.set(at, 4, 0);
        continue;
      }
      int edit = changed.size() == 0 ? -1 : changed.find(seq(at));
      if (edit >= 0 && changed.get(edit, 4) != 0 && view.hasEdit(i, changed, edit)) {
        // The new place holds the edited content.
        changed.set(edit, 4, 0);
        changed.set(edit, 5, 0);
      }
      rows.set(at, 4, where);
      rows.set(at, 5, places.longs[2 * i + 1]);
    }
    if (removes) {
      // Changes go first, because they are matched through rows that are about to be removed.
      changed.retain(at -> !isGoing(rows.find(changed.key(at))));
      rows.retain(at -> !isGoing(at));
      byId = NONE;
    }
  }

  /**
   * Like {@link #moved}, if messages have since moved to another {@code seq}: they are matched by
   * the former places of their contents.
   */
  void movedByContent(MessageTable view, Places places) {
    Map<Long, Integer> stood = new HashMap<>();
    for (int i = 0; i < view.size(); i++) {
      if (places.longs[2 * i] != 0) {
        stood.put(view.rows.get(i, 4), i);
      }
    }
    for (int at = 0; at < size() && !stood.isEmpty(); at++) {
      Integer i = stood.get(rows.get(at, 4));
      if (i == null || rows.get(at, 5) != view.rows.get(i, 5)) {
        continue;
      }
      int edit = changed.size() == 0 ? -1 : changed.find(seq(at));
      if (edit >= 0 && changed.get(edit, 4) != 0 && view.hasEdit(i, changed, edit)) {
        changed.set(edit, 4, 0);
        changed.set(edit, 5, 0);
      }
      rows.set(at, 4, places.longs[2 * i]);
      rows.set(at, 5, places.longs[2 * i + 1]);
    }
  }

  /** Removes deleted messages. */
  void retainLive() {
    if (changed.size() == 0) {
      return;
    }
    boolean[] live = new boolean[size()];
    for (int i = 0; i < live.length; i++) {
      live[i] = isLive(i);
    }
    changed.retain(at -> changed.get(at, 3) != 0);
    rows.retain(at -> live[at]);
    byId = NONE;
  }

  /**
   * A table of the same contents under new {@code seq} values; messages without one are left out.
   */
  MessageTable placed(List<Placed> places) {
    MessageTable placed = new MessageTable();
    placed.reserve(size());
    for (Placed place : places) {
      int at = find(place.from());
      for (long i = 0; at >= 0 && i < place.count() && at < size(); i++, at++) {
        MessageRow row = get(at);
        Instant createdAt = place.createdAt();
        Instant editedAt = place.editedAt();
        long editedMicros = editedAt == null ? MessageRow.NEVER : Micros.of(editedAt);
        placed.put(
            new MessageRow(
                row.id(),
                place.to() + i,
                place.version(),
                createdAt == null ? row.createdMicros() : Micros.of(createdAt),
                createdAt == null ? row.changedMicros() : editedMicros,
                true,
                row.content(),
                row.edit()));
      }
    }
    return placed;
  }

  private boolean isGoing(int index) {
    return index >= 0 && rows.get(index, 4) == 0;
  }

  /** Whether the edit of a message is at the place that a row of another table gives. */
  private boolean hasEdit(int index, PackedRows other, int row) {
    int at = changed.size() == 0 ? -1 : changed.find(seq(index));
    return at >= 0
        && changed.get(at, 4) == other.get(row, 4)
        && changed.get(at, 5) == other.get(row, 5);
  }

  /** The bytes read from disk for a message. */
  long bytes(int index) {
    int at = changed.size() == 0 ? -1 : changed.find(seq(index));
    if (at >= 0 && changed.get(at, 3) == 0) {
      return 0;
    }
    return (rows.get(index, 5) >> 32) + (at < 0 ? 0 : changed.get(at, 5) >> 32);
  }

  void remove(int index) {
    int at = changed.find(rows.key(index));
    if (at >= 0) {
      changed.remove(at);
    }
    rows.remove(index);
    byId = NONE;
  }

  void clear() {
    rows.clear();
    changed.clear();
    byId = NONE;
  }

  /** Whether the next row's creation time is not earlier than this row's. */
  boolean ascends(int index) {
    return index + 1 >= size() || createdMicros(index) <= createdMicros(index + 1);
  }
}
