package io.conversationstore.testkit;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Cursor;
import io.conversationstore.MessageQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.SearchHit;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoredMessage;
import io.conversationstore.ToolQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads listings page by page to the end, and checks the pages. */
final class Walks {

  private static final int MOST_PAGES = 100_000;

  private Walks() {}

  /** All messages of a conversation, oldest first. */
  static List<StoredMessage> messages(
      ConversationStore store, Owner owner, String id, Direction direction, int limit) {
    return messages(store, owner, id, MessageQuery.of(direction, limit));
  }

  /** All messages from the start of a query on, oldest first. */
  static List<StoredMessage> messages(
      ConversationStore store, Owner owner, String id, MessageQuery query) {
    return inOrder(
        query.direction(),
        pages(
            query.limit(),
            cursor ->
                store.messages(owner, id, cursor == null ? query : query.withCursor(cursor))));
  }

  /** All messages of a conversation, oldest first. */
  static List<StoredMessage> messages(ConversationStore store, Owner owner, String id) {
    return messages(store, owner, id, Direction.FORWARD, Page.MAX_LIMIT);
  }

  /** All messages of an owner, oldest first. */
  static List<StoredMessage> history(
      ConversationStore store, Owner owner, Direction direction, int limit) {
    return inOrder(
        direction,
        pages(
            limit,
            cursor -> store.history(owner, MessageQuery.of(direction, limit).withCursor(cursor))));
  }

  /** All matching conversations, most recently used first. */
  static List<Conversation> conversations(
      ConversationStore store, Owner owner, ConversationQuery query) {
    return inOrder(
        Direction.FORWARD,
        pages(query.limit(), cursor -> store.list(owner, query.withCursor(cursor))));
  }

  /** All hits, newest first. */
  static List<SearchHit> search(ConversationStore store, Owner owner, SearchQuery query) {
    return inOrder(
        Direction.FORWARD,
        pages(query.limit(), cursor -> store.search(owner, query.withCursor(cursor))));
  }

  /** All messages that call a tool, newest first. */
  static List<StoredMessage> byTool(ConversationStore store, Owner owner, ToolQuery query) {
    return inOrder(
        Direction.FORWARD,
        pages(query.limit(), cursor -> store.messagesByTool(owner, query.withCursor(cursor))));
  }

  private static <T> List<Page<T>> pages(int limit, Function<@Nullable Cursor, Page<T>> read) {
    List<Page<T>> pages = new ArrayList<>();
    Page<T> page = read.apply(null);
    pages.add(page);
    while (page.hasMore()) {
      if (page.size() != limit) {
        throw new AssertionError(
            "an incomplete page, " + page.size() + " of " + limit + ", announces more");
      }
      if (pages.size() > MOST_PAGES) {
        throw new AssertionError("the listing does not end");
      }
      page = read.apply(page.cursor());
      if (page.items().isEmpty()) {
        throw new AssertionError("the previous page announced more, but there is none");
      }
      pages.add(page);
    }
    return pages;
  }

  private static <T> List<T> inOrder(Direction direction, List<Page<T>> pages) {
    List<T> items = new ArrayList<>();
    for (Page<T> page : pages) {
      items.addAll(direction == Direction.FORWARD ? items.size() : 0, page.items());
    }
    return items;
  }
}
