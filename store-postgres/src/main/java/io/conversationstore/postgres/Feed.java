package io.conversationstore.postgres;

import io.conversationstore.CursorExpiredException;
import io.conversationstore.Owner;
import io.conversationstore.spi.FeedPage;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Tells row states in the order of the transactions that wrote them, up to the oldest transaction
 * that still runs: one that is below it has ended, so nothing can appear behind the reader. Rows
 * that a later transaction changed again are told in their place there. A message comes with its
 * conversation, whose own place may be further on. Thread-safe.
 */
final class Feed {

  private final Database database;
  private final Sql sql;

  Feed(Database database, Sql sql) {
    this.database = database;
    this.sql = sql;
  }

  /**
   * A place: beyond this row, in the order of transaction, table and key.
   *
   * @param history the one that it belongs to; null at the start, which belongs to all
   */
  private record Place(
      @Nullable UUID history, String xid, int table, long k1, long k2, long k3, long asOfMicros)
      implements Comparable<Place> {

    private static final Comparator<Place> ORDER =
        Comparator.<Place>comparingLong(place -> Long.parseUnsignedLong(place.xid))
            .thenComparingInt(Place::table)
            .thenComparingLong(Place::k1)
            .thenComparingLong(Place::k2)
            .thenComparingLong(Place::k3);

    static Place of(FeedPosition position) {
      if (position.token().isEmpty()) {
        return new Place(null, "0", 0, 0, 0, 0, 0);
      }
      String[] f = position.token().split(":", -1);
      try {
        if (f.length == 7) {
          return new Place(
              UUID.fromString(f[6]),
              String.valueOf(Long.parseLong(f[0])),
              Integer.parseInt(f[1]),
              Long.parseLong(f[2]),
              Long.parseLong(f[3]),
              Long.parseLong(f[4]),
              Long.parseLong(f[5]));
        }
      } catch (IllegalArgumentException notOurs) {
        throw notAPosition();
      }
      throw notAPosition();
    }

    private static IllegalArgumentException notAPosition() {
      return new IllegalArgumentException("this is not a position of this feed");
    }

    FeedPosition position() {
      return new FeedPosition(
          xid + ":" + table + ":" + k1 + ":" + k2 + ":" + k3 + ":" + asOfMicros + ":" + history);
    }

    /**
     * @param below the oldest transaction that still runs
     */
    void requireValid(UUID present, String below) {
      if (history != null
          && (!history.equals(present)
              || Long.compareUnsigned(Long.parseUnsignedLong(xid), Long.parseUnsignedLong(below))
                  > 0)) {
        throw new CursorExpiredException(
            "the position is of another history, or ahead of the database");
      }
    }

    /** The key to start beyond in another table: before or after all of this transaction's rows. */
    long key(int otherTable, long key) {
      return otherTable == table ? key : otherTable > table ? -1 : Long.MAX_VALUE;
    }

    @Override
    public int compareTo(Place that) {
      return ORDER.compare(this, that);
    }
  }

  private record Told(Place place, State state, @Nullable ConversationState parent) {}

  /** Reads the state of a row; its columns start at the fifth. */
  @FunctionalInterface
  private interface Reader {
    Told read(Place place, ResultSet row) throws SQLException;
  }

