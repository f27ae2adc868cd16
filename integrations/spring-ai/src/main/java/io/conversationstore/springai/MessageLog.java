package io.conversationstore.springai;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.MessageQuery;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.springframework.util.Assert;

/**
 * The append-only log of a conversation: all that memories of Spring AI need of a store. A
 * conversation begins with its first append, with or without the database.
 *
 * <p>Thread-safe. Each method is one round trip unless it says otherwise.
 */
final class MessageLog {

  /** The most messages that a store takes at once by default. */
  private static final int MOST_AT_ONCE = 1_000;

  private final ConversationStore store;
  private final ConversationPlaces places;
  private final boolean failWhileUnknown;

  MessageLog(ConversationStore store, ConversationPlaces places, boolean failWhileUnknown) {
    this.store = store;
    this.places = places;
    this.failWhileUnknown = failWhileUnknown;
  }

  ConversationPlace placeOf(String conversationId) {
    Assert.hasText(conversationId, "conversationId cannot be null or empty");
    return places.placeOf(conversationId);
  }

  List<String> conversationIds() {
    return places.conversationIds(store);
  }

  /** Messages at the end of a log, oldest first, and whether others precede them. */
  record Tail(List<StoredMessage> messages, boolean hasMore) {

    static final Tail EMPTY = new Tail(List.of(), false);
  }

  /**
   * The last messages; none if there is no conversation.
   *
   * @throws UnknownWhileOfflineException if the database is away, this node does not know the
   *     conversation, and the log fails in that case
   */
  Tail tail(ConversationPlace place, int limit) {
    return known(() -> certainTail(place, limit), Tail.EMPTY);
  }

  /**
   * The last messages; none if there certainly is no conversation.
   *
   * @throws UnknownWhileOfflineException if the database is away and this node does not know
   */
  Tail certainTail(ConversationPlace place, int limit) {
    return read(place, MessageQuery.last(limit));
  }

  /**
   * The messages that precede a message: at most {@code limit}, oldest first. None if that message
   * was deleted, and like {@link #tail} if they are not known.
   */
  Tail before(ConversationPlace place, UUID messageId, int limit) {
    return known(
        () -> read(place, MessageQuery.last(limit).withStartBeyond(messageId)), Tail.EMPTY);
  }

  /** The first message, if there is one; like {@link #tail} if it is not known. */
  Optional<StoredMessage> first(ConversationPlace place) {
    return known(() -> read(place, MessageQuery.first(1)), Tail.EMPTY).messages().stream()
        .findFirst();
  }

  private Tail read(ConversationPlace place, MessageQuery query) {
    try {
      Page<StoredMessage> page = store.messages(place.owner(), place.conversationId(), query);
      return new Tail(page.items(), page.hasMore());
    } catch (ConversationNotFoundException | MessageNotFoundException none) {
      return Tail.EMPTY;
    }
  }

  /**
   * A message and all that follow it, one round trip for each 1,000. None if it was deleted, and
   * like {@link #tail} if they are not known.
   */
  List<StoredMessage> from(ConversationPlace place, UUID messageId) {
    return known(() -> allFrom(place, messageId), List.of());
  }

  private List<StoredMessage> allFrom(ConversationPlace place, UUID messageId) {
    MessageQuery query = MessageQuery.first(Page.MAX_LIMIT);
    List<StoredMessage> messages = new ArrayList<>();
    try {
      Page<StoredMessage> page =
          store.messages(place.owner(), place.conversationId(), query.withStartAt(messageId));
      messages.addAll(page.items());
      while (page.hasMore()) {
        page =
            store.messages(place.owner(), place.conversationId(), query.withCursor(page.cursor()));
        messages.addAll(page.items());
      }
    } catch (ConversationNotFoundException | MessageNotFoundException deleted) {
      return List.of();
    }
    return messages;
  }

  /** The message with this id, if there is one; like {@link #tail} if it is not known. */
  Optional<StoredMessage> find(ConversationPlace place, UUID messageId) {
    return known(
        () -> store.findMessage(place.owner(), place.conversationId(), messageId),
        Optional.empty());
  }

  /** What is read, or {@code otherwise} if only the database that is away knows. */
  private <T> T known(Supplier<T> read, T otherwise) {
    try {
      return read.get();
    } catch (UnknownWhileOfflineException unknown) {
      if (failWhileUnknown) {
        throw unknown;
      }
      return otherwise;
    }
  }

  /**
   * Appends messages in their order, and creates the conversation if there is none. Up to 1,000
   * messages are one change, all of it or nothing; more are several.
   */
  void append(ConversationPlace place, List<Message> messages) {
    for (int from = 0; from < messages.size(); from += MOST_AT_ONCE) {
      int to = Math.min(messages.size(), from + MOST_AT_ONCE);
      store.append(
          place.owner(),
          place.conversation(),
          messages.subList(from, to),
          AppendCondition.always());
    }
  }

  /** Deletes the conversation with its whole history. */
  void delete(ConversationPlace place) {
    store.delete(place.owner(), place.conversationId());
  }
}
