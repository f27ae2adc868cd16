package io.conversationstore.spi;

import io.conversationstore.ActiveUser;
import io.conversationstore.ConversationQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.ParkedChange;
import io.conversationstore.Provenance;
import io.conversationstore.StoreFigures;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.StoreStatistics;
import io.conversationstore.TableSize;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The storage part of a store. The part above it, which all stores share, checks input, makes
 * changes and converts states for applications.
 *
 * <p>Contract for implementers:
 *
 * <ol>
 *   <li>{@link #apply} is atomic, and durable on return according to the store's setting.
 *   <li>Applying the same change again, also at the same time on another thread, changes nothing
 *       and returns the present states. Idempotency of an append is decided first, before
 *       generation-independent conditions: by message id within the conversation's generation and
 *       by digest. A create is recognized by {@link State.ConversationState#createdBy()}, an
 *       erasure by its change id.
 *   <li>{@code seq} is assigned without gaps from 1 within a generation, in the order of commits. A
 *       message's creation time is not before {@link State.Live#lastMessageAt()}, unless it has its
 *       own.
 *   <li>Deleted rows keep their place without content: key, {@code seq}, digest, generation.
 *       Deleting a conversation deletes its messages. An erasure also removes the rows and begins
 *       the owner's next epoch: one above the present epoch, or above the one that it names if that
 *       is later, as an erasure that waited behind another one may.
 *   <li>Message count and usage change only with rows that changed.
 *   <li>Appends, edits and updates, touches included, move {@link State.Live#updatedAt()}; deleting
 *       a message does not.
 *   <li>Only the named owner's rows are read or changed.
 *   <li>In {@link ApplyMode#LIVE}, a change that names an epoch other than the present one or a
 *       generation other than the live one is a {@link StaleChangeException}. {@link
 *       ChangeStamp#PRESENT_EPOCH} and {@link ConversationRef#LIVE} stand for the present ones.
 *       Deleting a deleted generation succeeds and changes nothing.
 *   <li>Methods throw {@link EngineFailureException} when the engine cannot work, {@link
 *       IllegalStateException} when it is closed, and the typed exceptions of {@link
 *       io.conversationstore.ConversationStore} for errors of the caller. Exception texts never
 *       contain message content.
 *   <li>{@link #search} returns exactly the live messages for which {@link MessageFilter#matches}
 *       holds, immediately after an append, edit or delete. An index may return too many messages,
 *       which are filtered out, but never too few; an engine without an index uses {@link
 *       SearchScan}.
 *   <li>All methods are safe for use by many threads.
 * </ol>
 */
public interface StoreEngine extends AutoCloseable {

  /**
   * Applies a change.
   *
   * @throws io.conversationstore.ConversationNotFoundException if its conversation does not exist
   *     (LIVE: also if it is deleted)
   * @throws io.conversationstore.ConversationExistsException for a strict create
   * @throws io.conversationstore.MessageNotFoundException for an edit of a message that does not
   *     exist or, in LIVE mode, is deleted; in REPLAY mode the edit of a deleted one is dropped.
   *     Deleting a missing message changes nothing
   * @throws io.conversationstore.MessageConflictException if a message with the same id has another
   *     digest
   * @throws io.conversationstore.AppendConditionFailedException if the condition does not hold
   */
  Applied apply(Change change, ApplyMode mode);

  /** The source of an applied change's states. */
  Provenance provenanceOf(Applied applied);

  /** The state of a conversation id, deleted ones included. */
  Found find(Owner owner, String conversationId);

  /**
   * Messages of the live conversation.
   *
   * @param from strictly beyond this place, or null to start at the direction's end
   * @throws io.conversationstore.ConversationNotFoundException if it does not exist
   * @throws io.conversationstore.CursorExpiredException if {@code from} belongs to another history,
   *     epoch or generation
   */
  MessageSlice messages(
      Owner owner,
      String conversationId,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit);

  /**
   * Messages of the live conversation, from one of its live messages on in this direction.
   *
   * @param including whether the slice contains the message itself
   * @return with the place of the message as {@link MessageSlice#start}
   * @throws io.conversationstore.ConversationNotFoundException if the conversation does not exist
   * @throws io.conversationstore.MessageNotFoundException if it has no such message
   */
  MessageSlice messagesFrom(
      Owner owner,
      String conversationId,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit);

  /** One message of the latest generation, deleted ones included. */
  Optional<State.MessageState> message(Owner owner, String conversationId, UUID messageId);

  /**
   * The owner's messages by (creation time, conversation id by code point, {@code seq}), oldest
   * first.
   */
  Slice<State.MessageState> history(
      Owner owner, Direction direction, Position.@Nullable InHistory from, int limit);

  /**
   * The owner's messages that match, newest first: by creation time, conversation id by code point
   * and {@code seq}, all descending.
   *
   * @param from strictly beyond this place, or null to start with the newest
   * @throws io.conversationstore.ConversationNotFoundException if the filter names a conversation
   *     that does not exist
   * @throws io.conversationstore.CursorExpiredException if {@code from} belongs to another history
   */
  Slice<State.MessageState> search(
      Owner owner, MessageFilter filter, Position.@Nullable InHistory from, int limit);

  /**
   * The owner's conversations that match ({@link ConversationFilter}), latest {@code updatedAt}
   * first, then by id by code point.
   *
   * @param from strictly after this place; the query's own cursor is ignored
   */
  Slice<State.ConversationState> conversations(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from);

  /** The owner's preferences, as written; the active conversation may be deleted. */
  State.PreferencesState preferences(Owner owner);

  OwnerCounts count(Owner owner);

  /**
   * Deletes messages created before {@code cutoff}, pinned conversations excepted; returns how
   * many.
   */
  long deleteMessagesBefore(Instant cutoff);

  /**
   * Removes rows deleted longer ago than this by the store's own clock; returns how many. Readers
   * see no change. A store that keeps no such rows, or removes them by itself, returns 0.
   */
  default long purgeDeleted(Duration age) {
    return 0;
  }

  /** Archives active conversations last used before {@code cutoff}; returns how many. */
  long archiveIdleBefore(Instant cutoff);

  /** Figures over a tenant or, if it is null, over all. */
  StoreStatistics statistics(@Nullable String tenantId);

  /** Users of a tenant with messages created at {@code since} or later, the latest first. */
  List<ActiveUser> activeUsers(String tenantId, Instant since, int limit);

  StoreHealth health();

  /** See {@link io.conversationstore.StoreOperator#figures}. */
  default StoreFigures figures() {
    return StoreFigures.NONE;
  }

  /** See {@link io.conversationstore.StoreOperator#tableSizes}. */
  default List<TableSize> tableSizes() {
    return List.of();
  }

  /** See {@link io.conversationstore.StoreOperator#parked}. */
  default List<ParkedChange> parkedChanges() {
    return List.of();
  }

  /** See {@link io.conversationstore.StoreOperator#retryParked}. */
  default boolean retryParked(UUID changeId) {
    return false;
  }

  /** See {@link io.conversationstore.StoreOperator#discardParked}. */
  default boolean discardParked(UUID changeId) {
    return false;
  }

  StoreState state();

  /** See {@link io.conversationstore.ConversationStore#onStateChange}. */
  AutoCloseable onStateChange(Consumer<StoreState> listener);

  @Override
  void close();
}
