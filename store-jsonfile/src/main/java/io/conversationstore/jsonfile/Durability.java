package io.conversationstore.jsonfile;

/**
 * When an acknowledged write is on the disk. With every setting a process that is killed loses
 * nothing, an erasure is on the disk when it is acknowledged, and a write is refused once the
 * store's directory was deleted.
 *
 * <p>Lines that are not on the disk yet stay in memory too, so that a force that fails loses none:
 * with {@link #INTERVAL} those of the interval, with {@link #SYSTEM} up to {@link
 * JsonFileOptions#segmentBytes()}, as the end of a segment forces it.
 */
public enum Durability {
  /** Before the call returns: it survives a loss of power. */
  EACH_WRITE,
  /**
   * Within {@link JsonFileOptions#syncInterval()} after the call returned: it survives the end of
   * the process at once, a loss of power after the interval.
   */
  INTERVAL,
  /** When the operating system sees fit: it survives the end of the process. */
  SYSTEM
}
