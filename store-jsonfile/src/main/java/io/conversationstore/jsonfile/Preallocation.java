package io.conversationstore.jsonfile;

import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Blanks that stand ready behind the last line of a file, for lines to come. To force lines that
 * replace blanks, a file system need not also force that the file became longer, which takes a
 * third of the time. For the log's thread.
 */
final class Preallocation {
  private static final Logger LOG = LoggerFactory.getLogger(Preallocation.class);

  /** In bytes; as much again as the file has, within these limits. */
  private static final int LEAST = 4 << 10;

  private static final int MOST = 1 << 20;

  /**
   * Where forces cover more than this at a time, in bytes, writing twice costs more than it saves.
   */
  private static final int MOST_IN_A_FORCE = 64 << 10;

  private long end;
  private boolean pays;

  /** Another file, which ends behind its last line, is the one written to. */
  void none() {
    end = 0;
  }

  /** Says how many bytes the last force made durable. */
  void forced(long bytes) {
    pays = bytes <= MOST_IN_A_FORCE;
  }

  /**
   * Makes room where there is too little for the next line. Where that fails nothing is lost: the
   * line is written behind the end, and refused if that fails too.
   *
   * @param size where the last line ends
   * @param length of the next line in bytes
   * @param limit the size the file will have at most, or a little more
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
      LOG.debug("no room could be made for further lines", e);
      pays = false;
      end = size + room;
      cutOff(file, size);
    }
  }

  /** Removes what room is left. Blanks behind the last line mean nothing where that fails. */
  void cutOff(LogFiles.LogFile file, long size) {
    if (end > size) {
      try {
        file.truncate(size);
      } catch (IOException e) {
        LOG.debug("blanks stay at the end of a file", e);
      }
    }
    end = 0;
  }
}
