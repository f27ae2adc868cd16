package io.conversationstore.jsonfile.internal.disk;

import java.io.IOException;
import java.util.List;
import java.util.Set;

/** The names of a store's own files, which distinguish them from others in its directory. */
public final class FileNames {
  public static final String MANIFEST = "store.json";
  public static final String MANIFEST_TEMPORARY = "store.json.tmp";
  public static final String CHECKPOINT = "checkpoint";
  public static final String CHECKPOINT_TEMPORARY = "checkpoint.tmp";
  public static final String SEGMENT_TEMPORARY = "segment.tmp";
  public static final String ERASURE_TEMPORARY = "erasure.tmp";

  /** The note; while it exists, the lines in it may be partly written in their files. */
  public static final String OVERWRITES = "erasure.redo";

  public static final String OVERWRITES_TEMPORARY = "erasure-redo.tmp";
  public static final String REPAIR_TEMPORARY = "repair.tmp";

  /** The prefix of the files that {@code Repair} sets aside. */
  public static final String SET_ASIDE_PREFIX = "damaged-";

  public static final String LOCK = "LOCK";
  static final String LOCK_OWNER = "LOCK.owner";
  static final String LOCK_OWNER_TEMPORARY = "LOCK.owner.tmp";
  public static final Set<String> LOCK_FILES = Set.of(LOCK, LOCK_OWNER, LOCK_OWNER_TEMPORARY);

  private static final Set<String> TEMPORARY =
      Set.of(
          MANIFEST_TEMPORARY,
          CHECKPOINT_TEMPORARY,
          ERASURE_TEMPORARY,
          OVERWRITES_TEMPORARY,
          REPAIR_TEMPORARY,
          SEGMENT_TEMPORARY);
  private static final Set<String> SINGLE = Set.of(MANIFEST, CHECKPOINT, OVERWRITES);

  private FileNames() {}

  /** Whether it is a temporary file, which a crash may have left. */
  public static boolean isTemporary(String name) {
    return TEMPORARY.contains(name);
  }

  static boolean isOwn(String name) {
    return SINGLE.contains(name)
        || isTemporary(name)
        || Segments.number(name) != 0
        || LOCK_FILES.contains(name)
        || name.startsWith(SET_ASIDE_PREFIX);
  }

  /** Whether set-aside files still exist. */
  public static boolean hasSetAside(LogFiles files) throws IOException {
    return !setAside(files).isEmpty();
  }

  /** The files that hold set-aside bytes. */
  public static List<String> setAside(LogFiles files) throws IOException {
    return files.list().stream()
        .filter(name -> name.startsWith(SET_ASIDE_PREFIX))
        .sorted()
        .toList();
  }
}
