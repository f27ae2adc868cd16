package io.conversationstore.hybrid.internal.overlay;

import io.conversationstore.ActiveUser;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.StoreStatistics;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.CodePointOrder;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.SearchScan;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State.MessageState;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Figures over owners as they will be when this node's pending changes are in the database: the
 * database's figures, adjusted for each owner with such changes. Owners are counted one by one, so
 * a change sent between two of them may be counted twice or not at all. Thread-safe.
 */
public final class OverlayFigures {

  private static final Comparator<ActiveUser> LATEST_FIRST =
      Comparator.comparing(ActiveUser::lastActive)
          .reversed()
          .thenComparing(user -> user.owner().userId(), CodePointOrder.INSTANCE);

  /** Counting reads messages with their contents. */
  private static final int COUNTED_AT_ONCE = 50;

  /** An owner's messages since some time, in the database and with the pending changes. */
  private record Activity(long before, long after, @Nullable Instant last) {}

  private final PrimaryStore primary;
  private final LocalStore local;
  private final OverlayReader reader;
  private final Supplier<Instant> now;

  public OverlayFigures(
      PrimaryStore primary, LocalStore local, OverlayReader reader, Supplier<Instant> now) {
    this.primary = primary;
    this.local = local;
    this.reader = reader;
    this.now = now;
  }

  public StoreStatistics statistics(@Nullable String tenantId) {
    List<Owner> owners = pendingOwners(tenantId);
    StoreStatistics base = primary.statistics(tenantId);
    Instant midnight = now.get().atOffset(ZoneOffset.UTC).truncatedTo(ChronoUnit.DAYS).toInstant();
    Map<String, Long> users = new HashMap<>();
    long conversations = 0;
    long messages = 0;
    long today = 0;
    for (Owner owner : owners) {
      Difference difference =
          reader.withStableBase(primary, owner, pending -> difference(owner, midnight, pending));
      conversations += difference.conversations;
      messages += difference.messages;
      today += difference.messagesToday;
      users.merge(owner.tenantId(), difference.users, Long::sum);
    }
    long tenants = 0;
    for (Map.Entry<String, Long> tenant : users.entrySet()) {
      if (tenant.getValue() != 0) {
        long before = tenantId == null ? primary.statistics(tenant.getKey()).users() : base.users();
        tenants += sign(before + tenant.getValue()) - sign(before);
      }
    }
    return new StoreStatistics(
        base.tenants() + tenants,
        base.users() + users.values().stream().mapToLong(Long::longValue).sum(),
        base.conversations() + conversations,
        base.messages() + messages,
        base.messagesToday() + today);
  }

  private record Difference(long users, long conversations, long messages, long messagesToday) {}

  private Difference difference(Owner owner, Instant midnight, List<Change> pending) {
    OwnerCounts before = primary.count(owner);
    OwnerCounts after = reader.count(primary, owner, pending);
    Activity today = activity(owner, midnight, pending);
    return new Difference(
        sign(after.conversations()) - sign(before.conversations()),
        after.conversations() - before.conversations(),
        after.messages() - before.messages(),
        today.after - today.before);
  }

  private static long sign(long count) {
    return Long.signum(Math.max(0, count));
  }

  public List<ActiveUser> activeUsers(String tenantId, Instant since, int limit) {
    List<Owner> owners = pendingOwners(tenantId);
    Map<Owner, ActiveUser> users = new LinkedHashMap<>();
    // Each of these owners may turn out to have none.
    for (ActiveUser user : primary.activeUsers(tenantId, since, limit + owners.size())) {
      users.put(user.owner(), user);
    }
    for (Owner owner : owners) {
      Activity activity =
          reader.withStableBase(primary, owner, pending -> activity(owner, since, pending));
      Instant last = activity.last;
      if (last == null) {
        users.remove(owner);
      } else {
        users.put(owner, new ActiveUser(owner, last, activity.after));
      }
    }
    return users.values().stream().sorted(LATEST_FIRST).limit(limit).toList();
  }

  private List<Owner> pendingOwners(@Nullable String tenantId) {
    return local.pendingOwners().stream()
        .filter(owner -> tenantId == null || tenantId.equals(owner.tenantId()))
        .toList();
  }

  /** Reads the owner's messages since then, latest first. */
  private Activity activity(Owner owner, Instant since, List<Change> pending) {
    OwnerViews views = reader.views(primary, owner, pending);
    long before = 0;
    long after = 0;
    Instant last = null;
    Position.@Nullable InHistory place = null;
    Slice<MessageState> slice;
    boolean more;
    do {
      slice = primary.history(owner, Direction.BACKWARD, place, COUNTED_AT_ONCE);
      more = slice.more();
      for (int i = slice.items().size() - 1; i >= 0; i--) {
        MessageState message = slice.items().get(i);
        place = SearchScan.placeOf(slice, message);
        Instant at = message.requireLive().createdAt();
        if (at.isBefore(since)) {
          more = false;
          break;
        }
        before++;
        if (views.shows(message)) {
          after++;
          last = last == null ? at : last;
        }
      }
    } while (more);
    for (PendingView view : views.all().values()) {
      for (MessageState message : view.tail()) {
        Instant at = message.requireLive().createdAt();
        if (!at.isBefore(since)) {
          after++;
          last = last == null || at.isAfter(last) ? at : last;
        }
      }
    }
    return new Activity(before, after, last);
  }
}
