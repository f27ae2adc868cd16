package io.conversationstore.jsonfile;

import io.conversationstore.spi.CodePointOrder;
import io.conversationstore.spi.LocalStore.Coverage;
import io.conversationstore.spi.LocalStore.Mirrored;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
   * @param version of its header; 0 while that is still to come
   * @param whole whether all its messages are here
   * @param bytes what its contents take
   */
  record Chosen(Mirrored conversation, long version, Instant updatedAt, boolean whole, long bytes) {

    private static final Comparator<Chosen> ORDER =
        Comparator.comparing(Chosen::updatedAt)
            .thenComparing(one -> one.conversation.owner().tenantId(), CodePointOrder.INSTANCE)
            .thenComparing(one -> one.conversation.owner().userId(), CodePointOrder.INSTANCE)
            .thenComparing(one -> one.conversation.conversationId(), CodePointOrder.INSTANCE);

    boolean isStillSo(Index index) {
      ConversationRows rows = Replay.find(index, conversation);
      return rows != null && versionOf(rows.header()) == version;
    }
  }

  /** More than this part of what there may be is too much for one conversation. */
  private static final int LARGE = 2;

  private final Instant before;
  private final List<Chosen> held = new ArrayList<>();
  private long conversations;
  private long whole;
  private long bytes;
  private @Nullable Instant heldSince;
  private @Nullable Instant evictedThrough;

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
            owner
                .conversations()
                .forEach((id, rows) -> eviction.add(owner, id, rows, index.mirrorAsOfMicros()));
            return true;
          });
    }
    return eviction;
  }

  private void add(OwnerRows owner, String id, ConversationRows rows, long toldMicros) {
    ConversationState header = rows.header();
    Live live = header == null ? null : header.live();
    boolean isWhole = live != null && !rows.lacksMessages(toldMicros);
    conversations += live == null ? 0 : 1;
    whole += isWhole ? 1 : 0;
    if (rows.liveMessages() > 0) {
      bytes += rows.liveBytes();
      Instant updatedAt = live == null ? Instant.MIN : live.updatedAt();
      if (updatedAt.isBefore(before)) {
        Mirrored conversation = new Mirrored(owner.owner(), id, owner.epoch(), rows.generation());
        held.add(new Chosen(conversation, versionOf(header), updatedAt, isWhole, rows.liveBytes()));
      } else if (heldSince == null || updatedAt.isBefore(heldSince)) {
        heldSince = updatedAt;
      }
    }
  }

  /** Chooses; the ones that go first come first. */
  List<Chosen> choose(Instant idleSince, long maxBytes) {
    held.sort(Chosen.ORDER);
    List<Chosen> chosen = new ArrayList<>();
    List<Chosen> kept = new ArrayList<>();
    long left = bytes;
    for (Chosen one : held) {
      boolean idle = one.updatedAt().isBefore(idleSince);
      (idle ? chosen : kept).add(one);
      left -= idle ? one.bytes() : 0;
    }
    // Some room beside, so that not every write takes something out.
    long most = left > maxBytes ? maxBytes - maxBytes / 10 : maxBytes;
    // One that is large must not drive out all others.
    for (Chosen one : kept) {
      if (left > most && one.bytes() > maxBytes / LARGE) {
        chosen.add(one);
        left -= one.bytes();
      }
    }
    // Where that did not suffice all such are gone.
    for (Chosen one : kept) {
      if (left > most && one.bytes() <= maxBytes / LARGE) {
        chosen.add(one);
        left -= one.bytes();
        evictedThrough = one.updatedAt();
      }
    }
    return chosen;
  }

  /** What was held, without these. */
  Coverage without(List<Chosen> evicted) {
    Set<Chosen> gone = new HashSet<>(evicted);
    Instant since = heldSince;
    for (Chosen one : held) {
      if (!gone.contains(one) && (since == null || one.updatedAt().isBefore(since))) {
        since = one.updatedAt();
      }
    }
    return new Coverage(
        conversations,
        whole - evicted.stream().filter(Chosen::whole).count(),
        bytes - evicted.stream().mapToLong(Chosen::bytes).sum(),
        evicted.size(),
        evictedThrough,
        since);
  }
}
