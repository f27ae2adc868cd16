package io.conversationstore.testkit;

import io.conversationstore.ConversationStoreException;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.ErasureReceipt;
import io.conversationstore.Owner;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.BatchRefusedException;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.OwnerErased;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.FeedPage;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.Landing;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The reference model as the store that several nodes share: with a feed that transactions of
 * others can hold back, and with counters of nodes. Each change is a transaction. An older copy of
 * all of it can be put back. Thread-safe.
 */
public final class ReferencePrimary extends ReferenceEngine implements PrimaryStore {

  /** The order of the tables in the feed. */
  private static final State.Visitor<Integer, RuntimeException> TABLE =
      new State.Visitor<>() {
        @Override
        public Integer owner(OwnerState state) {
          return 0;
        }

        @Override
        public Integer conversation(ConversationState state) {
          return 1;
        }

        @Override
        public Integer message(MessageState state) {
          return 2;
        }

        @Override
        public Integer preferences(PreferencesState state) {
          return 3;
        }
      };

  private static final Comparator<Row> FEED_ORDER =
      Comparator.comparingLong(Row::transaction)
          .thenComparingInt(row -> row.state.accept(TABLE))
          .thenComparingLong(Row::number);

  /** A row as last delivered; its number is never reused. */
  private record Row(long number, long transaction, State state) {}

  private record JobClaim(UUID node, Instant at) {}

  /** The same message of two generations is two rows. */
  private record Key(State.Key row, long generation) {
    static Key of(State state) {
      return new Key(state.key(), state instanceof MessageState ? state.generation() : 0);
    }

    static Key ofConversation(MessageState message) {
      return new Key(
          new State.Key(ConversationState.class, message.owner(), message.conversationId(), null),
          0);
    }
  }

  /** The rows of a page by kind. */
  private static final class PageRows implements State.Visitor<Void, RuntimeException> {
    private final List<State> owners = new ArrayList<>();
    private final Map<Key, State> conversations = new LinkedHashMap<>();
    private final List<MessageState> messages = new ArrayList<>();
    private final List<State> preferences = new ArrayList<>();

    @Override
    public Void owner(OwnerState state) {
      owners.add(state);
      return null;
    }

    @Override
    public Void conversation(ConversationState state) {
      conversations.put(Key.of(state), state);
      return null;
    }

    @Override
    public Void message(MessageState state) {
      messages.add(state);
      return null;
    }

    @Override
    public Void preferences(PreferencesState state) {
      preferences.add(state);
      return null;
    }
  }

  /**
   * @param history the history it belongs to; null at the start, which belongs to all
   * @param wholeFrom a time is known once every transaction before this one has ended: a new reader
   *     lacks rows that are changed by this or a later one
   */
  private record Place(
      @Nullable UUID history,
      long transaction,
      int table,
      long number,
      long asOfMicros,
      long wholeFrom) {
    static Place of(FeedPosition position) {
      if (position.token().isEmpty()) {
        return new Place(null, 0, 0, 0, 0, 0);
      }
      String[] fields = position.token().split(":", -1);
      return new Place(
          UUID.fromString(fields[4]),
          Long.parseLong(fields[0]),
          Integer.parseInt(fields[1]),
          Long.parseLong(fields[2]),
          Long.parseLong(fields[3]),
          Long.parseLong(fields[5]));
    }

    FeedPosition position() {
      return new FeedPosition(
          transaction
              + ":"
              + table
              + ":"
              + number
              + ":"
              + asOfMicros
              + ":"
              + history
              + ":"
              + wholeFrom);
    }

    boolean isBefore(Row row) {
      if (row.transaction != transaction) {
        return row.transaction > transaction;
      }
      int other = row.state.accept(TABLE);
      return other == table ? row.number > number : other > table;
    }
  }

