package io.conversationstore.springai;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Maps the conversation ids of Spring AI to owners and conversations.
 *
 * <p>Spring AI identifies a conversation by one string. A store keeps the conversations of each
 * owner apart, so the application says who the owner is: a fixed one ({@link #ofOwner}), or a
 * function. Take the owner from the authenticated user and not from the id alone if the id comes
 * from a browser. Streaming calls ask on threads of Reactor, where a {@code ThreadLocal} of the
 * request is missing.
 *
 * <p>Implementations must be safe for use by many threads, and give the same place for the same id
 * and user.
 */
@FunctionalInterface
public interface ConversationPlaces {

  /**
   * The place of the conversation with this id of Spring AI.
   *
   * @throws IllegalArgumentException if the id is not one of the application
   */
  ConversationPlace placeOf(String conversationId);

  /**
   * The ids, in Spring AI's form, of the conversations in the store, for {@code
   * ChatMemoryRepository.findConversationIds}. A function from an id to a place cannot be reversed,
   * so this is refused unless an implementation overrides it.
   *
   * @throws UnsupportedOperationException if the places cannot be listed
   */
  default List<String> conversationIds(ConversationStore store) {
    throw new UnsupportedOperationException(
        "conversation ids cannot be listed: override ConversationPlaces.conversationIds, use"
            + " ConversationPlaces.ofOwner, or list conversations with ConversationStore.list");
  }

  /** All conversations belong to one owner, under the ids of Spring AI. */
  static ConversationPlaces ofOwner(Owner owner) {
    Objects.requireNonNull(owner, "owner");
    return new ConversationPlaces() {
      @Override
      public ConversationPlace placeOf(String conversationId) {
        return ConversationPlace.of(owner, conversationId);
      }

      @Override
      public List<String> conversationIds(ConversationStore store) {
        List<String> ids = new ArrayList<>();
        ConversationQuery query = ConversationQuery.all().withLimit(Page.MAX_LIMIT);
        Page<Conversation> page = store.list(owner, query);
        page.forEach(conversation -> ids.add(conversation.id()));
        while (page.hasMore()) {
          page = store.list(owner, query.withCursor(page.cursor()));
          page.forEach(conversation -> ids.add(conversation.id()));
        }
        // A conversation that is used between two pages may be listed twice.
        return ids.stream().distinct().toList();
      }
    };
  }
}
