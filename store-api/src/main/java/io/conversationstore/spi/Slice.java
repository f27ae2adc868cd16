package io.conversationstore.spi;

import io.conversationstore.Provenance;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A part of a listing.
 *
 * @param history the store's history for positions in this slice
 * @param items in the order of the listing; deleted rows are left out
 * @param more whether there is more in the requested direction
 * @param next the position to continue from; null for the last item in the requested direction
 */
public record Slice<S>(
    UUID history, List<S> items, boolean more, Provenance provenance, @Nullable Position next) {
  public Slice {
    items = List.copyOf(items);
  }

  /** A slice that continues from its last item. */
  public Slice(UUID history, List<S> items, boolean more, Provenance provenance) {
    this(history, items, more, provenance, null);
  }
}
