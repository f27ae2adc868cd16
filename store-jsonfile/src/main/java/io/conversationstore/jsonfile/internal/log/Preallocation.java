package io.conversationstore.jsonfile.internal.log;

import io.conversationstore.jsonfile.internal.disk.LogFiles;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Blanks reserved behind the last line of a file for further lines. When lines replace blanks, a
 * force need not also write a new file length, which takes a third of the time. Confined to the log
 * thread.
 */
final class Preallocation {
  private static final Logger LOG = LoggerFactory.getLogger(Preallocation.class);

  /** The size of a reservation in bytes: the size of the file, within these limits. */
  private static final int LEAST = 4 << 10;

  private static final int MOST = 1 << 20;

  /** If a force covers more bytes than this, writing twice costs more than it saves. */
  private static final int MOST_IN_A_FORCE = 64 << 10;

  private long end;
  private boolean pays;

  /** Another file is written to from now on, which has no blanks behind its last line. */
  void none() {
    end = 0;
  }

  /** Records how many bytes the last force made durable. */
  void forced(long bytes) {
    pays = bytes <= MOST_IN_A_FORCE;
  }

  /**
   * Reserves space if there is too little for the next line. A failure is harmless: the line is
   * then appended at the end, and refused if that fails too.
   *
   * @param size the end of the last line
   * @param length of the next line in bytes
   * @param limit the approximate largest size of the file
   */
  void make(LogFiles.LogFile file, long size, int length, long limit) {
    if (!pays || size + length <= end) {
      return;
    }
    long room = Math.min(Math.max(LEAST, Math.min(size, MOST)), limit - size);
    if (room < length) {
      return;
    }
    try {
      file.reserve(room);
      end = size + room;
    } catch (IOException e) {
      LOG.debug("Space for further lines could not be allocated", e);
      pays = false;
      end = size + room;
      cutOff(file, size);
    }
  }

  /** Removes the remaining blanks. If this fails, they stay and mean nothing. */
  void cutOff(LogFiles.LogFile file, long size) {
    if (end > size) {
      try {
        file.truncate(size);
      } catch (IOException e) {
        LOG.debug("Allocated space stays at the end of a file", e);
      }
    }
    end = 0;
  }
}
