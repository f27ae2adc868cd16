package io.conversationstore.hybrid;

import io.conversationstore.CopyLimits;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.LocalStore.FileSpace;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the files of the local copy within the disk that it may take: has garbage collected before
 * more is put in, by the rule of {@link CopyLimits}. For the thread that follows the feed.
 */
final class CopyRoom {

  private static final Logger LOG = LoggerFactory.getLogger(CopyRoom.class);

  /** Files that take this part of what they may have their garbage collected. */
  private static final int FULL = 2;

  /** Garbage that is a smaller part of what is kept is not worth it. */
  private static final int WORTH = 4;

  /** Nor is garbage of fewer bytes. */
  private static final long LEAST_GARBAGE = 1 << 20;

  /** A page of the feed takes at most this part of the disk that the files may take. */
  private static final int PAGE = 8;

  private static final long SMALLEST_PAGE = 64 << 10;

  private final LocalStore local;
  private final long maxBytes;

  /** What the files take when garbage is looked for; 0 where that is to be found out. */
  private long lookAt;

  /** What the files take when a collection that failed is tried again; else 0. */
  private long retryAt;

  /** Bytes that the last collection left and that are not counted as useful. */
  private long staying;

  CopyRoom(LocalStore local, CopyLimits limits) {
    this.local = local;
    this.maxBytes = limits.maxBytes();
  }

  boolean isLimited() {
    return maxBytes != CopyLimits.NONE.maxBytes();
  }

  /**
   * How much content a page of the feed may have.
   *
   * @param most without limits
   */
  long pageBytes(long most) {
    return Math.min(most, Math.max(SMALLEST_PAGE, maxBytes / PAGE));
  }

  /** Contents were given up: there may be garbage to collect. */
  void changed() {
    lookAt = 0;
  }

  /**
   * Waits for a collection of garbage where one is due.
   *
   * @throws io.conversationstore.spi.EngineFailureException if the files do not say what they take
   */
  void make(BooleanSupplier goOn) {
    if (!isLimited() || !goOn.getAsBoolean() || local.fileBytes() < lookAt) {
      return;
    }
    FileSpace space = local.fileSpace();
    lookAt = Math.max(retryAt, dueAt(space.useful() + staying));
    if (space.bytes() >= lookAt) {
      collect(space, goOn);
    }
  }

  private long dueAt(long kept) {
    return Math.max(maxBytes / FULL, kept + Math.max(LEAST_GARBAGE, kept / WORTH));
  }

  private void collect(FileSpace before, BooleanSupplier goOn) {
    LOG.debug("The files of the copy take {} bytes; garbage is collected", before.bytes());
    Future<?> collecting = local.collectGarbage();
    try {
      collecting.get();
      retryAt = 0;
      FileSpace after = local.fileSpace();
      staying = Math.max(0, after.bytes() - after.useful());
      lookAt = dueAt(after.useful() + staying);
    } catch (InterruptedException closing) {
      // The store closes, which ends the collection too.
      LOG.debug("Garbage is not collected any more", closing);
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      // A copy that stands still serves nobody: it goes on, and tries again when it has grown.
      retryAt = before.bytes() + Math.max(LEAST_GARBAGE, before.bytes() / WORTH);
      lookAt = retryAt;
      if (goOn.getAsBoolean()) {
        LOG.warn(
            "The files of the copy take {} bytes, and garbage could not be collected; it is tried"
                + " again at {}",
            before.bytes(),
            retryAt,
            e);
      }
    }
  }
}
