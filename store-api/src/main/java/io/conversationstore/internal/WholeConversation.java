package io.conversationstore.internal;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationTooLargeException;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.StoreEngine;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads all messages of one conversation page by page. Used once, by one thread. */
final class WholeConversation {

  /** Messages per page; a page holds the largest messages several times over. */
  private static final int PAGE = 100;

  private final StoreEngine engine;
  private final Owner owner;
  private final String id;
  private final long maxBytes;
  private final Map<UUID, ConversationDocument.Entry> entries = new LinkedHashMap<>();
  private final Map<UUID, Long> sizes = new LinkedHashMap<>();
  private long bytes;

  WholeConversation(StoreEngine engine, Owner owner, String id, long maxBytes) {
    this.engine = engine;
    this.owner = owner;
    this.id = id;
    this.maxBytes = maxBytes;
  }

  /**
   * The conversation as of the last page.
   *
   * @throws ConversationNotFoundException if it does not exist, or was deleted while it was read
   */
  ConversationDocument read() {
    MessageSlice last = pages(null);
    return ConversationDocument.ofEntries(
        header(last.conversation()), List.copyOf(entries.values()));
  }

  /**
   * The messages up to and including one.
   *
   * @throws MessageNotFoundException if there is no such message
   */
  List<ConversationDocument.Entry> readThrough(UUID last) {
    pages(last);
    List<ConversationDocument.Entry> through = new ArrayList<>();
    for (Map.Entry<UUID, ConversationDocument.Entry> entry : entries.entrySet()) {
      through.add(entry.getValue());
      if (entry.getKey().equals(last)) {
        return through;
      }
    }
    throw new MessageNotFoundException(owner, id, last);
  }

  /** Reads pages until one holds this message, or all; returns the last page. */
  private MessageSlice pages(@Nullable UUID until) {
    Position.@Nullable InConversation place = null;
    MessageSlice page;
    do {
      page = page(place);
      if (!page.slice().provenance().complete()) {
        throw new UnknownWhileOfflineException(owner, id);
      }
      page.slice().items().forEach(this::add);
      place = Continuations.of(page, Direction.FORWARD, place);
    } while (page.slice().more() && !(until != null && entries.containsKey(until)));
    return page;
  }

  private MessageSlice page(Position.@Nullable InConversation place) {
    try {
      return engine.messages(owner, id, Direction.FORWARD, place, PAGE);
    } catch (CursorExpiredException deleted) {
      ConversationNotFoundException notFound = new ConversationNotFoundException(owner, id);
      notFound.addSuppressed(deleted);
      throw notFound;
    }
  }

  /** A message that was sent between two pages is listed again, in its place. */
  private void add(MessageState state) {
    StoredMessage message = state.requireLive();
    long size = Json.bytes(out -> ModelJson.write(out, message.message())).length;
    Long before = sizes.put(message.id(), size);
    bytes += size - (before == null ? 0 : before);
    if (bytes > maxBytes) {
      throw new ConversationTooLargeException(owner, id, maxBytes);
    }
    entries.remove(message.id());
    entries.put(
        message.id(),
        ConversationDocument.Entry.of(message.message()).withCreatedAt(message.createdAt()));
  }

  private static NewConversation header(ConversationState conversation) {
    Live live = conversation.requireLive();
    return NewConversation.ofId(conversation.id())
        .withTitle(live.title())
        .withSettings(live.settings())
        .withMetadata(live.metadata())
        .withTags(live.tags())
        .withPinned(live.pinned())
        .withExpiresAt(live.expiresAt());
  }
}
