package io.conversationstore.spi;

import java.util.UUID;

/**
 * The store that has the last word where several nodes share one: it gives {@code seq} and times.
 */
public interface PrimaryStore extends StoreEngine {

  /**
   * Reaches the database: checks or migrates its schema, raises the node's counter by one, and says
   * what was found. Other methods may be called before; they fail while the schema is not there.
   */
  Contact contact(UUID node);

  /**
   * The row states committed since {@code after}: each row that was committed then is told at least
   * once, in its then latest or a later state. Within a page, owners come first, then
   * conversations, then messages by {@code seq}.
   */
  FeedPage feed(FeedPosition after, int limit);
}
