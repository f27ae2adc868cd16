package io.conversationstore.jsonfile.internal.engine;

import io.conversationstore.ActiveUser;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Provenance;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreStatistics;
import io.conversationstore.jsonfile.internal.apply.Contents;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.MessageRef;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.MessageTable;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.SharedIndex;
import io.conversationstore.jsonfile.internal.index.Timeline;
import io.conversationstore.spi.CodePointOrder;
import io.conversationstore.spi.ConversationFilter;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.PreferencesState;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.UUID;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The queries of an engine, answered from the index. Content is read outside the lock and only if
 * it is requested. Thread-safe.
 */
final class Reads {
  private static final int TRIES = 100;

  private static final Comparator<ConversationState> LATEST_FIRST = Reads::compareLatestFirst;

  interface Reading<T> {
    T read() throws IOException;
  }

  private final SharedIndex shared;
  private final Contents contents;
  private final Clock clock;

  Reads(SharedIndex shared, Contents contents, Clock clock) {
    this.shared = shared;
    this.contents = contents;
    this.clock = clock;
  }

  /**
   * Selects and reads again if a compaction or an erasure ran in between. A line blanked by an
   * erasure looks like damage, but the next selection leaves it out: only repeated damage at the
   * same place is reported.
   */
  static <T> T retrying(Reading<T> reading) {
    StoreDamagedException damage = null;
    for (int i = 0; ; i++) {
      try {
        return reading.read();
      } catch (Segments.GoneException e) {
        if (i == TRIES) {
          throw failure(e);
        }
      } catch (StoreDamagedException e) {
        // The message names the place.
        boolean again = damage != null && Objects.equals(damage.getMessage(), e.getMessage());
        if (again || i == TRIES) {
          throw e;
        }
        damage = e;
      } catch (IOException e) {
        throw failure(e);
      }
    }
  }

  static EngineFailureException failure(IOException e) {
    return new EngineFailureException(
        FailureKind.UNAVAILABLE, false, "the local files could not be read", e);
  }

  // Provenance

  Provenance provenance() {
    return shared.read(this::provenance);
  }

  private Provenance provenance(Index index) {
    return provenance(index, shared.manifest().storeId() == null || hasFollowed(index));
  }

  private static boolean hasFollowed(Index index) {
    return index.mirrorAsOfMicros() != MessageRow.NEVER;
  }

  private Provenance provenance(Index index, boolean complete) {
    Instant asOf = Micros.truncated(clock.instant());
    if (shared.manifest().storeId() != null) {
      asOf = hasFollowed(index) ? Micros.instant(index.mirrorAsOfMicros()) : Instant.EPOCH;
    }
    return new Provenance(Provenance.Source.LOCAL_FILES, asOf, complete, false);
  }

  private Provenance provenance(Index index, @Nullable ConversationRows rows) {
    if (shared.manifest().storeId() == null) {
      return provenance(index, true);
    }
    ConversationState header = rows == null ? null : rows.header();
    if (rows == null || header == null) {
      return provenance(index, hasFollowed(index) && rows == null);
    }
    return provenance(index, !rows.lacksMessages(index.mirrorAsOfMicros()));
  }

  // One conversation

  Found find(Owner owner, String conversationId) {
    return shared.read(
        index -> {
          ConversationRows rows = index.find(owner, conversationId);
          return new Found(
              rows == null ? null : rows.header(), index.epoch(owner), provenance(index, rows));
        });
  }

  /** The provenance of a read across all conversations of an owner. */
  private Provenance provenance(Index index, @Nullable OwnerRows rows) {
    boolean alone = shared.manifest().storeId() == null;
    return provenance(
        index,
        alone
            || (hasFollowed(index)
                && (rows == null || !rows.lacksMessages(index.mirrorAsOfMicros()))));
  }

  private record Messages(
      ConversationState header, List<MessageRef> refs, boolean more, Provenance provenance) {}

  private record Started(Messages messages, Position.InConversation start) {}

  MessageSlice messages(
      Owner owner,
      String conversationId,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit) {
    return retrying(
        () -> {
          Messages found =
              shared.read(index -> select(index, owner, conversationId, direction, from, limit));
          return new MessageSlice(
              found.header,
              new Slice<>(
                  shared.manifest().presentHistory(),
                  contents.states(found.refs),
                  found.more,
                  found.provenance));
        });
  }

