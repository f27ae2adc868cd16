package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Owner;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Retention and archiving, as ordinary changes. For the log's thread. */
final class Retention {
  private static final int MOST_IN_A_BULK = 1_000;

  private final SharedIndex shared;
  private final LogWrites writes;
  private final JsonFileOptions options;

  Retention(SharedIndex shared, LogWrites writes, JsonFileOptions options) {
    this.shared = shared;
    this.writes = writes;
    this.options = options;
  }

  long deleteMessagesBefore(Instant cutoff) throws IOException {
    long cutoffMicros = Micros.of(cutoff);
    long count = 0;
    for (OwnerRows owner : List.copyOf(shared.own().owners())) {
      List<Change> changes = new ArrayList<>();
      for (ConversationRows rows : owner.conversations().values()) {
        ConversationState header = rows.header();
        if (header == null || !header.isLive() || header.requireLive().pinned()) {
          continue;
        }
        MessageTable messages = rows.messages();
        for (int i = 0; i < messages.size(); i++) {
          if (messages.createdMicros(i) < cutoffMicros && messages.isLive(i)) {
            UUID id = messages.get(i).id();
            changes.add(new Change.MessageDeleted(stamp(owner.owner()), ref(header), id));
          }
        }
      }
      count += apply(owner.owner(), changes);
    }
    return count;
  }

  long archiveIdleBefore(Instant cutoff) throws IOException {
    ConversationUpdate archive = ConversationUpdate.touch().status(ConversationStatus.ARCHIVED);
    long count = 0;
    for (OwnerRows owner : List.copyOf(shared.own().owners())) {
      for (ConversationRows rows : List.copyOf(owner.conversations().values())) {
        ConversationState header = rows.header();
        Live live = header == null ? null : header.live();
        if (header != null
            && live != null
            && live.status() == ConversationStatus.ACTIVE
            && live.updatedAt().isBefore(cutoff)) {
          // Putting away is not a use: done as of the time of last use, that time stays.
          Change change =
              new Change.ConversationUpdated(stamp(owner.owner()), ref(header), archive);
          writes.apply(EncodedChange.of(change), ApplyMode.LIVE, live.updatedAt());
          count++;
        }
      }
    }
    return count;
  }

  private static ConversationRef ref(ConversationState header) {
    return new ConversationRef(header.id(), header.generation());
  }

  private long apply(Owner owner, List<Change> changes) throws IOException {
    for (int i = 0; i < changes.size(); i += MOST_IN_A_BULK) {
      List<Change> part = changes.subList(i, Math.min(i + MOST_IN_A_BULK, changes.size()));
      writes.apply(EncodedChange.of(new Change.Bulk(stamp(owner), part)), ApplyMode.LIVE);
    }
    return changes.size();
  }

  private ChangeStamp stamp(Owner owner) {
    return new ChangeStamp(
        options.ids().get(),
        owner,
        ChangeStamp.PRESENT_EPOCH,
        Micros.truncated(options.clock().instant()),
        shared.manifest().node());
  }
}
