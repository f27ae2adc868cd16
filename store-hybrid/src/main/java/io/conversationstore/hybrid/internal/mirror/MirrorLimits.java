package io.conversationstore.hybrid.internal.mirror;

import io.conversationstore.CopyLimits;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.LocalStore.FileSpace;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Determines the limits of the local copy when a store opens, and logs them. */
public final class MirrorLimits {

  private static final Logger LOG = LoggerFactory.getLogger(MirrorLimits.class);

  private static final long MEGABYTE = 1_000_000;

  private MirrorLimits() {}

  /** The limits in force. */
  public static CopyLimits of(CopyLimits asked, LocalStore files) {
    if (asked.maxBytes() != CopyLimits.BY_DISK) {
      LOG.info("{}", inForce(asked, ""));
      return asked;
    }
    try {
      FileSpace space = files.fileSpace();
      CopyLimits limits = asked.onDisk(space.usable(), space.bytes());
      LOG.info("{}", inForce(limits, source(space)));
      return limits;
    } catch (EngineFailureException e) {
      // If the files cannot report their disk, the store must still open while its database works.
      CopyLimits limits = asked.onDisk(Long.MAX_VALUE, 0);
      LOG.warn("{}", inForce(limits, " (the free space of the disk is unknown)"), e);
      return limits;
    }
  }

  private static String source(FileSpace space) {
    return space.usable() == Long.MAX_VALUE
        ? " (the free space of the disk is unknown)"
        : " (a quarter of the "
            + (space.usable() / MEGABYTE + space.bytes() / MEGABYTE)
            + " MB available on the disk, at most "
            + CopyLimits.MOST_BY_DISK / MEGABYTE
            + " MB)";
  }

  /** The limits of the copy and how to change them. */
  private static String inForce(CopyLimits limits, String source) {
    if (limits.equals(CopyLimits.NONE)) {
      return "The local copy holds the whole database, without a limit of its size. To limit it,"
          + " set LOCAL_COPY_MB or LOCAL_COPY_DAYS, or use HybridOptions.withCopyLimits.";
    }
    StringBuilder text = new StringBuilder("The local copy holds the headers of all conversations");
    Duration window = limits.activeWithin();
    text.append(" and the contents of the most recently updated ones");
    if (window != null) {
      text.append(", within ").append(window);
    }
    if (limits.maxBytes() != CopyLimits.NONE.maxBytes()) {
      text.append("; its files take at most ")
          .append(limits.maxBytes() / MEGABYTE)
          .append(" MB")
          .append(source)
          .append(", the contents at most a quarter of that");
    }
    return text.append(
            ". To change the limits, set LOCAL_COPY_MB (megabytes, or all for the whole database)"
                + " or LOCAL_COPY_DAYS, or use HybridOptions.withCopyLimits.")
        .toString();
  }
}
