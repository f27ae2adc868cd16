package io.conversationstore.jsonfile.internal.maintenance;

import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The positions of lines by owner, for files already read. A file that gets no more lines is read
 * once for all erasures; after that, only the lines of erased owners are read. A line takes eight
 * bytes: the hash of its owner and its offset. Owners with equal hashes cause extra reads. Not
 * thread-safe.
 */
final class OwnerLines {
  /** Larger offsets do not fit; a file with such offsets is read each time. */
  static final long HIGHEST_OFFSET = (1L << 32) - 1;

  private final Map<Integer, long[]> lines = new HashMap<>();

  /** Encodes a line from the bytes that identify its owner. */
  static long line(String owner, long offset) {
    return (long) owner.hashCode() << 32 | offset;
  }

  /**
   * Records all lines of a file.
   *
   * @param all made by {@link #line}; this method sorts them
   */
  void put(int file, long[] all) {
    Arrays.sort(all);
    lines.put(file, all);
  }

  /** Whether none of these owners has a line in a file; false if the file was not read. */
  boolean hasNone(int file, Collection<String> owners) {
    long @Nullable [] all = lines.get(file);
    return all != null && owners.stream().allMatch(owner -> first(all, owner) == end(all, owner));
  }

  /** The offsets of possible lines of these owners, latest first; null if the file was not read. */
  long @Nullable [] offsets(int file, Collection<String> owners) {
    long @Nullable [] all = lines.get(file);
    return all == null ? null : offsets(all, owners);
  }

  /** Like {@link #offsets(int, Collection)}, for sorted lines. */
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

  /** Forgets a file, which will be read again. */
  void forget(int file) {
    lines.remove(file);
  }

  /** Forgets files that are not among these. */
  void retain(Set<Integer> files) {
    lines.keySet().retainAll(files);
  }
}
