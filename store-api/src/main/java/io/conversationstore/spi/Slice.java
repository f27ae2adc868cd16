package io.conversationstore.spi;

import io.conversationstore.Provenance;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A part of a listing.
 *
 * @param history the history of the store that positions in it belong to
 * @param items in the order of the listing; deleted rows are left out
 * @param more whether there is more in the direction asked for
 * @param next where to go on; null for the place of the last item in the direction asked for
 */
public record Slice<S>(
    UUID history, List<S> items, boolean more, Provenance provenance, @Nullable Position next) {
  public Slice {
    items = List.copyOf(items);
  }

  /** A slice that goes on from its last item. */
  public Slice(UUID history, List<S> items, boolean more, Provenance provenance) {
    this(history, items, more, provenance, null);
  }
}
