package io.conversationstore.hybrid.internal.mirror;

import io.conversationstore.CopyLimits;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.LocalStore.FileSpace;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the files of the local copy within their disk limit: garbage is collected before more is
 * stored, by the rule of {@link CopyLimits}. For the thread that follows the feed.
 */
public final class MirrorDiskLimit {

  private static final Logger LOG = LoggerFactory.getLogger(MirrorDiskLimit.class);

  /** Garbage is collected once the files exceed the limit divided by this. */
  private static final int FULL = 2;

  /** Garbage below the useful bytes divided by this is left alone. */
  private static final int WORTH = 4;

  /** Minimum garbage in bytes for a collection. */
  private static final long LEAST_GARBAGE = 1 << 20;

  /** A page of the feed takes at most the disk limit divided by this. */
  private static final int PAGE = 8;

  private static final long SMALLEST_PAGE = 64 << 10;

  private final LocalStore local;
  private final long maxBytes;

  /** File size at which garbage is looked for next; 0 if unknown. */
  private long lookAt;

  /** File size at which a failed collection is retried; 0 if none failed. */
  private long retryAt;

  /** Bytes left by the last collection beyond the useful ones. */
  private long staying;

  public MirrorDiskLimit(LocalStore local, CopyLimits limits) {
    this.local = local;
    this.maxBytes = limits.maxBytes();
  }

  private boolean isLimited() {
    return maxBytes != CopyLimits.NONE.maxBytes();
  }

  /**
   * Maximum content of a feed page.
   *
   * @param most the maximum without limits
   */
  long pageBytes(long most) {
    return Math.min(most, Math.max(SMALLEST_PAGE, maxBytes / PAGE));
  }

  /** Contents were evicted: there may be garbage to collect. */
  void changed() {
    lookAt = 0;
  }

  /**
   * Waits for a collection of garbage if one is due.
   *
   * @throws io.conversationstore.spi.EngineFailureException if the files cannot report their size
   */
  void make(BooleanSupplier shouldContinue) {
    if (!isLimited() || !shouldContinue.getAsBoolean() || local.fileBytes() < lookAt) {
      return;
    }
    FileSpace space = local.fileSpace();
    lookAt = Math.max(retryAt, dueAt(space.useful() + staying));
    if (space.bytes() >= lookAt) {
      collect(space, shouldContinue);
    }
  }

  private long dueAt(long kept) {
    return Math.max(maxBytes / FULL, kept + Math.max(LEAST_GARBAGE, kept / WORTH));
  }

  private void collect(FileSpace before, BooleanSupplier shouldContinue) {
    LOG.debug("The files of the local copy take {} bytes; collecting garbage", before.bytes());
    Future<?> collecting = local.collectGarbage();
    try {
      collecting.get();
      retryAt = 0;
      FileSpace after = local.fileSpace();
      staying = Math.max(0, after.bytes() - after.useful());
      lookAt = dueAt(after.useful() + staying);
    } catch (InterruptedException closing) {
      // The store is closing, which ends the collection too.
      LOG.debug("The garbage collection of the local copy was interrupted", closing);
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      // A stalled copy is useless: the copy continues, and collection is retried after more growth.
      retryAt = before.bytes() + Math.max(LEAST_GARBAGE, before.bytes() / WORTH);
      lookAt = retryAt;
      if (shouldContinue.getAsBoolean()) {
        LOG.warn(
            "The files of the local copy take {} bytes, and garbage could not be collected; the"
                + " next attempt is at {}",
            before.bytes(),
            retryAt,
            e);
      }
    }
  }
}
