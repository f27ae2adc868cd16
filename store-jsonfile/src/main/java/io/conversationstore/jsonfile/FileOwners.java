package io.conversationstore.jsonfile;

import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which owners have lines in which files, as far as somebody has read them: a file that gets no
 * more lines is read once for all erasures that come. Owners are kept as hashes, four bytes each; a
 * file of which two owners have the same hash is read once more than needed. For one thread.
 */
final class FileOwners {
  private final Map<Integer, int[]> hashes = new HashMap<>();

  /** Notes all owners of a file, by the bytes that stand for them in its lines. */
  void put(int file, Set<String> owners) {
    int[] all = owners.stream().mapToInt(String::hashCode).toArray();
    Arrays.sort(all);
    hashes.put(file, all);
  }

  /** Whether none of these owners has a line in a file; false where nobody has read it. */
  boolean hasNone(int file, Collection<String> owners) {
    int @Nullable [] all = hashes.get(file);
    if (all == null) {
      return false;
    }
    for (String owner : owners) {
      if (Arrays.binarySearch(all, owner.hashCode()) >= 0) {
        return false;
      }
    }
    return true;
  }

  /** Forgets a file, which is read again. */
  void forget(int file) {
    hashes.remove(file);
  }

  /** Forgets files that are not among these. */
  void retain(Set<Integer> files) {
    hashes.keySet().retainAll(files);
  }
}
