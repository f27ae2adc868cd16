package io.conversationstore.jsonfile;

/**
 * When an acknowledged write is on the disk. With every setting, a process that is killed loses
 * nothing, an acknowledged erasure is on the disk, and writes are refused after the store's
 * directory was deleted.
 *
 * <p>Lines that are not yet on the disk also stay in memory, so a failed force loses none of them.
 * With {@link #INTERVAL} these are the lines of one interval. With {@link #SYSTEM} they take up to
 * {@link JsonFileOptions#segmentBytes()}, because the end of a segment forces it.
 */
public enum Durability {
  /** Before the call returns: it survives a loss of power. */
  EACH_WRITE,
  /**
   * Within {@link JsonFileOptions#syncInterval()} after the call returned: it survives the end of
   * the process at once, and a loss of power after the interval.
   */
  INTERVAL,
  /** When the operating system sees fit: it survives the end of the process. */
  SYSTEM
}