  FeedPage page(FeedPosition after, int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1, but was " + limit);
    }
    Place from = Place.of(after);
    return database.read(connection -> page(connection, from, limit));
  }

  private FeedPage page(Connection connection, Place from, int limit) throws SQLException {
    String below;
    UUID history;
    long asOf = from.asOfMicros;
    try (PreparedStatement head = database.prepare(connection, sql.feedHead);
        ResultSet row = headOf(head)) {
      Reads.requireRow(row);
      below = Rows.string(row, 1);
      history = Rows.uuid(row, 3);
      from.requireValid(history, below);
      Instant time = Rows.time(row, 2);
      if (time != null) {
        asOf = Math.max(asOf, ChronoUnit.MICROS.between(Instant.EPOCH, time));
      }
    }
    List<Told> told = new ArrayList<>();
    read(connection, sql.feedOwners, 1, from, below, limit, told, Feed::owner);
    read(connection, sql.feedConversations, 2, from, below, limit, told, Feed::conversation);
    read(connection, sql.feedMessages, 3, from, below, limit, told, Feed::message);
    read(connection, sql.feedPreferences, 4, from, below, limit, told, Feed::preferences);
    told.sort(Comparator.comparing(Told::place));
    boolean more = told.size() > limit;
    List<Told> page = more ? told.subList(0, limit) : told;
    // Not the oldest transaction that runs: after a crash the ids of those that ended without a
    // trace are given again. A row that was told is on disk, with all ids up to its own.
    Place end = page.isEmpty() ? from : page.get(page.size() - 1).place;
    Place next =
        new Place(
            history, end.xid, end.table, end.k1, end.k2, end.k3, more ? from.asOfMicros : asOf);
    return new FeedPage(
        ordered(page),
        next.position(),
        more,
        Instant.EPOCH.plus(next.asOfMicros, ChronoUnit.MICROS));
  }

  private ResultSet headOf(PreparedStatement head) throws SQLException {
    database.bind(head, null);
    return database.rows(head);
  }

  private void read(
      Connection connection,
      String text,
      int table,
      Place from,
      String below,
      int limit,
      List<Told> told,
      Reader reader)
      throws SQLException {
    try (PreparedStatement statement = database.prepare(connection, text)) {
      database
          .bind(statement, null)
          .text(below)
          .text(from.xid)
          .text(from.xid)
          .number(from.key(table, from.k1))
          .number(from.key(table, from.k2))
          .number(from.key(table, from.k3))
          .number(limit + 1L);
      try (ResultSet rows = database.rows(statement)) {
        while (rows.next()) {
          Place place =
              new Place(
                  from.history,
                  Rows.string(rows, 1),
                  table,
                  rows.getLong(2),
                  rows.getLong(3),
                  rows.getLong(4),
                  0);
          told.add(reader.read(place, rows));
        }
      }
    }
  }

  private static Told owner(Place place, ResultSet row) throws SQLException {
    return new Told(
        place,
        new OwnerState(Owner.of(Rows.string(row, 5), Rows.string(row, 6)), row.getLong(7)),
        null);
  }

  private static Told conversation(Place place, ResultSet row) throws SQLException {
    return new Told(place, required(Rows.conversation(row, 5)), null);
  }

  private static Told message(Place place, ResultSet row) throws SQLException {
    ConversationState parent = required(Rows.conversation(row, 5 + Rows.MESSAGE.size()));
    return new Told(place, Rows.message(row, 5, parent.owner(), parent.id(), null), parent);
  }

  private static Told preferences(Place place, ResultSet row) throws SQLException {
    return new Told(place, required(Rows.preferences(row, 5)), null);
  }

  private static <S extends State> S required(@Nullable S state) {
    if (state == null) {
      throw new IllegalStateException("a row without its key");
    }
    return state;
  }

  /** Owners, conversations with those that the messages need, messages by place, preferences. */
  private static List<State> ordered(List<Told> page) {
    List<State> owners = new ArrayList<>();
    Map<Long, State> conversations = new LinkedHashMap<>();
    List<Told> messages = new ArrayList<>();
    List<State> preferences = new ArrayList<>();
    for (Told told : page) {
      switch (told.place.table) {
        case 1 -> owners.add(told.state);
        case 2 -> conversations.put(told.place.k1, told.state);
        case 3 -> messages.add(told);
        default -> preferences.add(told.state);
      }
    }
    for (Told told : messages) {
      ConversationState parent = told.parent;
      // Read last, so it is at least as new as what the conversation's own row said.
      if (parent != null) {
        conversations.put(told.place.k1, parent);
      }
    }
    messages.sort(
        Comparator.<Told>comparingLong(told -> told.place.k1)
            .thenComparingLong(told -> told.place.k2)
            .thenComparingLong(told -> told.place.k3));
    List<State> states = new ArrayList<>(owners);
    states.addAll(conversations.values());
    for (Told told : messages) {
      states.add((MessageState) told.state);
    }
    states.addAll(preferences);
    return states;
  }
}
