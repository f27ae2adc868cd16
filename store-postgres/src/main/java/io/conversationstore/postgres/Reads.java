package io.conversationstore.postgres;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Provenance;
import io.conversationstore.json.Json;
import io.conversationstore.spi.ConversationFilter;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.PreferencesState;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads one owner's data, one round trip each. Thread-safe. */
final class Reads {

  /** Later than any time in a row, and within the driver's range. */
  static final Instant FAR = Instant.parse("+200000-01-01T00:00:00Z");

  static final Instant LONG_AGO = Instant.parse("-4000-01-01T00:00:00Z");

  /** Conversations read at a time to compare their titles. */
  private static final int TITLES_PER_READ = 500;

  private final Database database;
  private final Sql sql;
  private final Clock clock;

  Reads(Database database, Sql sql, Clock clock) {
    this.database = database;
    this.sql = sql;
    this.clock = clock;
  }

  /** Reads the rows of a result. */
  @FunctionalInterface
  interface Reader<T> {
    T read(ResultSet rows) throws SQLException;
  }

  /** Sets the parameters of a statement. */
  @FunctionalInterface
  interface Parameters {
    void set(Binder in) throws SQLException;
  }

  /**
   * @param tenantId the tenant with visible rows; null for all
   */
  <T> T query(@Nullable String tenantId, String text, Parameters parameters, Reader<T> reader) {
    return database.read(
        connection -> {
          try (PreparedStatement statement = database.prepare(connection, text)) {
            parameters.set(database.bind(statement, tenantId));
            try (ResultSet rows = database.rows(statement)) {
              return reader.read(rows);
            }
          }
        });
  }

  Provenance provenance() {
    return new Provenance(Provenance.Source.DATABASE, clock.instant(), true, false);
  }

  long firstGeneration(Owner owner) {
    return query(
        owner.tenantId(),
        sql.firstGeneration,
        in -> in.text(owner.tenantId()).text(owner.userId()),
        row -> {
          requireRow(row);
          return Rows.number(row, 1);
        });
  }

  Found find(Owner owner, String conversationId) {
    return query(
        owner.tenantId(),
        sql.find,
        in -> in.text(owner.tenantId()).text(owner.userId()).text(conversationId),
        row -> {
          requireRow(row);
          return new Found(Rows.conversation(row, 2), Rows.number(row, 1), provenance());
        });
  }

  MessageSlice messages(
      Owner owner,
      String conversationId,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit) {
    boolean forward = direction == Direction.FORWARD;
    long seq = from != null ? from.seq() : forward ? 0 : Long.MAX_VALUE;
    return query(
        owner.tenantId(),
        forward ? sql.messagesForward : sql.messagesBackward,
        in ->
            in.text(owner.tenantId())
                .text(owner.userId())
                .text(conversationId)
                .text(owner.tenantId())
                .number(seq)
                .number(limit + 1L),
        rows -> {
          Read read = read(rows, owner, conversationId);
          ConversationState conversation = read.conversation;
          if (from != null
              && (!from.history().equals(read.history)
                  || from.epoch() != conversation.epoch()
                  || from.generation() != conversation.generation())) {
            throw new CursorExpiredException("it belongs to an earlier conversation or database");
          }
          return new MessageSlice(conversation, slice(read.history, read.items, forward, limit));
        });
  }

  /** Reads from the message itself on, in one round trip, which shows whether it is there. */
  MessageSlice messagesFrom(
      Owner owner,
      String conversationId,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit) {
    boolean forward = direction == Direction.FORWARD;
    int wanted = including ? limit : limit + 1;
    return query(
        owner.tenantId(),
        forward ? sql.messagesFromForward : sql.messagesFromBackward,
        in ->
            in.text(owner.tenantId())
                .text(owner.userId())
                .text(conversationId)
                .text(owner.tenantId())
                .uuid(messageId)
                .text(owner.tenantId())
                .number(wanted + 1L),
        rows -> {
          Read read = read(rows, owner, conversationId);
          if (read.items.isEmpty()) {
            throw new MessageNotFoundException(owner, conversationId, messageId);
          }
          ConversationState conversation = read.conversation;
          int last = read.items.size() - 1;
          Position.InConversation start =
              new Position.InConversation(
                  read.history,
                  conversation.epoch(),
                  conversation.generation(),
                  read.items.get(forward ? 0 : last).seq(),
                  null);
          List<MessageState> items =
              including
                  ? read.items
                  : forward ? read.items.subList(1, last + 1) : read.items.subList(0, last);
          return new MessageSlice(conversation, slice(read.history, items, forward, limit), start);
        });
  }

  /** The rows of a statement for messages, oldest first. */
  private record Read(UUID history, ConversationState conversation, List<MessageState> items) {}

  private static Read read(ResultSet rows, Owner owner, String conversationId) throws SQLException {
    requireRow(rows);
    UUID history = Rows.uuid(rows, 1);
    ConversationState conversation = Rows.conversation(rows, 2);
    if (conversation == null || !conversation.isLive()) {
      throw new ConversationNotFoundException(owner, conversationId);
    }
    List<MessageState> items = new ArrayList<>();
    while (rows.next()) {
      items.add(Rows.message(rows, 2 + Rows.CONVERSATION.size(), owner, conversationId, null));
    }
    return new Read(history, conversation, items);
  }