  private final UUID storeId = UUID.randomUUID();
  private final Map<UUID, Long> counters = new HashMap<>();
  private final Map<String, JobClaim> claims = new HashMap<>();
  private final Map<Key, Row> rows = new LinkedHashMap<>();
  private long transaction;
  private long lastRow;
  private long heldFrom = Long.MAX_VALUE;
  private Instant heldSince = Instant.MAX;

  /** An empty database with the time of {@code clock}, never the same time twice. */
  public ReferencePrimary(Clock clock) {
    super(new ServerClock(clock));
  }

  /**
   * A copy of all that the database holds. Nothing changes it, and it can be put back any number of
   * times, into the database that it is of.
   */
  public static final class Backup {
    private final ReferencePrimary of;
    private final UUID history;
    private final Map<Owner, ModelOwner> owners = new HashMap<>();
    private final Map<UUID, Long> counters;
    private final Map<Key, Row> rows;
    private final long transaction;
    private final long lastRow;
    private final long heldFrom;
    private final Instant heldSince;

    private Backup(ReferencePrimary of) {
      this.of = of;
      history = of.history;
      copy(of.owners, owners);
      counters = new HashMap<>(of.counters);
      rows = new LinkedHashMap<>(of.rows);
      transaction = of.transaction;
      lastRow = of.lastRow;
      heldFrom = of.heldFrom;
      heldSince = of.heldSince;
    }

    private static void copy(Map<Owner, ModelOwner> from, Map<Owner, ModelOwner> to) {
      from.forEach((owner, data) -> to.put(owner, data.copy()));
    }

    /** Whether a transaction held the feed back. */
    public boolean holdsFeed() {
      return heldFrom != Long.MAX_VALUE;
    }
  }

  /** Copies all that there is, as a copy of a server's files does. */
  public Backup backup() {
    return locked(() -> new Backup(this));
  }

  /**
   * Puts a copy back: rows, deleted ones included, what changes left, transaction ids, counters of
   * nodes and the history are what they were. A transaction that held the feed back goes on, as one
   * that was prepared does. The clock goes on.
   *
   * @throws IllegalArgumentException if it is a copy of another database
   */
  public void restore(Backup backup) {
    if (backup.of != this) {
      throw new IllegalArgumentException("this is a copy of another database");
    }
    locked(
        () -> {
          history = backup.history;
          owners.clear();
          Backup.copy(backup.owners, owners);
          counters.clear();
          counters.putAll(backup.counters);
          rows.clear();
          rows.putAll(backup.rows);
          transaction = backup.transaction;
          lastRow = backup.lastRow;
          heldFrom = backup.heldFrom;
          heldSince = backup.heldSince;
          return true;
        });
  }

  @Override
  boolean remembersLastEditsOnly() {
    return true;
  }

  /** A foreign transaction begins; the feed does not deliver rows committed from now on. */
  public void holdFeed() {
    locked(
        () -> {
          if (heldFrom == Long.MAX_VALUE) {
            heldFrom = ++transaction;
            heldSince = now();
          }
          return true;
        });
  }

  /** The transaction that delayed the feed ends. */
  public void releaseFeed() {
    locked(
        () -> {
          heldFrom = Long.MAX_VALUE;
          heldSince = Instant.MAX;
          return true;
        });
  }

  @Override
  public Applied apply(Change change, ApplyMode mode) {
    return locked(
        () -> {
          Applied applied = super.apply(change, mode);
          commit(Set.of(change.owner()));
          return applied;
        });
  }

  @Override
  public List<Applied> applyAll(List<Change> changes) {
    requireBatch(changes);
    return locked(
        () -> {
          Map<Owner, ModelOwner> before = new HashMap<>(owners);
          List<Applied> applied = new ArrayList<>();
          Set<Owner> touched = new HashSet<>();
          try {
            for (Change change : changes) {
              applied.add(super.apply(change, ApplyMode.REPLAY));
              touched.add(change.owner());
            }
          } catch (ConversationStoreException | IllegalArgumentException refused) {
            // Each change is made on a copy of its owner, so the old ones are unchanged.
            owners.clear();
            owners.putAll(before);
            throw new BatchRefusedException(refused);
          }
          commit(touched);
          return applied;
        });
  }

