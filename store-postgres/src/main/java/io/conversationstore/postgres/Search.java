package io.conversationstore.postgres;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.SearchScan;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.StoreEngine;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Finds messages through the index of words or of tools, in one round trip per page. The index's
 * results are rechecked, because two words may share a key. Thread-safe.
 */
final class Search {

  private final Reads reads;
  private final Sql sql;
  private final TokenIndex index;
  private final boolean indexed;
  private final String searchWords;

  /**
   * @param indexed whether words have keys; otherwise all messages are read
   * @param rowSecurity whether row-level security prevents the use of the index of keys
   */
  Search(Reads reads, Sql sql, TokenIndex index, boolean indexed, boolean rowSecurity) {
    this.reads = reads;
    this.sql = sql;
    this.index = index;
    this.indexed = indexed;
    this.searchWords = rowSecurity ? sql.searchWordsOfOwner : sql.searchWords;
  }

  /** Implements {@link StoreEngine#search}. */
  Slice<MessageState> search(
      StoreEngine engine,
      Owner owner,
      MessageFilter filter,
      Position.@Nullable InHistory from,
      int limit) {
    if (filter instanceof MessageFilter.Words && !indexed) {
      return SearchScan.search(engine, owner, filter, from, limit);
    }
    AtomicBoolean incomplete = new AtomicBoolean();
    Slice<MessageState> page =
        SearchScan.page(
            (place, count) -> complete(owner, filter, place, count, incomplete),
            message -> filter.matches(message.requireLive().message()) ? message : null,
            from,
            limit,
            1);
    return incomplete.get() ? SearchScan.search(engine, owner, filter, from, limit) : page;
  }

  /**
   * A page of the index, after missing entries were added. Messages committed without words while
   * this runs may be missed: the search began before.
   *
   * @param incomplete set if missing entries cannot be added
   */
  private Slice<MessageState> complete(
      Owner owner,
      MessageFilter filter,
      Position.@Nullable InHistory from,
      int limit,
      AtomicBoolean incomplete) {
    Found found = page(owner, filter, from, limit);
    if (found.unindexed && filter instanceof MessageFilter.Words) {
      if (index.readOnly()) {
        incomplete.set(true);
        return found.slice;
      }
      index.fill(owner);
      found = page(owner, filter, from, limit);
    }
    return found.slice;
  }

  private record Found(Slice<MessageState> slice, boolean unindexed) {}

  private Found page(
      Owner owner, MessageFilter filter, Position.@Nullable InHistory from, int limit) {
    return reads.query(
        owner.tenantId(),
        statement(filter),
        in -> bind(in, owner, filter, from, limit),
        rows -> found(rows, owner, filter.conversationId(), from, limit));
  }

  String statement(MessageFilter filter) {
    return filter instanceof MessageFilter.Words ? searchWords : sql.searchTool;
  }

  static void bind(
      Binder in, Owner owner, MessageFilter filter, Position.@Nullable InHistory from, int limit)
      throws SQLException {
    String tenant = owner.tenantId();
    String id = filter.conversationId();
    Instant time = from == null ? Reads.FAR : from.createdAt();
    in.text(tenant).text(owner.userId());
    in.text(tenant).text(owner.userId()).text(id);
    in.text(tenant);
    if (filter instanceof MessageFilter.Words words) {
      String role = words.role() == null ? null : words.role().wireName();
      in.numbers(TokenKeys.of(owner, words.tokens())).text(role).text(role);
    } else if (filter instanceof MessageFilter.Tool tool) {
      in.text(calls(tool.name()));
    }
    in.text(id).time(time).time(time).text(tenant);
    in.text(from == null ? "" : from.conversationId()).number(from == null ? 0 : from.seq());
    in.number(limit + 1L).text(tenant).text(tenant).number(limit + 1L).text(tenant);
  }

  /** The JSON that {@code tool_calls} contains if it has a call of this tool. */
  private static String calls(String tool) {
    return Json.text(
        out -> {
          out.writeStartArray();
          out.writeStartObject();
          out.writeObjectFieldStart("function");
          out.writeStringField("name", tool);
          out.writeEndObject();
          out.writeEndObject();
          out.writeEndArray();
        });
  }

  private Found found(
      ResultSet rows,
      Owner owner,
      @Nullable String id,
      Position.@Nullable InHistory from,
      int limit)
      throws SQLException {
    UUID history = null;
    boolean unindexed = false;
    List<MessageState> items = new ArrayList<>();
    while (rows.next()) {
      history = Rows.uuid(rows, 1);
      unindexed = Rows.flag(rows, 2);
      if (id != null && !Rows.flag(rows, 3)) {
        throw new ConversationNotFoundException(owner, id);
      }
      String conversationId = rows.getString(4);
      if (conversationId != null) {
        items.add(Rows.message(rows, 5, owner, conversationId, null));
      }
    }
    UUID checked = Reads.requireHistory(history, from);
    return new Found(reads.slice(checked, items, true, limit), unindexed);
  }
}
