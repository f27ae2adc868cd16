package io.conversationstore.transfer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Cursor;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.MessageQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes an owner's conversations, the least recently used first, like the files of other programs;
 * reading them in order keeps that order. Holds the ids of the conversations and a page of
 * messages. For one thread.
 */
final class FileWriter {

  /** Larger pages make the next page smaller; pages below a quarter of this make it larger. */
  private static final long PAGE_BYTES = 1 << 20;

  private static final int FIRST_PAGE = 16;

  private final ConversationStore store;
  private final Owner owner;
  private final Counts counts;
  private final CountingStream written;
  private final JsonGenerator out;
  private int pageSize = FIRST_PAGE;

  FileWriter(ConversationStore store, Owner owner, Counts counts, OutputStream bytes)
      throws IOException {
    this.store = store;
    this.owner = owner;
    this.counts = counts;
    this.written = new CountingStream(bytes);
    this.out = Json.generator(written);
    DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
    printer.indentArraysWith(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE.withLinefeed("\n"));
    printer.indentObjectsWith(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE.withLinefeed("\n"));
    out.setPrettyPrinter(printer);
  }

  /** Writes all conversations; the underlying stream is neither flushed nor closed. */
  void write() throws IOException {
    List<String> ids = ids();
    out.writeStartObject();
    for (int i = ids.size() - 1; i >= 0; i--) {
      Optional<Conversation> conversation = store.find(owner, ids.get(i));
      Page<StoredMessage> first = conversation.isPresent() ? page(conversation.get(), null) : null;
      if (first != null) {
        write(conversation.get(), first);
        counts.conversations(1);
      }
    }
    out.writeEndObject();
    out.writeRaw('\n');
    out.flush();
  }

  /**
   * The ids, most recently used first. A use moves a conversation to the front, past a reader that
   * has left it, so the front is read again until it holds nothing new.
   */
  private List<String> ids() {
    Set<String> ids = new LinkedHashSet<>();
    boolean grew = true;
    for (int round = 0; grew; round++) {
      grew = false;
      Cursor after = null;
      Page<Conversation> page;
      boolean anew;
      do {
        page =
            store.list(owner, ConversationQuery.all().withLimit(Page.MAX_LIMIT).withCursor(after));
        anew = false;
        for (Conversation conversation : page) {
          anew |= ids.add(conversation.id());
        }
        grew |= anew;
        after = page.cursor();
      } while (page.hasMore() && (round == 0 || anew));
    }
    return new ArrayList<>(ids);
  }

  private void write(Conversation conversation, Page<StoredMessage> first) throws IOException {
    Map<String, @Nullable Object> metadata = new LinkedHashMap<>(conversation.metadata());
    out.writeObjectFieldStart(conversation.id());
    out.writeStringField("id", conversation.id());
    out.writeStringField("title", conversation.title());
    out.writeStringField("status", conversation.status().wireName());
    time("created_at", conversation.createdAt(), metadata);
    time("updated_at", conversation.updatedAt(), metadata);
    if (conversation.expiresAt() != null) {
      out.writeStringField("expires_at", Json.time(conversation.expiresAt()));
    }
    out.writeBooleanField("pinned", conversation.pinned());
    out.writeArrayFieldStart("tags");
    for (String tag : conversation.tags()) {
      out.writeString(tag);
    }
    out.writeEndArray();
    out.writeFieldName("settings");
    Json.writeValue(out, conversation.settings());
    out.writeFieldName("metadata");
    Json.writeValue(out, metadata);
    out.writeArrayFieldStart("messages");
    messages(conversation, first);
    out.writeEndArray();
    out.writeEndObject();
  }

  /** An imported time kept in the metadata takes precedence over the store's own. */
  private void time(String name, Instant own, Map<String, @Nullable Object> metadata)
      throws IOException {
    String written = Json.time(own);
    if (metadata.get(name) instanceof String imported && isTime(imported)) {
      written = imported;
      metadata.remove(name);
    }
    out.writeStringField(name, written);
  }

  private static boolean isTime(String text) {
    try {
      return Json.time(Instant.parse(text)).equals(text);
    } catch (DateTimeException notATime) {
      return false;
    }
  }

  /** The next messages; null if the conversation was deleted meanwhile. */
  private @Nullable Page<StoredMessage> page(Conversation conversation, @Nullable Cursor cursor) {
    String id = conversation.id();
    try {
      return store.messages(
          owner, id, MessageQuery.of(Direction.FORWARD, pageSize).withCursor(cursor));
    } catch (ConversationNotFoundException e) {
      return null;
    } catch (CursorExpiredException e) {
      // An existing conversation must not be cut short silently: its cursor expired for another
      // reason.
      Optional<Conversation> present = store.find(owner, id);
      if (present.isPresent() && present.get().createdAt().equals(conversation.createdAt())) {
        throw e;
      }
      return null;
    }
  }

  private void messages(Conversation conversation, Page<StoredMessage> first) throws IOException {
    // Continuing from a cursor may repeat pending messages.
    Set<UUID> pending = new HashSet<>();
    Page<StoredMessage> page = first;
    while (page != null) {
      long before = written.count;
      for (StoredMessage message : page) {
        if (!message.isPending() || pending.add(message.id())) {
          ModelJson.writeInConversation(out, message);
          counts.messages(1);
        }
      }
      out.flush();
      adapt(written.count - before);
      page = page.hasMore() ? page(conversation, page.cursor()) : null;
    }
  }

  private void adapt(long bytes) {
    if (bytes > PAGE_BYTES) {
      pageSize = Math.max(1, pageSize / 2);
    } else if (bytes < PAGE_BYTES / 4) {
      pageSize = Math.min(Page.MAX_LIMIT, pageSize * 2);
    }
  }

  /** Counts written bytes, to adapt pages to the size of the messages. */
  private static final class CountingStream extends FilterOutputStream {
    private long count;

    CountingStream(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      out.write(b);
      count++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      count += length;
    }

    /** The underlying stream is flushed once, at the end. */
    @Override
    public void flush() {}
  }
}