  @Override
  public boolean recordJoin(ConversationCreated create, long generation) {
    return locked(
        () -> {
          ModelOwner data = owner(create.owner()).copy();
          ModelConversation live = data.live(create.conversationId());
          if (live == null || live.generation != generation) {
            return false;
          }
          data.landings.putIfAbsent(create.id(), new Landing(live.id, generation, now()));
          owners.put(create.owner(), data);
          return true;
        });
  }

  private static void requireBatch(List<Change> changes) {
    Set<String> created = new HashSet<>();
    for (Change change : changes) {
      ConversationRef ref = change.ref();
      boolean afterCreate =
          ref != null
              && ref.generation() == ConversationRef.LIVE
              && created.contains(change.owner() + " " + ref.id());
      if (change.goesAlone() || afterCreate) {
        throw new IllegalArgumentException("this change has to be applied alone: " + change.id());
      }
      if (change instanceof ConversationCreated create) {
        created.add(change.owner() + " " + create.conversationId());
      }
    }
  }

  @Override
  public long deleteMessagesBefore(Instant cutoff) {
    return locked(
        () -> {
          long deleted = super.deleteMessagesBefore(cutoff);
          commit(owners.keySet());
          return deleted;
        });
  }

  @Override
  public long archiveIdleBefore(Instant cutoff) {
    return locked(
        () -> {
          long archived = super.archiveIdleBefore(cutoff);
          commit(owners.keySet());
          return archived;
        });
  }

  @Override
  public Claim claim(String job, UUID node, Duration interval) {
    return locked(
        () -> {
          Instant now = now();
          JobClaim last = claims.get(job);
          if (last != null && !last.at().isAfter(now) && last.at().plus(interval).isAfter(now)) {
            return new Claim(Duration.between(now, last.at().plus(interval)), now);
          }
          claims.put(job, new JobClaim(node, now));
          return new Claim(Duration.ZERO, now);
        });
  }

  @Override
  public void renew(String job, UUID node) {
    locked(
        () -> {
          JobClaim last = claims.get(job);
          if (last != null && last.node().equals(node)) {
            claims.put(job, new JobClaim(node, now()));
          }
          return true;
        });
  }

  @Override
  public Handshake handshake(UUID node) {
    return locked(
        () -> {
          long before = counters.getOrDefault(node, 0L);
          counters.put(node, before + 1);
          return new Handshake(storeId, history, before, before + 1, now());
        });
  }

  @Override
  public UUID beginHistory(UUID ended, UUID next) {
    return locked(
        () -> {
          if (history.equals(ended)) {
            history = next;
          }
          return history;
        });
  }

  /** No row is ever removed permanently here. */
  @Override
  public long firstGeneration(Owner owner) {
    return 1;
  }

  @Override
  public List<Landing> landings(Change change) {
    if (change instanceof OwnerErased erasure) {
      return locked(() -> erasureLanding(erasure));
    }
    List<Change> parts = change.parts();
    return locked(
        () -> {
          Map<@Nullable String, Landing> landings = new LinkedHashMap<>();
          for (Change part : parts) {
            Landing landing = owner(change.owner()).landings.get(part.id());
            if (landing != null) {
              landings.putIfAbsent(landing.conversationId(), landing);
            }
          }
          return List.copyOf(landings.values());
        });
  }

  private List<Landing> erasureLanding(OwnerErased erasure) {
    ModelOwner owner = owner(erasure.owner());
    Long epoch = owner.epochs.get(erasure.id());
    ErasureReceipt receipt = owner.erasures.get(erasure.id());
    return epoch == null || receipt == null
        ? List.of()
        : List.of(new Landing(null, epoch, receipt.at()));
  }

