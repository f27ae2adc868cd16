package io.conversationstore.jsonfile;

import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Where lines about which owners stand, as far as somebody has read them: a file that gets no more
 * lines is read once for all erasures that come, and then only the lines of an owner who is erased.
 * A line takes eight bytes: the hash of its owner and its place. A line of another owner with the
 * same hash is read more than needed. For one thread.
 */
final class FileOwners {
  /** Places beyond do not fit; such a file is read each time. */
  static final long HIGHEST_OFFSET = (1L << 32) - 1;

  private final Map<Integer, long[]> lines = new HashMap<>();

  /** The line of an owner, by the bytes that stand for the owner in it. */
  static long line(String owner, long offset) {
    return (long) owner.hashCode() << 32 | offset;
  }

  /**
   * Notes all lines of a file.
   *
   * @param all as {@link #line} makes them; sorted by this
   */
  void put(int file, long[] all) {
    Arrays.sort(all);
    lines.put(file, all);
  }

  /** Whether none of these owners has a line in a file; false where nobody has read it. */
  boolean hasNone(int file, Collection<String> owners) {
    long @Nullable [] all = lines.get(file);
    return all != null && owners.stream().allMatch(owner -> first(all, owner) == end(all, owner));
  }

  /**
   * Where these owners may have lines in a file, from the end on; null where nobody has read it.
   */
  long @Nullable [] offsets(int file, Collection<String> owners) {
    long @Nullable [] all = lines.get(file);
    return all == null ? null : offsets(all, owners);
  }

  /** The same of lines that are sorted. */
  static long[] offsets(long[] all, Collection<String> owners) {
    long[] found =
        owners.stream()
            .distinct()
            .flatMapToLong(owner -> Arrays.stream(all, first(all, owner), end(all, owner)))
            .map(line -> line & HIGHEST_OFFSET)
            .sorted()
            .distinct()
            .toArray();
    return LongStream.range(0, found.length)
        .map(i -> found[(int) (found.length - 1 - i)])
        .toArray();
  }

  private static int first(long[] all, String owner) {
    int at = Arrays.binarySearch(all, line(owner, 0));
    return at < 0 ? -at - 1 : at;
  }

  private static int end(long[] all, String owner) {
    int at = Arrays.binarySearch(all, line(owner, HIGHEST_OFFSET));
    return at < 0 ? -at - 1 : at + 1;
  }

  /** Forgets a file, which is read again. */
  void forget(int file) {
    lines.remove(file);
  }

  /** Forgets files that are not among these. */
  void retain(Set<Integer> files) {
    lines.keySet().retainAll(files);
  }
}
