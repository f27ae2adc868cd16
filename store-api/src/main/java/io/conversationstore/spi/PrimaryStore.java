package io.conversationstore.spi;

import java.util.List;
import java.util.UUID;

/**
 * The store that has the last word where several nodes share one: it gives {@code seq} and times.
 */
public interface PrimaryStore extends StoreEngine {

  /**
   * Applies changes in {@link ApplyMode#REPLAY}, all or none, in one transaction. What is about one
   * conversation is applied in the order given. Where the outcome is not known, the same changes
   * may be applied again, in batches or alone: each is as idempotent as {@link #apply} makes it.
   *
   * @param changes at least one; no bulk, no erasure, and none that names {@link
   *     ConversationRef#LIVE} for a conversation that another one of them creates: an outcome that
   *     is lost could otherwise not be told from that of a later generation
   * @return what each did, in the order given
   * @throws BatchRefusedException if one of them is refused, as {@link #apply} would say; none is
   *     applied
   */
  List<Applied> applyAll(List<Change> changes);

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