  @Override
  public List<Erasure> erasuresSince(Instant time) {
    return locked(
        () ->
            owners.values().stream()
                .flatMap(
                    data ->
                        data.erasures.entrySet().stream()
                            .filter(erasure -> erasure.getValue().at().isAfter(time))
                            .map(
                                erasure ->
                                    new Erasure(
                                        data.owner, erasure.getKey(), erasure.getValue().at())))
                .toList());
  }

  @Override
  public FeedPage feed(FeedPosition after, int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1, but was " + limit);
    }
    return locked(() -> page(Place.of(after), limit));
  }

  private FeedPage page(Place from, int limit) {
    long below = Math.min(heldFrom, transaction + 1);
    if (from.history != null && (!from.history.equals(history) || from.transaction > below)) {
      throw new CursorExpiredException(
          "the position belongs to another history, or is ahead of the database");
    }
    List<Row> told =
        rows.values().stream()
            .filter(row -> row.transaction < below && from.isBefore(row))
            .sorted(FEED_ORDER)
            .limit(limit + 1L)
            .toList();
    boolean more = told.size() > limit;
    List<Row> page = more ? told.subList(0, limit) : told;
    Instant time = heldSince.isBefore(now()) ? heldSince : now();
    long wholeFrom = from.history == null ? transaction + 1 : from.wholeFrom;
    boolean whole = below >= wholeFrom;
    long asOf =
        more || !whole
            ? from.asOfMicros
            : Math.max(from.asOfMicros, ChronoUnit.MICROS.between(Instant.EPOCH, time));
    Row last = more ? page.get(page.size() - 1) : null;
    Place next =
        last == null
            ? new Place(history, below, 0, 0, asOf, wholeFrom)
            : new Place(
                history, last.transaction, last.state.accept(TABLE), last.number, asOf, wholeFrom);
    return new FeedPage(
        ordered(page),
        next.position(),
        more,
        whole ? Instant.EPOCH.plus(asOf, ChronoUnit.MICROS) : null,
        history,
        List.of());
  }

  /**
   * Owners, conversations including those required by the messages, messages by place, preferences.
   */
  private List<State> ordered(List<Row> page) {
    PageRows kinds = new PageRows();
    page.forEach(row -> row.state.accept(kinds));
    for (MessageState message : kinds.messages) {
      Key parent = Key.ofConversation(message);
      Row row = rows.get(parent);
      if (row != null) {
        kinds.conversations.put(parent, row.state);
      }
    }
    kinds.messages.sort(
        Comparator.comparing(MessageState::conversationId)
            .thenComparingLong(MessageState::generation)
            .thenComparingLong(MessageState::seq));
    List<State> states = new ArrayList<>(kinds.owners);
    states.addAll(kinds.conversations.values());
    states.addAll(kinds.messages);
    states.addAll(kinds.preferences);
    return states;
  }

  /** Records the rows changed by a transaction. */
  private void commit(Set<Owner> touched) {
    transaction++;
    for (Owner owner : touched) {
      ModelOwner data = owner(owner);
      if (note(new OwnerState(owner, data.epoch), data.epoch > 0)) {
        rows.values()
            .removeIf(row -> row.state.owner().equals(owner) && row.state.epoch() < data.epoch);
      }
      for (String id : data.conversations.keySet()) {
        ModelConversation latest = data.latest(id);
        if (latest != null) {
          note(latest.state(owner), true);
          latest.messages.forEach(message -> note(message.state(owner, latest), true));
        }
      }
      note(data.preferences, data.preferences.version() > 0);
    }
  }

  private boolean note(State state, boolean isThere) {
    Key key = Key.of(state);
    Row before = rows.get(key);
    if (!isThere || (before != null && !state.isLaterThan(before.state))) {
      return false;
    }
    rows.put(key, new Row(before == null ? ++lastRow : before.number, transaction, state));
    return true;
  }
}
