package io.conversationstore.jsonfile.internal.index;

import java.util.Arrays;
import java.util.function.IntPredicate;

/**
 * Rows of {@code width} longs in one array, ascending by their first long, the key.
 *
 * <p>Not thread-safe, except a {@link #frozen()} view, which keeps the current rows. The view
 * shares the array: appended rows do not affect it, and any other change copies the array first.
 */
final class PackedRows {
  private static final long[] EMPTY = {};

  private final int width;
  private long[] longs;
  private int size;
  private boolean shared;

  PackedRows(int width) {
    this(width, EMPTY, 0);
  }

  private PackedRows(int width, long[] longs, int size) {
    this.width = width;
    this.longs = longs;
    this.size = size;
  }

  /** Restores rows from {@link #toArray()}. */
  static PackedRows of(int width, long[] longs) {
    return new PackedRows(width, longs, longs.length / width);
  }

  int size() {
    return size;
  }

  long key(int index) {
    return longs[index * width];
  }

  long get(int index, int column) {
    return longs[index * width + column];
  }

  void set(int index, int column, long value) {
    own();
    longs[index * width + column] = value;
  }

  /** The index of a key, or {@code -(insertion point) - 1}. */
  int find(long key) {
    if (size == 0 || key(size - 1) < key) {
      return -size - 1;
    }
    int low = 0;
    int high = size - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      long found = key(middle);
      if (found < key) {
        low = middle + 1;
      } else if (found > key) {
        high = middle - 1;
      } else {
        return middle;
      }
    }
    return -low - 1;
  }

  /** Reserves capacity for this many more rows at once. */
  void reserve(int more) {
    if ((size + more) * width > longs.length) {
      grow(more);
    }
  }

  /** Grows by at least an eighth: spare capacity adds to the memory of every message. */
  private void grow(int more) {
    longs = Arrays.copyOf(longs, (size + Math.max(more, Math.max(2, size >> 3))) * width);
    shared = false;
  }

  /** Inserts a row at an index; the caller must set its columns immediately. */
  void insert(int index, long key) {
    boolean full = (size + 1) * width > longs.length;
    if (full) {
      grow(1);
    } else if (index < size) {
      own();
    }
    System.arraycopy(longs, index * width, longs, (index + 1) * width, (size - index) * width);
    longs[index * width] = key;
    size++;
  }

  /** Sets a column of the last row, which no frozen view holds. */
  void setNew(int index, int column, long value) {
    longs[index * width + column] = value;
  }

  void remove(int index) {
    own();
    System.arraycopy(longs, (index + 1) * width, longs, index * width, (size - index - 1) * width);
    size--;
  }

  /** Keeps the rows whose index passes, in a single pass. */
  void retain(IntPredicate keeps) {
    own();
    int kept = 0;
    for (int i = 0; i < size; i++) {
      if (keeps.test(i)) {
        System.arraycopy(longs, i * width, longs, kept * width, width);
        kept++;
      }
    }
    size = kept;
  }

  void clear() {
    longs = EMPTY;
    size = 0;
    shared = false;
  }

  private void own() {
    if (shared) {
      longs = longs.clone();
      shared = false;
    }
  }

  /** A view of the current rows, which does not change. */
  PackedRows frozen() {
    shared = true;
    PackedRows view = new PackedRows(width, longs, size);
    view.shared = true;
    return view;
  }

  long[] toArray() {
    return Arrays.copyOf(longs, size * width);
  }
}
