package io.conversationstore;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * Stores conversations. All stores behave the same; they differ in where they keep the data.
 *
 * <pre>{@code
 * Owner alice = Owner.of("acme", "alice");
 * try (ConversationStore store = ConversationStores.fromEnvironment()) {
 *   Conversation chat = store.create(alice, "Coffee order");
 *   store.append(alice, chat.id(), Message.user("One chai latte, please"));
 *   for (StoredMessage message : store.last(alice, chat.id(), 20)) {
 *     System.out.println(message.role() + ": " + message.text());
 *   }
 * }
 * }</pre>
 *
 * <p><b>Acknowledged</b> means: the method returned. Acknowledged data survives as the store's
 * durability setting says, is stored exactly once and in its place, and stays deleted after a
 * delete.
 *
 * <p><b>Order:</b> committed messages are ordered by their {@code seq}, which never changes;
 * pending ones (see {@link StoredMessage#isPending()}) follow in the order they were appended.
 *
 * <p><b>Errors:</b> bad input is an {@link IllegalArgumentException}, thrown before anything is
 * stored; all other errors are a {@link ConversationStoreException}. Every method throws {@link
 * StoreUnavailableException} if no part of the store can serve it, and {@link
 * UnknownWhileOfflineException} if the answer depends on a database that is away. A closed store
 * throws {@link IllegalStateException}.
 *
 * <p><b>Threads:</b> safe for use by many threads; calls block.
 */
public interface ConversationStore extends AutoCloseable {

  // Conversations

  /**
   * Creates a conversation. With an id chosen by the caller this needs the database if one is
   * configured; see {@link #createIfAbsent}.
   *
   * @throws ConversationExistsException if the owner has a conversation with that id
   */
  Conversation create(Owner owner, NewConversation conversation);

  /** Creates a conversation with this title and an id made by the store (a UUIDv7). */
  default Conversation create(Owner owner, String title) {
    return create(owner, NewConversation.titled(title));
  }

  /**
   * Returns the conversation with that id, creating it if there is none. An existing one is not
   * changed. If two nodes do this without the database, both write to one conversation afterwards.
   */
  Conversation createIfAbsent(Owner owner, NewConversation conversation);

  /** Returns the conversation, or empty if there is none. */
  Optional<Conversation> find(Owner owner, String conversationId);

  /**
   * Lists the owner's conversations, most recently used first. A use or a sent pending change
   * between two pages may move a conversation: it is then listed twice or, if it moved to the
   * front, not at all.
   */
  Page<Conversation> list(Owner owner, ConversationQuery query);

  /**
   * Changes fields of a conversation; the last write to a field wins.
   *
   * @throws ConversationNotFoundException if there is none
   */
  Conversation update(Owner owner, String conversationId, ConversationUpdate update);

  /** Moves the time of last use to now. */
  default Conversation touch(Owner owner, String conversationId) {
    return update(owner, conversationId, ConversationUpdate.touch());
  }

  /** Archives a conversation; see {@link ConversationStatus}. */
  default Conversation archive(Owner owner, String conversationId) {
    return update(
        owner, conversationId, ConversationUpdate.touch().withStatus(ConversationStatus.ARCHIVED));
  }

  /** Deletes a conversation with its messages. Returns whether there was one. */
  boolean delete(Owner owner, String conversationId);

  // Messages

  /**
   * Appends a turn: all of its messages or none, in this order, at the end. Appending stored
   * messages again with the same ids and content changes nothing and returns the stored ones. A
   * message without an id gets a new one at each call, so repeating a failed append may store it
   * twice. To repeat safely, set the id beforehand ({@link Message#withId}).
   *
   * @throws ConversationNotFoundException if there is no such conversation
   * @throws MessageConflictException if a message with the same id has other content
   * @throws AppendConditionFailedException if the condition does not hold
   */
  List<StoredMessage> append(
      Owner owner, String conversationId, List<Message> turn, AppendCondition condition);

  /**
   * Appends a turn as {@link #append(Owner, String, List, AppendCondition)} does, to a conversation
   * that is created first if there is none. Both are one change: all of it or nothing. An existing
   * conversation is not changed otherwise. Without the database this also begins a conversation
   * whose id this node does not know; if the database has one of that id, the turn joins it.
   *
   * <p>A created conversation is empty when the condition is checked. A delete on another node
   * comes before or after the call: before it, the call creates the conversation again.
   *
   * @param ifAbsent the conversation to append to, and its fields if it is created; without an id,
   *     a new one is created under an id made by the store
   * @throws MessageConflictException if a message with the same id has other content
   * @throws AppendConditionFailedException if the condition does not hold; nothing is created then
   */
  Appended append(
      Owner owner, NewConversation ifAbsent, List<Message> turn, AppendCondition condition);

  /** Appends a turn without a condition to a conversation that is created if there is none. */
  default Appended append(Owner owner, NewConversation ifAbsent, Message... turn) {
    return append(owner, ifAbsent, List.of(turn), AppendCondition.always());
  }

  /** Appends a turn without a condition. */
  default List<StoredMessage> append(Owner owner, String conversationId, Message... turn) {
    return append(owner, conversationId, List.of(turn), AppendCondition.always());
  }

  /**
   * Reads a page of a conversation, oldest message first: from one of its ends, from a message, or
   * from a cursor on.
   *
   * @throws ConversationNotFoundException if there is no such conversation
   * @throws MessageNotFoundException if the query starts at a message that the conversation does
   *     not have
   * @throws CursorExpiredException if the cursor's place no longer exists
   */
  Page<StoredMessage> messages(Owner owner, String conversationId, MessageQuery query);

  /**
   * Returns the message, or empty if the conversation has no such message or does not exist. Costs
   * one round trip, and reads this message only.
   *
   * @throws UnknownWhileOfflineException if the local copy may lack the message
   */
  Optional<StoredMessage> findMessage(Owner owner, String conversationId, UUID messageId);

  /** The last {@code count} messages (1 to 1,000), oldest first. */
  default List<StoredMessage> last(Owner owner, String conversationId, int count) {
    return messages(owner, conversationId, MessageQuery.last(count)).items();
  }

  /**
   * Reads a page across all of the owner's conversations in the order of creation (then
   * conversation id, then {@code seq}), oldest message first.
   *
   * @throws IllegalArgumentException if the query starts at a message: ids are unique only within a
   *     conversation
   */
  Page<StoredMessage> history(Owner owner, MessageQuery query);

  /**
   * Finds messages by their text, newest first (by creation, then conversation id by Unicode code
   * point, then {@code seq}; pending messages before the committed ones). A message is found as
   * soon as its append or edit is acknowledged, and never by text that an edit replaced. The next
   * page continues with older messages; messages added meanwhile do not affect it.
   *
   * <p>{@link SearchQuery} and {@code docs/search.md} define text, words and limits. PostgreSQL
   * uses an index unless it is switched off; local files are read from the newest message back
   * until the page is full.
   *
   * @throws IllegalArgumentException if the query holds neither a letter nor a digit; the error
   *     text never shows the query
   * @throws ConversationNotFoundException if the query names a conversation that does not exist
   * @throws CursorExpiredException if the cursor belongs to an earlier history of the database
   */
  Page<SearchHit> search(Owner owner, SearchQuery query);

  /**
   * Lists messages that call a tool, in the order and with the errors of {@link #search}.
   * PostgreSQL uses an index.
   */
  Page<StoredMessage> messagesByTool(Owner owner, ToolQuery query);

  /**
   * Replaces the content of a message; its place stays.
   *
   * @throws ConversationNotFoundException if there is no such conversation
   * @throws MessageNotFoundException if it has no such message
   */
  StoredMessage edit(Owner owner, String conversationId, UUID messageId, MessageEdit edit);

  /**
   * Deletes a message. Returns whether there was one.
   *
   * @throws ConversationNotFoundException if there is no such conversation
   */
  boolean deleteMessage(Owner owner, String conversationId, UUID messageId);

  // Whole conversations

  /**
   * Reads a whole conversation: its header and all messages that are not deleted, with their ids
   * and times of creation, in the form that {@link #save} takes. Saving it again changes nothing
   * but the time of last use, unless others write in between; a message of theirs that is appended
   * while this call reads is in the document or not. The document holds neither the status nor the
   * times of edits.
   *
   * <p>The messages are read in pages and held in memory.
   *
   * @throws ConversationNotFoundException if there is no such conversation
   * @throws ConversationTooLargeException if its messages exceed {@link StoreLimits#maxBulkBytes()}
   *     in JSON
   * @throws UnknownWhileOfflineException if the local copy may lack messages of it
   */
  ConversationDocument read(Owner owner, String conversationId);

  /**
   * Saves whole conversations, all or none. A save adds missing conversations and messages and
   * updates the headers of existing conversations. It replaces the content of a message stored
   * under the same explicit id with another original; saving the original again keeps later edits.
   * It removes nothing. A message without an id gets one derived from conversation, place and
   * content, so saving twice changes nothing.
   *
   * @throws IllegalArgumentException if together they exceed {@link StoreLimits#maxBulkBytes()}
   */
  void save(Owner owner, List<ConversationDocument> documents);

  /** Saves one conversation. */
  default void save(Owner owner, ConversationDocument document) {
    save(owner, List.of(document));
  }

  /**
   * Begins a conversation with the messages of another one up to and including one of them, in one
   * change. The messages keep their ids, their times of creation, and their content as edited by
   * now. Afterwards both are independent: what is appended to, edited in or deleted from one leaves
   * the other as it is. {@link Conversation#forkedFrom()} names the origin.
   *
   * @param through the last message to take
   * @param fork the header of the new conversation; nothing of the original's header is taken. With
   *     an id of the caller's it joins a conversation of that id that another call makes at the
   *     same time or, during an outage, that this node does not know
   * @return the new conversation
   * @throws ConversationExistsException if {@code fork} has the id of a conversation
   * @throws ConversationNotFoundException if there is no conversation to fork
   * @throws ConversationTooLargeException if the messages exceed {@link StoreLimits#maxBulkBytes()}
   *     in JSON
   * @throws MessageNotFoundException if the conversation has no such message
   * @throws UnknownWhileOfflineException if the local copy may lack messages of it
   */
  Conversation fork(Owner owner, String conversationId, UUID through, NewConversation fork);

  /** Begins a fork with a title and a new id. */
  default Conversation fork(Owner owner, String conversationId, UUID through, String title) {
    return fork(owner, conversationId, through, NewConversation.titled(title));
  }

  // The owner

  Preferences preferences(Owner owner);

  /**
   * Changes preferences.
   *
   * @throws ConversationNotFoundException if the new active conversation does not exist
   */
  Preferences updatePreferences(Owner owner, PreferencesUpdate update);

  OwnerCounts count(Owner owner);

  /**
   * Erases all data of the owner: conversations, messages, preferences, pending changes. Afterwards
   * no local file holds any of it. The owner can be used again immediately.
   */
  ErasureReceipt erase(Owner owner);

  // The store

  /** Operations over all owners. */
  StoreOperator operator();

  /** The present state; cheap. */
  StoreState state();

  /**
   * Calls {@code listener} after each change of {@link StoreState#mode()}, one call at a time, on a
   * thread of the store; it must return soon. Its exceptions are logged. It is called for mode
   * changes only: for figures that change within a mode, call {@link #state()}.
   *
   * @return a handle that removes the listener
   */
  AutoCloseable onStateChange(Consumer<StoreState> listener);

  /** Releases files and connections. Acknowledged data stays. A second call does nothing. */
  @Override
  void close();
}
