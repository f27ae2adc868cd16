package io.conversationstore.jsonfile.internal.engine;

import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Owner;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.internal.format.EncodedChange;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.MessageTable;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.SharedIndex;
import io.conversationstore.jsonfile.internal.log.LogThread;
import io.conversationstore.jsonfile.internal.log.LogWrites;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Retention and archiving, as ordinary changes. They reach the log thread in small pieces, so that
 * other writes run between them. Thread-safe.
 */
final class Retention {
  private static final int MOST_IN_A_PIECE = 1_000;

  /** How many messages and conversations one piece examines, whether they match or not. */
  private static final int MOST_LOOKED_AT = 100_000;

  private final SharedIndex shared;
  private final LogWrites writes;
  private final LogThread log;
  private final JsonFileOptions options;

  Retention(SharedIndex shared, LogWrites writes, LogThread log, JsonFileOptions options) {
    this.shared = shared;
    this.writes = writes;
    this.log = log;
    this.options = options;
  }

  /** The results of one piece. */
  private static final class Piece {
    final Map<Owner, List<Change>> changes = new LinkedHashMap<>();
    int found;
    int looked;

    boolean isFull() {
      return found >= MOST_IN_A_PIECE || looked >= MOST_LOOKED_AT;
    }

    void add(Change change) {
      changes.computeIfAbsent(change.owner(), owner -> new ArrayList<>()).add(change);
      found++;
    }
  }

  /** The work on the conversation at which a walk stands; the walk continues afterwards. */
  private interface Step {
    void at(Walk walk, ConversationRows rows, ConversationState header, Piece piece)
        throws IOException;
  }

  /** A walk through all conversations. Anything may change between its pieces. */
  private final class Walk {
    private final Iterator<Owner> owners;
    private Iterator<String> ids = List.<String>of().iterator();
    private @Nullable Owner owner;
    private @Nullable String id;
    private long generation;
    private long afterSeq;
    private boolean ended;

    Walk() {
      owners =
          shared.read(index -> index.owners().stream().map(OwnerRows::owner).toList()).iterator();
    }

    long run(Step step) {
      long count = 0;
      while (!ended) {
        count += log.call(LogThread.Wait.SETTING, () -> piece(step));
      }
      return count;
    }

    private long piece(Step step) throws IOException {
      Piece piece = new Piece();
      while (!piece.isFull() && !ended) {
        piece.looked++;
        ConversationRows rows = here();
        ConversationState header = rows == null ? null : rows.header();
        if (rows == null || header == null || !header.isLive()) {
          goOn();
        } else {
          if (generation != header.generation()) {
            generation = header.generation();
            afterSeq = 0;
          }
          step.at(this, rows, header, piece);
        }
      }
      for (Map.Entry<Owner, List<Change>> each : piece.changes.entrySet()) {
        Change bulk = new Change.Bulk(stamp(each.getKey()), each.getValue());
        writes.apply(EncodedChange.of(bulk), ApplyMode.LIVE);
      }
      return piece.found;
    }

    private @Nullable ConversationRows here() {
      return owner == null || id == null ? null : shared.forLogThread().find(owner, id);
    }

    private void goOn() {
      generation = 0;
      if (ids.hasNext()) {
        id = ids.next();
      } else if (owners.hasNext()) {
        id = null;
        owner = owners.next();
        OwnerRows rows = shared.forLogThread().find(owner);
        ids =
            (rows == null ? List.<String>of() : List.copyOf(rows.conversations().keySet()))
                .iterator();
      } else {
        ended = true;
      }
    }
  }

  long deleteMessagesBefore(Instant cutoff) {
    long cutoffMicros = Micros.of(cutoff);
    return new Walk()
        .run(
            (walk, rows, header, piece) -> {
              MessageTable messages = rows.messages();
              int size = header.requireLive().pinned() ? 0 : messages.size();
              int found = messages.find(walk.afterSeq);
              int at = found < 0 ? -found - 1 : found + 1;
              for (; at < size && !piece.isFull(); at++) {
                piece.looked++;
                walk.afterSeq = messages.seq(at);
                if (messages.createdMicros(at) < cutoffMicros && messages.isLive(at)) {
                  Owner owner = header.owner();
                  piece.add(
                      new Change.MessageDeleted(stamp(owner), ref(header), messages.get(at).id()));
                }
              }
              if (at >= size) {
                walk.goOn();
              }
            });
  }

  long archiveIdleBefore(Instant cutoff) {
    ConversationUpdate archive = ConversationUpdate.touch().withStatus(ConversationStatus.ARCHIVED);
    return new Walk()
        .run(
            (walk, rows, header, piece) -> {
              Live live = header.requireLive();
              if (live.status() == ConversationStatus.ACTIVE && live.updatedAt().isBefore(cutoff)) {
                // Archiving is not a use, so it is applied as of the last use and keeps that time.
                Change change =
                    new Change.ConversationUpdated(stamp(header.owner()), ref(header), archive);
                writes.apply(EncodedChange.of(change), ApplyMode.LIVE, live.updatedAt());
                piece.found++;
              }
              walk.goOn();
            });
  }

  private static ConversationRef ref(ConversationState header) {
    return new ConversationRef(header.id(), header.generation());
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
