package io.conversationstore.jsonfile;

import java.util.Set;

/** Distinguishes a store's own files from others in its directory, by name. */
final class OwnFiles {
  private static final Set<String> TEMPORARY =
      Set.of(
          Manifest.TEMPORARY,
          Checkpoint.NAME + ".tmp",
          Erasure.TEMPORARY,
          Overwrites.TEMPORARY,
          Repair.TEMPORARY,
          LogTail.TEMPORARY);
  private static final Set<String> SINGLE = Set.of(Manifest.NAME, Checkpoint.NAME, Overwrites.NAME);

  private OwnFiles() {}

  /** Whether it is a temporary file, which a crash may have left. */
  static boolean isTemporary(String name) {
    return TEMPORARY.contains(name);
  }

  static boolean isOwn(String name) {
    return SINGLE.contains(name)
        || isTemporary(name)
        || Segments.number(name) != 0
        || DirectoryLock.NAMES.contains(name)
        || name.startsWith(FileJobs.SIDE_FILE);
  }
}