  /** Removes the item read beyond the limit, at the end given by the direction. */
  <S> Slice<S> slice(UUID history, List<S> read, boolean forward, int limit) {
    boolean more = read.size() > limit;
    List<S> items = read;
    if (more) {
      items = forward ? read.subList(0, limit) : read.subList(read.size() - limit, read.size());
    }
    return new Slice<>(history, items, more, provenance());
  }

  Optional<MessageState> message(Owner owner, String conversationId, UUID messageId) {
    return query(
        owner.tenantId(),
        sql.message,
        in -> in.text(owner.tenantId()).text(owner.userId()).text(conversationId).uuid(messageId),
        row ->
            row.next()
                ? Optional.of(Rows.message(row, 1, owner, conversationId, null))
                : Optional.empty());
  }

  Slice<MessageState> history(
      Owner owner, Direction direction, Position.@Nullable InHistory from, int limit) {
    boolean forward = direction == Direction.FORWARD;
    Instant time = from != null ? from.createdAt() : forward ? LONG_AGO : FAR;
    String id = from == null ? "" : from.conversationId();
    long seq = from == null ? 0 : from.seq();
    return query(
        owner.tenantId(),
        forward ? sql.historyForward : sql.historyBackward,
        in ->
            in.text(owner.tenantId())
                .text(owner.userId())
                .time(time)
                .time(time)
                .text(id)
                .number(seq)
                .number(limit + 1L),
        rows -> {
          UUID history = null;
          List<MessageState> items = new ArrayList<>();
          while (rows.next()) {
            history = Rows.uuid(rows, 1);
            String conversationId = rows.getString(2);
            if (conversationId != null) {
              items.add(Rows.message(rows, 3, owner, conversationId, null));
            }
          }
          UUID checked = requireHistory(history, from);
          return slice(checked, items, forward, limit);
        });
  }

  /**
   * Titles are compared here, because the server folds letters otherwise: conversations that meet
   * the other conditions are read in larger pages until the page is full.
   */
  Slice<ConversationState> conversations(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from) {
    if (query.titleContains() == null) {
      Listed listed = list(owner, query, from, query.limit() + 1);
      return slice(listed.history, listed.items, true, query.limit());
    }
    ConversationFilter filter = new ConversationFilter(query);
    int batch = Math.max(query.limit() + 1, TITLES_PER_READ);
    List<ConversationState> matching = new ArrayList<>();
    Position.InConversations place = from;
    Listed listed;
    do {
      listed = list(owner, query, place, batch);
      for (ConversationState state : listed.items) {
        place =
            new Position.InConversations(
                listed.history, state.requireLive().updatedAt(), state.id());
        if (filter.matchesTitle(state)) {
          matching.add(state);
        }
      }
    } while (listed.items.size() == batch && matching.size() <= query.limit());
    int found = Math.min(matching.size(), query.limit() + 1);
    return slice(listed.history, matching.subList(0, found), true, query.limit());
  }

  private record Listed(UUID history, List<ConversationState> items) {}

  private Listed list(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from, int limit) {
    String metadata =
        query.metadata().isEmpty()
            ? null
            : Json.text(out -> Json.writeValue(out, query.metadata()));
    String status = query.status() == null ? null : query.status().wireName();
    Instant time = from == null ? FAR : from.updatedAt();
    return query(
        owner.tenantId(),
        sql.conversations,
        in ->
            in.text(owner.tenantId())
                .text(owner.userId())
                .text(status)
                .text(status)
                .text(query.tag())
                .text(query.tag())
                .optionalFlag(query.pinned())
                .optionalFlag(query.pinned())
                .text(metadata)
                .text(metadata)
                .time(orElse(query.updatedFrom(), LONG_AGO))
                .time(orElse(query.updatedBefore(), FAR))
                .time(orElse(query.createdFrom(), LONG_AGO))
                .time(orElse(query.createdBefore(), FAR))
                .time(time)
                .time(time)
                .text(from == null ? "" : from.id())
                .number(limit),
        rows -> {
          UUID history = null;
          List<ConversationState> items = new ArrayList<>();
          while (rows.next()) {
            history = Rows.uuid(rows, 1);
            ConversationState state = Rows.conversation(rows, 2);
            if (state != null) {
              items.add(state);
            }
          }
          return new Listed(requireHistory(history, from), items);
        });
  }

  private static Instant orElse(@Nullable Instant time, Instant otherwise) {
    return time == null ? otherwise : time;
  }

  static UUID requireHistory(@Nullable UUID history, @Nullable Position from) {
    if (history == null) {
      throw new IllegalStateException("the table store has no row; restore the schema");
    }
    if (from != null && !from.history().equals(history)) {
      throw new CursorExpiredException("it belongs to an earlier database");
    }
    return history;
  }

  PreferencesState preferences(Owner owner) {
    return query(
        owner.tenantId(),
        sql.preferences,
        in -> in.text(owner.tenantId()).text(owner.userId()),
        row -> {
          requireRow(row);
          PreferencesState state = Rows.preferences(row, 2);
          return state != null ? state : PreferencesState.none(owner, Rows.number(row, 1));
        });
  }

  OwnerCounts count(Owner owner) {
    return query(
        owner.tenantId(),
        sql.count,
        in -> in.text(owner.tenantId()).text(owner.userId()),
        row -> {
          requireRow(row);
          return new OwnerCounts(Rows.number(row, 1), Rows.number(row, 2));
        });
  }

  static void requireRow(ResultSet rows) throws SQLException {
    if (!rows.next()) {
      throw new IllegalStateException("the table store has no row; restore the schema");
    }
  }
}
