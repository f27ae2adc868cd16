package io.conversationstore.jsonfile;

import io.conversationstore.Owner;
import io.conversationstore.spi.CodePointOrder;
import io.conversationstore.spi.LocalStore.Coverage;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the conversations whose contents a mirror gives up: those that nobody updated for long,
 * then those last updated first until what is left fits. For one thread.
 */
final class Eviction {
  /**
   * A conversation of which contents are here.
   *
   * @param updatedAt the least one while its header is still to come
   * @param version of its header
   * @param whole whether all its messages are here
   * @param bytes what its contents take
   */
  record Chosen(
      Owner owner,
      String id,
      long epoch,
      long generation,
      long version,
      Instant updatedAt,
      boolean whole,
      long bytes) {

    private static final Comparator<Chosen> ORDER =
        Comparator.comparing(Chosen::updatedAt)
            .thenComparing(one -> one.owner().tenantId(), CodePointOrder.INSTANCE)
            .thenComparing(one -> one.owner().userId(), CodePointOrder.INSTANCE)
            .thenComparing(Chosen::id, CodePointOrder.INSTANCE);

    boolean isStillSo(Index index) {
      ConversationRows rows = index.find(owner, id);
      return rows != null
          && index.epoch(owner) == epoch
          && rows.generation() == generation
          && versionOf(rows.header()) == version;
    }
  }

  private final Instant before;
  private final List<Chosen> held = new ArrayList<>();
  private long conversations;
  private long whole;
  private long bytes;

  private static long versionOf(@Nullable ConversationState header) {
    return header == null ? 0 : header.version();
  }

  /**
   * @param before conversations that were updated before are candidates, the others only counted
   */
  private Eviction(Instant before) {
    this.before = before;
  }

  /** Looks at what there is. */
  static Eviction of(SharedIndex shared, Instant idleSince, long maxBytes) {
    Eviction ofIdle = look(shared, idleSince);
    long idle = ofIdle.held.stream().mapToLong(Chosen::bytes).sum();
    // Not each look has to have all of them at hand.
    return ofIdle.bytes - idle > maxBytes ? look(shared, Instant.MAX) : ofIdle;
  }

  /** Owner by owner: each look locks writes out. */
  private static Eviction look(SharedIndex shared, Instant before) {
    Eviction eviction = new Eviction(before);
    for (OwnerRows owner : shared.read(index -> List.copyOf(index.owners()))) {
      shared.read(
          index -> {
            eviction.add(owner);
            return true;
          });
    }
    return eviction;
  }

  private void add(OwnerRows owner) {
    owner.conversations().forEach((id, rows) -> add(owner, id, rows));
  }

  private void add(OwnerRows owner, String id, ConversationRows rows) {
    ConversationState header = rows.header();
    Live live = header == null ? null : header.live();
    boolean isWhole = live != null && !rows.lacksMessages();
    conversations += live == null ? 0 : 1;
    whole += isWhole ? 1 : 0;
    if (rows.liveMessages() > 0) {
      bytes += rows.liveBytes();
      // The feed tells a header after most of its messages: without one they are old.
      Instant updatedAt = live == null ? Instant.MIN : live.updatedAt();
      if (updatedAt.isBefore(before)) {
        held.add(
            new Chosen(
                owner.owner(),
                id,
                owner.epoch(),
                rows.generation(),
                versionOf(header),
                updatedAt,
                isWhole,
                rows.liveBytes()));
      }
    }
  }

  /** Chooses; the ones that go first come first. */
  List<Chosen> choose(Instant idleSince, long maxBytes) {
    held.sort(Chosen.ORDER);
    long left = bytes;
    int idle = 0;
    while (idle < held.size() && held.get(idle).updatedAt().isBefore(idleSince)) {
      left -= held.get(idle++).bytes();
    }
    int end = idle;
    // Some room beside, so that not every write takes something out.
    long most = left > maxBytes ? maxBytes - maxBytes / 10 : maxBytes;
    while (left > most) {
      left -= held.get(end++).bytes();
    }
    return List.copyOf(held.subList(0, end));
  }

  /** What was held, without these. */
  Coverage without(List<Chosen> evicted) {
    long gone = evicted.stream().mapToLong(Chosen::bytes).sum();
    long left = whole - evicted.stream().filter(Chosen::whole).count();
    Instant through = evicted.isEmpty() ? null : evicted.get(evicted.size() - 1).updatedAt();
    return new Coverage(conversations, left, bytes - gone, through);
  }
}
