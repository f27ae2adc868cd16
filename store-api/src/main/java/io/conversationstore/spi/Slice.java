package io.conversationstore.spi;

import io.conversationstore.Provenance;
import java.util.List;
import java.util.UUID;

/**
 * A part of a listing.
 *
 * @param history the history of the store that positions in it belong to
 * @param items in the order of the listing; deleted rows are left out
 * @param more whether there is more in the direction asked for
 */
public record Slice<S>(UUID history, List<S> items, boolean more, Provenance provenance) {
  public Slice {
    items = List.copyOf(items);
  }
}
