package io.conversationstore.hybrid.internal.overlay;

import io.conversationstore.TokenUsage;
import io.conversationstore.hybrid.internal.overlay.PendingContents.Source;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.RandomAccess;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The pending messages of one conversation by id, in order, like a map that keeps the order of
 * insertion. A message as it was appended takes 64 bytes, and 4 to 12 more for the lookup; an
 * edited one, or one with usage, is kept as an object too. Not thread-safe.
 */
final class PendingTail {

  /**
   * A pending message. Owner, conversation, epoch and generation are the view's.
   *
   * @param named the generation that its append names
   * @param edit the location of its last edit's content; null without an edit
   */
  record Waiting(
      long version,
      String digest,
      Instant createdAt,
      @Nullable Instant editedAt,
      @Nullable TokenUsage usage,
      long named,
      Source append,
      @Nullable Source edit) {}

  /** Columns: message id (two), change id (two), digest (two), creation time, generation. */
  private static final int WIDTH = 8;

  private static final int ROWS_PER_BLOCK = 512;
  private static final int MIN_SLOTS = 16;
  private static final int DIGEST_LENGTH = 32;

  /** Microseconds of more seconds may not fit into a column. */
  private static final long MOST_SECONDS = 1_000_000_000_000L;

  private static final HexFormat HEX = HexFormat.of();

  /** Rows, in blocks that are never copied; the first is small while there are few. */
  private final List<long[]> blocks = new ArrayList<>(1);

  /** Messages that columns cannot hold; their rows have the ids alone. */
  private final Map<UUID, Waiting> others = new HashMap<>();

  private final BitSet removed = new BitSet();
  private int rows;
  private int gone;

  /** Open addressing: index + 1 of the row at the id's hash or behind it, 0 for none. */
  private int[] slots = new int[MIN_SLOTS];

  int size() {
    return rows - gone;
  }

  boolean contains(UUID messageId) {
    return find(messageId) >= 0;
  }

  @Nullable Waiting get(UUID messageId) {
    int row = find(messageId);
    return row < 0 ? null : waiting(messageId, row);
  }

  /** Adds a message at the end, or replaces the one of the same id in its place. */
  void put(UUID messageId, Waiting waiting) {
    int row = find(messageId);
    if (row < 0) {
      row = rows;
      if (row % ROWS_PER_BLOCK == 0) {
        blocks.add(new long[row == 0 ? WIDTH : WIDTH * ROWS_PER_BLOCK]);
      } else if (row < ROWS_PER_BLOCK && row * WIDTH == blocks.get(0).length) {
        blocks.set(0, Arrays.copyOf(blocks.get(0), 2 * row * WIDTH));
      }
      rows++;
      set(row, 0, messageId.getMostSignificantBits());
      set(row, 1, messageId.getLeastSignificantBits());
      if (rows > slots.length / 4 * 3) {
        slots = hashed(slots.length * 2);
      } else {
        add(slots, row);
      }
    }
    if (pack(row, messageId, waiting)) {
      others.remove(messageId);
    } else {
      others.put(messageId, waiting);
    }
  }

  /** Returns whether there was one. */
  boolean remove(UUID messageId) {
    int row = find(messageId);
    if (row < 0) {
      return false;
    }
    removed.set(row);
    gone++;
    others.remove(messageId);
    return true;
  }

  void clear() {
    blocks.clear();
    others.clear();
    removed.clear();
    rows = 0;
    gone = 0;
    slots = new int[MIN_SLOTS];
  }

  /** The ids in order, as a view that a change of the messages ends. */
  List<UUID> ids() {
    squeeze();
    return new Ids(this);
  }

  /** Whether one of them was appended by such a change. */
  boolean anyAppendedBy(Predicate<UUID> change) {
    for (int row = 0; row < rows; row++) {
      if (!removed.get(row)) {
        Waiting other = others.isEmpty() ? null : others.get(id(row));
        if (change.test(other == null ? uuid(row, 2) : other.append.change())) {
          return true;
        }
      }
    }
    return false;
  }

  private static final class Ids extends AbstractList<UUID> implements RandomAccess {
    private final PendingTail tail;
    private final int size;

    Ids(PendingTail tail) {
      this.tail = tail;
      this.size = tail.size();
    }

    @Override
    public UUID get(int index) {
      return tail.id(Objects.checkIndex(index, size));
    }

    @Override
    public int size() {
      return size;
    }

    @Override
    public int indexOf(@Nullable Object id) {
      return id instanceof UUID messageId ? tail.find(messageId) : -1;
    }
  }

