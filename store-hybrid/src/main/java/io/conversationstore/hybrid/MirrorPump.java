package io.conversationstore.hybrid;

import io.conversationstore.StoreUnavailableException;
import io.conversationstore.spi.FeedPage;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the local copy: this node's own writes at once, those of other nodes from the database's
 * feed. The place in the feed is remembered together with what was read, so that what a local fault
 * made the copy miss is read again. {@link #own} may be called by any thread, {@link #follow} by
 * one at a time.
 */
final class MirrorPump {

  private static final Logger LOG = LoggerFactory.getLogger(MirrorPump.class);

  private final PrimaryStore primary;
  private final LocalStore local;
  private final int pageSize;
  private final OverlayLocks overlays;
  private final Runnable onMirrored;
  private volatile boolean dirty;

  /**
   * @param onMirrored called after other nodes' states were put into the copy
   */
  MirrorPump(
      PrimaryStore primary,
      LocalStore local,
      int pageSize,
      OverlayLocks overlays,
      Runnable onMirrored) {
    this.primary = primary;
    this.local = local;
    this.pageSize = pageSize;
    this.overlays = overlays;
    this.onMirrored = onMirrored;
  }

  /** Whether the copy misses something that the feed has still to bring. */
  boolean dirty() {
    return dirty;
  }

  /**
   * Copies what this node has just committed. A local fault does not harm the write, which the
   * database holds.
   *
   * @return whether it was copied
   */
  boolean own(List<? extends State> states) {
    if (states.isEmpty()) {
      return true;
    }
    try {
      local.mirror(states, null, null);
      return true;
    } catch (StoreUnavailableException e) {
      if (!dirty) {
        dirty = true;
        LOG.warn("The local copy misses writes that the database holds; it will be healed", e);
      }
      return false;
    }
  }

  /**
   * Copies what was committed since the last time.
   *
   * @throws StoreUnavailableException if the database or the local files fail; what was copied
   *     stays
   */
  void follow(BooleanSupplier goOn) {
    boolean wasDirty = dirty;
    FeedPage page;
    do {
      page = primary.feed(local.identity().position(), pageSize);
      mirror(page);
      if (!page.states().isEmpty()) {
        onMirrored.run();
      }
    } while (page.more() && goOn.getAsBoolean());
    if (wasDirty && !page.more()) {
      dirty = false;
      LOG.info("The local copy is whole again");
    }
  }

  private void mirror(FeedPage page) {
    overlays.mirroring(
        () -> {
          local.mirror(page.states(), page.next(), page.more() ? null : page.asOf());
          return true;
        });
  }
}