  MessageSlice messagesFrom(
      Owner owner,
      String conversationId,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit) {
    return retrying(
        () -> {
          Started found =
              shared.read(
                  index -> {
                    Position.InConversation start =
                        placeOf(index, owner, conversationId, messageId);
                    long step = !including ? 0 : direction == Direction.FORWARD ? -1 : 1;
                    Position.InConversation from =
                        new Position.InConversation(
                            start.history(),
                            start.epoch(),
                            start.generation(),
                            start.seq() + step,
                            null);
                    return new Started(
                        select(index, owner, conversationId, direction, from, limit), start);
                  });
          Messages messages = found.messages;
          return new MessageSlice(
              messages.header,
              new Slice<>(
                  shared.manifest().presentHistory(),
                  contents.states(messages.refs),
                  messages.more,
                  messages.provenance),
              found.start);
        });
  }

  private Position.InConversation placeOf(
      Index index, Owner owner, String conversationId, UUID messageId) {
    ConversationRows rows = index.find(owner, conversationId);
    ConversationState header = requireLive(rows, owner, conversationId);
    MessageRow row =
        rows == null || rows.generation() != header.generation() ? null : rows.message(messageId);
    if (row == null || !row.live()) {
      throw new MessageNotFoundException(owner, conversationId, messageId);
    }
    return new Position.InConversation(
        shared.manifest().presentHistory(), header.epoch(), header.generation(), row.seq(), null);
  }

  private static ConversationState requireLive(
      @Nullable ConversationRows rows, Owner owner, String conversationId) {
    ConversationState header = rows == null ? null : rows.header();
    if (header == null || !header.isLive()) {
      throw new ConversationNotFoundException(owner, conversationId);
    }
    return header;
  }

  private Messages select(
      Index index,
      Owner owner,
      String conversationId,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit) {
    ConversationRows rows = index.find(owner, conversationId);
    ConversationState header = requireLive(rows, owner, conversationId);
    boolean forward = direction == Direction.FORWARD;
    long start = forward ? 0 : Long.MAX_VALUE;
    if (from != null) {
      requireHistory(from);
      if (from.epoch() != header.epoch() || from.generation() != header.generation()) {
        throw new CursorExpiredException("its conversation was deleted");
      }
      start = from.seq();
    }
    List<MessageRow> found =
        rows != null && header.generation() == rows.generation()
            ? rows.beyond(start, forward, limit + 1)
            : List.of();
    boolean more = found.size() > limit;
    List<MessageRef> refs = new ArrayList<>();
    for (MessageRow row : more ? found.subList(0, limit) : found) {
      refs.add(new MessageRef(owner, conversationId, header.epoch(), header.generation(), row));
    }
    if (!forward) {
      Collections.reverse(refs);
    }
    return new Messages(header, refs, more, provenance(index, rows));
  }

  private void requireHistory(Position position) {
    if (!position.history().equals(shared.manifest().presentHistory())) {
      throw new CursorExpiredException("it belongs to another history of the store");
    }
  }

  Optional<MessageState> message(Owner owner, String conversationId, UUID messageId) {
    return retrying(
        () -> {
          MessageRef ref =
              shared.readNullable(
                  index -> {
                    ConversationRows rows = index.find(owner, conversationId);
                    MessageRow row = rows == null ? null : rows.message(messageId);
                    return rows == null || row == null
                        ? null
                        : new MessageRef(
                            owner, conversationId, index.epoch(owner), rows.generation(), row);
                  });
          return ref == null ? Optional.empty() : Optional.of(contents.states(List.of(ref)).get(0));
        });
  }

  // One owner

  private record History(List<MessageRef> nearest, Provenance provenance) {}

  Slice<MessageState> history(
      Owner owner, Direction direction, Position.@Nullable InHistory from, int limit) {
    return retrying(
        () -> {
          if (from != null) {
            requireHistory(from);
          }
          boolean forward = direction == Direction.FORWARD;
          History found =
              shared.read(
                  index -> {
                    OwnerRows rows = index.find(owner);
                    return new History(
                        rows == null
                            ? List.of()
                            : new Timeline(rows, forward).page(from, limit + 1),
                        provenance(index, rows));
                  });
          List<MessageRef> nearest = found.nearest;
          boolean more = nearest.size() > limit;
          List<MessageRef> page = new ArrayList<>(more ? nearest.subList(0, limit) : nearest);
          if (!forward) {
            Collections.reverse(page);
          }
          return new Slice<>(
              shared.manifest().presentHistory(), contents.states(page), more, found.provenance);
        });
  }

  /** The creation times of all live messages of an owner. */
  private static void forEachCreation(OwnerRows owner, LongConsumer consumer) {
    for (ConversationRows conversation : owner.conversations().values()) {
      if (conversation.header() == null || conversation.isLive()) {
        MessageTable messages = conversation.messages();
        for (int i = 0; i < messages.size(); i++) {
          if (messages.isLive(i)) {
            consumer.accept(messages.createdMicros(i));
          }
        }
      }
    }
  }

