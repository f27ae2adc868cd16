package io.conversationstore.jsonfile.internal.engine;

import io.conversationstore.jsonfile.internal.apply.Replay;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.SharedIndex;
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
 * Chooses the conversations whose contents a mirror evicts: first those idle for too long, then the
 * least recently updated ones until the rest fits. Not thread-safe.
 */
final class Eviction {
  /**
   * A conversation with contents in the mirror.
   *
   * @param updatedAt {@link Instant#MIN} while its header has yet to arrive
   * @param version of its header; 0 while that has yet to arrive
   * @param whole whether all its messages are here
   * @param bytes the size of its contents
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

  /** A conversation larger than the limit divided by this is evicted before smaller ones. */
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
   * @param before conversations updated before this time are candidates; others are only counted
   */
  private Eviction(Instant before) {
    this.before = before;
  }

  /** Collects the candidates. */
  static Eviction of(SharedIndex shared, Instant idleSince, long maxBytes) {
    Eviction ofIdle = look(shared, idleSince);
    long idle = ofIdle.held.stream().mapToLong(Chosen::bytes).sum();
    // If evicting idle ones suffices, no other candidates are collected.
    return ofIdle.bytes - idle > maxBytes ? look(shared, Instant.MAX) : ofIdle;
  }

  /** Reads one owner at a time, because each read blocks writes. */
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

  private void add(OwnerRows owner, String id, ConversationRows rows, long deliveredThroughMicros) {
    ConversationState header = rows.header();
    Live live = header == null ? null : header.live();
    boolean isWhole = live != null && !rows.lacksMessages(deliveredThroughMicros);
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

  /** Chooses conversations, in the order of eviction. */
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
    // Frees a tenth more, because otherwise every write would evict something.
    long most = left > maxBytes ? maxBytes - maxBytes / 10 : maxBytes;
    // A large conversation must not displace all others.
    for (Chosen one : kept) {
      if (left > most && one.bytes() > maxBytes / LARGE) {
        chosen.add(one);
        left -= one.bytes();
      }
    }
    // All large ones are gone by now, and space is still short.
    for (Chosen one : kept) {
      if (left > most && one.bytes() <= maxBytes / LARGE) {
        chosen.add(one);
        left -= one.bytes();
        evictedThrough = one.updatedAt();
      }
    }
    return chosen;
  }

  /** The coverage after these are evicted. */
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