  /** Packs a message as it was appended; false if it differs from that shape. */
  private boolean pack(int row, UUID messageId, Waiting waiting) {
    Source append = waiting.append;
    if (waiting.version != 1
        || waiting.editedAt != null
        || waiting.usage != null
        || waiting.edit != null
        || !append.part().equals(append.change())
        || !append.messageId().equals(messageId)) {
      return false;
    }
    Instant at = waiting.createdAt;
    if (at.getNano() % 1_000 != 0
        || Math.abs(at.getEpochSecond()) > MOST_SECONDS
        || !isPlain(waiting.digest)) {
      return false;
    }
    set(row, 2, append.change().getMostSignificantBits());
    set(row, 3, append.change().getLeastSignificantBits());
    set(row, 4, HexFormat.fromHexDigitsToLong(waiting.digest, 0, DIGEST_LENGTH / 2));
    set(row, 5, HexFormat.fromHexDigitsToLong(waiting.digest, DIGEST_LENGTH / 2, DIGEST_LENGTH));
    set(row, 6, at.getEpochSecond() * 1_000_000 + at.getNano() / 1_000);
    set(row, 7, waiting.named);
    return true;
  }

  /** Whether a digest is what {@link io.conversationstore.json.ModelJson#digest} writes. */
  private static boolean isPlain(String digest) {
    if (digest.length() != DIGEST_LENGTH) {
      return false;
    }
    for (int i = 0; i < DIGEST_LENGTH; i++) {
      char c = digest.charAt(i);
      if ((c < '0' || c > '9') && (c < 'a' || c > 'f')) {
        return false;
      }
    }
    return true;
  }

  private static Instant instant(long micros) {
    return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
  }

  private Waiting waiting(UUID messageId, int row) {
    Waiting other = others.isEmpty() ? null : others.get(messageId);
    if (other != null) {
      return other;
    }
    UUID change = uuid(row, 2);
    return new Waiting(
        1,
        HEX.toHexDigits(get(row, 4)) + HEX.toHexDigits(get(row, 5)),
        instant(get(row, 6)),
        null,
        null,
        get(row, 7),
        new Source(change, change, messageId),
        null);
  }

  private long get(int row, int column) {
    return blocks.get(row / ROWS_PER_BLOCK)[row % ROWS_PER_BLOCK * WIDTH + column];
  }

  private void set(int row, int column, long value) {
    blocks.get(row / ROWS_PER_BLOCK)[row % ROWS_PER_BLOCK * WIDTH + column] = value;
  }

  private UUID uuid(int row, int column) {
    return new UUID(get(row, column), get(row, column + 1));
  }

  private UUID id(int row) {
    return uuid(row, 0);
  }

  /** The row of a message, or -1. */
  private int find(UUID messageId) {
    long high = messageId.getMostSignificantBits();
    long low = messageId.getLeastSignificantBits();
    for (int slot = slot(slots, high, low);
        slots[slot] != 0;
        slot = (slot + 1) & (slots.length - 1)) {
      int row = slots[slot] - 1;
      if (get(row, 1) == low && get(row, 0) == high && !removed.get(row)) {
        return row;
      }
    }
    return -1;
  }

  private static int slot(int[] slots, long high, long low) {
    // UUIDv7 has its randomness in the low half; the multiplication spreads other versions too.
    long mixed = (high * 31 + low) * 0x9e37_79b9_7f4a_7c15L;
    return (int) (mixed >>> 32) & (slots.length - 1);
  }

  private void add(int[] table, int row) {
    int slot = slot(table, get(row, 0), get(row, 1));
    while (table[slot] != 0) {
      slot = (slot + 1) & (table.length - 1);
    }
    table[slot] = row + 1;
  }

  private int[] hashed(int length) {
    int[] table = new int[length];
    for (int row = 0; row < rows; row++) {
      if (!removed.get(row)) {
        add(table, row);
      }
    }
    return table;
  }

  /** Closes the gaps that removed messages left. */
  private void squeeze() {
    if (gone == 0) {
      return;
    }
    int to = 0;
    for (int from = 0; from < rows; from++) {
      if (!removed.get(from)) {
        for (int column = 0; column < WIDTH && to < from; column++) {
          set(to, column, get(from, column));
        }
        to++;
      }
    }
    rows = to;
    gone = 0;
    removed.clear();
    int needed = (rows + ROWS_PER_BLOCK - 1) / ROWS_PER_BLOCK;
    blocks.subList(needed, blocks.size()).clear();
    slots = hashed(slots.length);
  }
}