  /** Orders by update time, latest first, then by id. */
  private static int compareLatestFirst(ConversationState a, ConversationState b) {
    int byTime = b.requireLive().updatedAt().compareTo(a.requireLive().updatedAt());
    return byTime == 0 ? CodePointOrder.INSTANCE.compare(a.id(), b.id()) : byTime;
  }

  private static <T> List<T> first(List<T> items, Comparator<T> order, int max) {
    PriorityQueue<T> kept = new PriorityQueue<>(max, order.reversed());
    for (T item : items) {
      if (kept.size() < max) {
        kept.add(item);
      } else if (order.compare(item, kept.element()) < 0) {
        kept.remove();
        kept.add(item);
      }
    }
    List<T> sorted = new ArrayList<>(kept);
    sorted.sort(order);
    return sorted;
  }

  Slice<ConversationState> conversations(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from) {
    if (from != null) {
      requireHistory(from);
    }
    ConversationFilter filter = new ConversationFilter(query);
    return shared.read(
        index -> {
          List<ConversationState> matching = new ArrayList<>();
          OwnerRows rows = index.find(owner);
          if (rows != null) {
            for (ConversationRows conversation : rows.conversations().values()) {
              ConversationState header = conversation.header();
              if (header != null && filter.matches(header) && isBeyond(header, from)) {
                matching.add(header);
              }
            }
          }
          List<ConversationState> page = first(matching, LATEST_FIRST, query.limit() + 1);
          boolean more = page.size() > query.limit();
          return new Slice<>(
              shared.manifest().presentHistory(),
              more ? page.subList(0, query.limit()) : page,
              more,
              provenance(index));
        });
  }

  private static boolean isBeyond(
      ConversationState header, Position.@Nullable InConversations from) {
    if (from == null) {
      return true;
    }
    int byTime = header.requireLive().updatedAt().compareTo(from.updatedAt());
    return byTime < 0
        || (byTime == 0 && CodePointOrder.INSTANCE.compare(header.id(), from.id()) > 0);
  }

  PreferencesState preferences(Owner owner) {
    return shared.read(
        index -> {
          OwnerRows rows = index.find(owner);
          return rows == null ? PreferencesState.none(owner, 0) : rows.preferences();
        });
  }

  OwnerCounts count(Owner owner) {
    return shared.read(
        index -> {
          OwnerRows rows = index.find(owner);
          return rows == null
              ? new OwnerCounts(0, 0)
              : new OwnerCounts(rows.liveConversations(), rows.liveMessages());
        });
  }

  // All owners

  StoreStatistics statistics(@Nullable String tenantId) {
    long midnight =
        Micros.of(
            clock
                .instant()
                .atZone(ZoneOffset.UTC)
                .toLocalDate()
                .atStartOfDay(ZoneOffset.UTC)
                .toInstant());
    return shared.read(
        index -> {
          Set<String> tenants = new HashSet<>();
          long users = 0;
          long conversations = 0;
          long[] counts = new long[2];
          for (OwnerRows owner : index.owners()) {
            long live = owner.liveConversations();
            if (live == 0 || (tenantId != null && !tenantId.equals(owner.owner().tenantId()))) {
              continue;
            }
            tenants.add(owner.owner().tenantId());
            users++;
            conversations += live;
            forEachCreation(
                owner,
                created -> {
                  counts[0]++;
                  counts[1] += created >= midnight ? 1 : 0;
                });
          }
          return new StoreStatistics(tenants.size(), users, conversations, counts[0], counts[1]);
        });
  }

  List<ActiveUser> activeUsers(String tenantId, Instant since, int limit) {
    long sinceMicros = Micros.of(since);
    return shared.read(
        index -> {
          List<ActiveUser> users = new ArrayList<>();
          for (OwnerRows owner : index.owners()) {
            if (!owner.owner().tenantId().equals(tenantId)) {
              continue;
            }
            long[] found = {0, Long.MIN_VALUE};
            forEachCreation(
                owner,
                created -> {
                  if (created >= sinceMicros) {
                    found[0]++;
                    found[1] = Math.max(found[1], created);
                  }
                });
            if (found[0] > 0) {
              users.add(new ActiveUser(owner.owner(), Micros.instant(found[1]), found[0]));
            }
          }
          users.sort(
              Comparator.comparing(ActiveUser::lastActive)
                  .reversed()
                  .thenComparing(user -> user.owner().userId(), CodePointOrder.INSTANCE));
          return List.copyOf(users.subList(0, Math.min(limit, users.size())));
        });
  }
}
