package io.conversationstore.postgres;

import io.conversationstore.CursorExpiredException;
import io.conversationstore.Owner;
import io.conversationstore.spi.CodePointOrder;
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
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Returns row states in the order of the transactions that wrote them, up to the oldest running
 * transaction: transactions below it have ended, so no state can appear behind the reader. A row
 * that a later transaction changed again is returned at that transaction's place. A message comes
 * with its conversation, whose own place may be later. Thread-safe.
 */
final class Feed {

  private static final Logger LOG = LoggerFactory.getLogger(Feed.class);

  private static final int OWNERS = 1;
  private static final int CONVERSATIONS = 2;
  private static final int MESSAGES = 3;
  private static final int PREFERENCES = 4;

  /** The first column of a row's state; the row's place is before it. */
  private static final int STATE = 6;

  private final Database database;
  private final Sql sql;

  /** A snapshot that the oldest running transaction has to reach. */
  private volatile @Nullable Mark mark;

  Feed(Database database, Sql sql) {
    this.database = database;
    this.sql = sql;
  }

  /**
   * A snapshot: rows committed before its time have a lower transaction id than {@code end}. Once
   * the oldest running transaction reaches that id, the feed returns all of them. This gives the
   * time without the start of the oldest transaction, which the server does not show for a prepared
   * one, nor to every role for one of another role.
   */
  private record Mark(UUID history, long end, Instant time) {}

  /**
   * A place: beyond this row, in the order of transaction, table and key. Keys are unique within a
   * tenant only, so the tenant is the last part of the key.
   *
   * @param history the history it belongs to; null at the start, which belongs to all
   * @param asOf everything committed before this time is at or before this place; null if no time
   *     is known
   * @param wholeFrom the id that the oldest running transaction has to reach before a time is
   *     known: a new reader misses every row changed by this transaction or a later one, in any
   *     earlier state; null if it was reached
   */
  private record Place(
      @Nullable UUID history,
      String xid,
      int table,
      long k1,
      long k2,
      long k3,
      String tenant,
      @Nullable Instant asOf,
      @Nullable String wholeFrom)
      implements Comparable<Place> {

    private static final String UNKNOWN = "unknown";
    private static final String WHOLE_FROM = "from-";

    private static final Comparator<Place> ORDER =
        Comparator.<Place>comparingLong(place -> Long.parseUnsignedLong(place.xid))
            .thenComparingInt(Place::table)
            .thenComparingLong(Place::k1)
            .thenComparingLong(Place::k2)
            .thenComparingLong(Place::k3)
            .thenComparing(Place::tenant, CodePointOrder.INSTANCE);

    static Place of(FeedPosition position) {
      if (position.token().isEmpty()) {
        return new Place(null, "0", 0, 0, 0, 0, "", null, null);
      }
      String[] f = position.token().split(":", 8);
      try {
        // A position of an earlier library version has no tenant, so one row is read again, and 0
        // for an unknown time.
        if (f.length >= 7) {
          String wholeFrom =
              f[5].startsWith(WHOLE_FROM) ? f[5].substring(WHOLE_FROM.length()) : null;
          if (wholeFrom != null) {
            Long.parseUnsignedLong(wholeFrom);
          }
          return new Place(
              UUID.fromString(f[6]),
              String.valueOf(Long.parseLong(f[0])),
              Integer.parseInt(f[1]),
              Long.parseLong(f[2]),
              Long.parseLong(f[3]),
              Long.parseLong(f[4]),
              f.length == 8 ? f[7] : "",
              wholeFrom != null || f[5].equals(UNKNOWN) || f[5].equals("0")
                  ? null
                  : Instant.EPOCH.plus(Long.parseLong(f[5]), ChronoUnit.MICROS),
              wholeFrom);
        }
      } catch (IllegalArgumentException notOurs) {
        throw notAPosition();
      }
      throw notAPosition();
    }

    private static IllegalArgumentException notAPosition() {
      return new IllegalArgumentException("the position does not belong to this feed");
    }

    FeedPosition position() {
      String time =
          wholeFrom != null
              ? WHOLE_FROM + wholeFrom
              : asOf == null
                  ? UNKNOWN
                  : String.valueOf(ChronoUnit.MICROS.between(Instant.EPOCH, asOf));
      return new FeedPosition(
          xid + ":" + table + ":" + k1 + ":" + k2 + ":" + k3 + ":" + time + ":" + history + ":"
              + tenant);
    }

    /**
     * @param below the oldest running transaction
     */
    void requireValid(UUID present, String below) {
      if (history != null
          && (!history.equals(present)
              || Long.compareUnsigned(Long.parseUnsignedLong(xid), Long.parseUnsignedLong(below))
                  > 0)) {
        throw new CursorExpiredException(
            "the position belongs to another history, or is ahead of the database");
      }
    }

    /** {@link #wholeFrom} for a reader that continues from here; null if it is reached. */
    @Nullable String wholeFrom(String below, String next) {
      String from = history == null ? next : wholeFrom;
      boolean reached =
          from == null
              || Long.compareUnsigned(Long.parseUnsignedLong(below), Long.parseUnsignedLong(from))
                  >= 0;
      return reached ? null : from;
    }

    /** The row in words, without content. */
    String row() {
      String of = " in tenant " + tenant;
      return switch (table) {
        case OWNERS -> "owners, owner_key " + k1 + of;
        case CONVERSATIONS -> "conversations, conversation_key " + k1 + of;
        case MESSAGES ->
            "messages, conversation_key " + k1 + ", generation " + k2 + ", seq " + k3 + of;
        default -> "user_preferences, owner_key " + k1 + of;
      };
    }

    /** The key to start after in another table: before or after all rows of this transaction. */
    long key(int otherTable, long key) {
      return otherTable == table ? key : otherTable > table ? -1 : Long.MAX_VALUE;
    }

    @Override
    public int compareTo(Place that) {
      return ORDER.compare(this, that);
    }
  }

  /** The key of a conversation. */
  private record Key(String tenant, long conversation) {
    static Key of(Place place) {
      return new Key(place.tenant, place.k1);
    }
  }

  /**
   * A row of the feed.
   *
   * @param state null if it cannot be read
   */
  private record Told(
      Place place,
      @Nullable State state,
      @Nullable ConversationState parent,
      FeedPage.@Nullable Unreadable unreadable) {
    Told(Place place, State state, @Nullable ConversationState parent) {
      this(place, state, parent, null);
    }
  }

  /** Reads the state of a row; its columns start at {@link #STATE}. */
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
    Instant asOf;
    String wholeFrom;
    try (PreparedStatement head = database.prepare(connection, sql.feedHead);
        ResultSet row = headOf(head)) {
      Reads.requireRow(row);
      below = Rows.string(row, 1);
      history = Rows.uuid(row, 3);
      from.requireValid(history, below);
      Instant reached = reached(history, below, Rows.string(row, 4), Rows.requireTime(row, 5));
      wholeFrom = from.wholeFrom(below, Rows.string(row, 4));
      asOf = wholeFrom != null ? null : latest(from.asOf, latest(Rows.time(row, 2), reached));
    }
    List<Told> told = new ArrayList<>();
    read(connection, sql.feedOwners, OWNERS, from, below, limit, told, Feed::owner);
    read(
        connection,
        sql.feedConversations,
        CONVERSATIONS,
        from,
        below,
        limit,
        told,
        Feed::conversation);
    read(connection, sql.feedMessages, MESSAGES, from, below, limit, told, Feed::message);
    read(connection, sql.feedPreferences, PREFERENCES, from, below, limit, told, Feed::preferences);
    told.sort(Comparator.comparing(Told::place));
    boolean more = told.size() > limit;
    List<Told> page = more ? told.subList(0, limit) : told;
    // Not the oldest running transaction: after a crash, ids of transactions that left no trace are
    // assigned again. A returned row is on disk, with all ids up to its own.
    Place end = page.isEmpty() ? from : page.get(page.size() - 1).place;
    Place next =
        new Place(
            history,
            end.xid,
            end.table,
            end.k1,
            end.k2,
            end.k3,
            end.tenant,
            more ? from.asOf : asOf,
            wholeFrom);
    List<FeedPage.Unreadable> unreadable =
        page.stream().map(Told::unreadable).filter(Objects::nonNull).toList();
    return new FeedPage(ordered(page), next.position(), more, next.asOf, history, unreadable);
  }

  /**
   * The time of the last mark if the oldest running transaction has reached it, else null. Once it
   * is reached, sets the next mark at the present snapshot.
   *
   * @param next the id of the next transaction
   * @param now the start of the statement, which is before its snapshot
   */
  private @Nullable Instant reached(UUID history, String below, String next, Instant now) {
    Mark last = mark;
    Instant time = null;
    if (last != null && last.history.equals(history)) {
      if (Long.compareUnsigned(Long.parseUnsignedLong(below), last.end) < 0) {
        return null;
      }
      time = last.time;
    }
    mark = new Mark(history, Long.parseUnsignedLong(next), now);
    return time;
  }

  private static @Nullable Instant latest(@Nullable Instant a, @Nullable Instant b) {
    if (a == null || b == null) {
      return a == null ? b : a;
    }
    return a.isAfter(b) ? a : b;
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
          .text(from.tenant)
          .number(limit + 1L);
      try (ResultSet rows = database.rows(statement)) {
        while (rows.next()) {
          Place place =
              new Place(
                  from.history,
                  Rows.string(rows, 1),
                  table,
                  Rows.number(rows, 2),
                  Rows.number(rows, 3),
                  Rows.number(rows, 4),
                  Rows.string(rows, 5),
                  null,
                  null);
          told.add(told(place, rows, reader));
        }
      }
    }
  }

  /** A row written by another program may be unreadable; it must not block other rows. */
  private static Told told(Place place, ResultSet row, Reader reader) throws SQLException {
    try {
      return reader.read(place, row);
    } catch (IllegalArgumentException | IllegalStateException | DateTimeException e) {
      LOG.debug("A row is unreadable: {}", place.row(), e);
      return new Told(place, null, null, unreadable(place, row));
    }
  }

  private static FeedPage.Unreadable unreadable(Place place, ResultSet row) throws SQLException {
    boolean message = place.table == MESSAGES;
    boolean conversation = place.table == CONVERSATIONS;
    int first = message ? STATE + Rows.MESSAGE.size() : STATE;
    int epoch = message ? STATE : STATE + 3;
    try {
      return new FeedPage.Unreadable(
          place.row(),
          Owner.of(Rows.string(row, first), Rows.string(row, first + 1)),
          message || conversation ? Rows.string(row, first + 2) : null,
          message || conversation ? Rows.number(row, epoch) : 0,
          message || conversation ? Rows.number(row, epoch + 1) : 0);
    } catch (IllegalArgumentException | IllegalStateException e) {
      LOG.debug("The row does not name its owner", e);
      return new FeedPage.Unreadable(place.row(), null, null, 0, 0);
    }
  }

  private static Told owner(Place place, ResultSet row) throws SQLException {
    return new Told(
        place,
        new OwnerState(
            Owner.of(Rows.string(row, STATE), Rows.string(row, STATE + 1)),
            Rows.number(row, STATE + 2)),
        null);
  }

  private static Told conversation(Place place, ResultSet row) throws SQLException {
    return new Told(place, required(Rows.conversation(row, STATE)), null);
  }

  private static Told message(Place place, ResultSet row) throws SQLException {
    ConversationState parent = required(Rows.conversation(row, STATE + Rows.MESSAGE.size()));
    return new Told(place, Rows.message(row, STATE, parent.owner(), parent.id(), null), parent);
  }

  private static Told preferences(Place place, ResultSet row) throws SQLException {
    return new Told(place, required(Rows.preferences(row, STATE)), null);
  }

  private static <S extends State> S required(@Nullable S state) {
    if (state == null) {
      throw new IllegalStateException("a row has no key");
    }
    return state;
  }

  /** Owners, conversations including those of the messages, messages by place, preferences. */
  private static List<State> ordered(List<Told> page) {
    List<State> owners = new ArrayList<>();
    Map<Key, State> conversations = new LinkedHashMap<>();
    List<Told> messages = new ArrayList<>();
    List<State> preferences = new ArrayList<>();
    for (Told told : page) {
      State state = told.state;
      if (state == null) {
        continue;
      }
      switch (told.place.table) {
        case OWNERS -> owners.add(state);
        case CONVERSATIONS -> conversations.put(Key.of(told.place), state);
        case MESSAGES -> messages.add(told);
        default -> preferences.add(state);
      }
    }
    for (Told told : messages) {
      ConversationState parent = told.parent;
      // Read last, so it is at least as new as the conversation's own row.
      if (parent != null) {
        conversations.put(Key.of(told.place), parent);
      }
    }
    messages.sort(
        Comparator.<Told, String>comparing(told -> told.place.tenant)
            .thenComparingLong(told -> told.place.k1)
            .thenComparingLong(told -> told.place.k2)
            .thenComparingLong(told -> told.place.k3));
    List<State> states = new ArrayList<>(owners);
    states.addAll(conversations.values());
    for (Told told : messages) {
      if (told.state instanceof MessageState message) {
        states.add(message);
      }
    }
    states.addAll(preferences);
    return states;
  }
}
