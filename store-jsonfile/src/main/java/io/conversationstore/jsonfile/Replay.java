package io.conversationstore.jsonfile;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.LocalStore.Mirrored;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Puts the lines of a log into an index. For one thread. */
final class Replay {
  private static final byte[] PENDING = "\"pending\":".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ROW = "\"row\":".getBytes(StandardCharsets.US_ASCII);

  private final Index index;
  private final Contents contents;
  private final long erasedThrough;
  private final boolean putAside;

  /**
   * @param erasedThrough what erasures up to this line left to do in the files is done
   * @param putAside whether a repair has put lines aside
   */
  Replay(Index index, Contents contents, long erasedThrough, boolean putAside) {
    this.index = index;
    this.contents = contents;
    this.erasedThrough = erasedThrough;
    this.putAside = putAside;
  }

  /**
   * Puts in one line.
   *
   * @param segment the file it stands in; lines of a snapshot hold no erased text
   */
  void line(LogLine line, int segment) throws IOException {
    JsonNode json = line.json();
    Object payload = line.payload();
    long number = line.number();
    boolean mayErase = segment > 0 && number > erasedThrough;
    if (payload instanceof Change change) {
      apply(change, line, segment, mayErase);
    } else if (payload instanceof State state) {
      if (mayErase && MirrorRules.erases(index, state, putAside)) {
        index.markErased(state.owner(), state.epoch(), number);
      }
      if (MirrorRules.isLater(index, state)) {
        MirrorRules.put(index, state, payload(ROW, line, segment), Micros.of(line.at()));
      }
    } else if (json.has("feed")) {
      feed(json.get("feed"));
    } else if (json.has("pending")) {
      Change change = ChangeJson.read(json.get("pending"));
      Place place = payload(PENDING, line, segment);
      if (segment < 0) {
        // What an erasure in the queue removed is not in the snapshot; its rows came later.
        queue(index, change, place);
      } else {
        enqueue(index, change, place);
      }
      if (mayErase && change instanceof Change.OwnerErased erased) {
        markErased(index, erased, number);
      }
    } else if (json.has("settle")) {
      List<Settlement> settlements =
          Json.array(json, "settle").stream().map(Lines::readSettlement).toList();
      settle(index, settlements, mayErase ? number : 0);
    } else if (json.has("reset")) {
      index.resetMirror(Lines.readReset(json.get("reset")));
    } else if (json.has("unmet")) {
      index.becomeUnmet();
    } else if (json.has("met")) {
      Json.array(json, "met").forEach(one -> Lines.readMet(one).putInto(index));
    } else if (json.has("forget")) {
      Json.array(json, "forget").forEach(one -> forget(index, Lines.readMirrored(one)));
    } else if (json.has("evict")) {
      Json.array(json, "evict").forEach(one -> giveUp(index, Lines.readMirrored(one)));
    } else if (json.has("lacks")) {
      Json.array(json, "lacks").forEach(one -> lacks(index, Lines.readMirrored(one)));
    } else if (json.has("whole")) {
      Json.array(json, "whole").forEach(one -> whole(index, Lines.readMirrored(one)));
    } else if (json.has("owner")) {
      owner(json.get("owner"));
    } else if (json.has("meta")) {
      meta(json.get("meta"));
    } else if (json.has("was")) {
      // It left the queue before it was erased; its end is still to come in the log.
      index.pending().add(Lines.readEnded(json.get("was")));
    } else if (!json.has("gone") && !json.has("lost")) {
      throw new IllegalArgumentException("a line of a kind that is not known");
    }
  }

  private void apply(Change outlined, LogLine line, int segment, boolean mayErase)
      throws IOException {
    JsonNode json = line.json();
    ApplyMode mode =
        "replay".equals(Json.optionalString(json, "mode")) ? ApplyMode.REPLAY : ApplyMode.LIVE;
    List<Place> places = line.contents(segment);
    Instant at = line.at();
    OwnerRows.Erasure erasure = erasure(json);
    Draft draft;
    try {
      draft = Planner.plan(index, contents, outlined, mode, at, places, erasure, true);
    } catch (Planner.ContentNeededException e) {
      draft = Planner.plan(index, contents, line.change(), mode, at, places, erasure, false);
    }
    draft.commit(outlined.id(), Micros.of(at), line.number());
    if (!mayErase && outlined instanceof Change.OwnerErased) {
      index.dueErasures().remove(outlined.owner());
    }
  }

  private static OwnerRows.@Nullable Erasure erasure(JsonNode json) {
    JsonNode removed = Json.field(json, "removed");
    return removed == null ? null : Lines.readErasure(removed);
  }

  /** The payload is the last field of its line and begins after its name. */
  private static Place payload(byte[] name, LogLine line, int segment) {
    byte[] bytes = line.bytes();
    int end = line.start() + line.length();
    for (int i = line.start() + Line.PREFIX; i < end - name.length; i++) {
      int matched = 0;
      while (matched < name.length && bytes[i + matched] == name[matched]) {
        matched++;
      }
      if (matched == name.length) {
        int start = i + name.length;
        int size = end - 1 - start;
        long offset = line.offset() + start - line.start();
        return new Place(segment, offset, size, Place.crc(bytes, start, size));
      }
    }
    throw new IllegalArgumentException("the payload is missing");
  }

  static void enqueue(Index index, Change change, Place place) {
    if (change instanceof Change.OwnerErased erased) {
      OwnerRows rows = erasedRows(index, erased);
      if (rows != null) {
        rows.clear();
      }
      index.pending().removeAll(change.owner());
    }
    queue(index, change, place);
  }

  /**
   * Its owner is known from then on: an erasure elsewhere takes the text of what has waited, too.
   */
  private static void queue(Index index, Change change, Place place) {
    index.owner(change.owner());
    index.pending().add(PendingQueue.Entry.of(change, place));
  }

  /**
   * What a pending erasure removes; null if nothing: what is of a later epoch came after it, which
   * the database has applied before its answer was lost.
   */
  static @Nullable OwnerRows erasedRows(Index index, Change.OwnerErased change) {
    OwnerRows rows = index.find(change.owner());
    long epoch = change.stamp().epoch();
    boolean later = rows != null && epoch != ChangeStamp.PRESENT_EPOCH && rows.epoch() > epoch;
    return later ? null : rows;
  }

  /** Notes what a pending erasure leaves to do in the files. */
  static void markErased(Index index, Change.OwnerErased change, long line) {
    long epoch = change.stamp().epoch();
    boolean all = epoch == ChangeStamp.PRESENT_EPOCH;
    index.markErased(change.owner(), all ? Long.MAX_VALUE : epoch + 1, line);
  }

  /**
   * Ends pending changes.
   *
   * @param line the line that says so, or 0 where nothing is to be noted for the files
   */
  static void settle(Index index, List<Settlement> settlements, long line) {
    for (Settlement settlement : settlements) {
      PendingQueue.Entry entry = index.pending().settle(settlement);
      if (entry == null) {
        continue;
      }
      boolean drained = settlement.kind() == Settlement.Kind.DRAINED;
      long present = index.epoch(entry.owner());
      if (entry.erases() && drained && settlement.epoch() > present) {
        if (line > 0 && !entry.takes(present)) {
          // Rows of a later epoch came in while it waited; they go with it.
          index.markErased(entry.owner(), settlement.epoch(), line);
        }
        index.owner(entry.owner()).startEpoch(settlement.epoch());
      } else if (line > 0 && entry.isOfEpochBefore(present)) {
        // It waited here while its owner was erased elsewhere.
        index.markErased(entry.owner(), present, line);
      }
    }
  }

  /** Takes the contents of a conversation out of the mirror. */
  static void giveUp(Index index, Mirrored conversation) {
    ConversationRows rows = find(index, conversation);
    if (rows != null) {
      rows.evict();
    }
  }

  /** Something of a conversation is not in the mirror, which may not know of the conversation. */
  static void lacks(Index index, Mirrored conversation) {
    if (index.epoch(conversation.owner()) != conversation.epoch()) {
      return;
    }
    ConversationRows rows =
        index.owner(conversation.owner()).conversation(conversation.conversationId());
    if (conversation.generation() > rows.generation()) {
      rows.startGeneration(conversation.generation());
    }
    rows.setGivenUp(true);
  }

  /** Removes an unmet conversation. */
  static void forget(Index index, Mirrored conversation) {
    OwnerRows owner = index.find(conversation.owner());
    ConversationRows rows = find(index, conversation);
    if (owner != null && rows != null && rows.isUnmet()) {
      owner.conversations().remove(conversation.conversationId());
      index.pending().forget(conversation.owner(), conversation.conversationId());
    }
  }

  /** The contents of a conversation are there again. */
  static void whole(Index index, Mirrored conversation) {
    ConversationRows rows = find(index, conversation);
    if (rows != null) {
      rows.setGivenUp(false);
    }
  }

  /** The conversation, as long as it is this one. */
  static @Nullable ConversationRows find(Index index, Mirrored conversation) {
    ConversationRows rows = index.find(conversation.owner(), conversation.conversationId());
    return rows != null
            && index.epoch(conversation.owner()) == conversation.epoch()
            && rows.generation() == conversation.generation()
        ? rows
        : null;
  }

  private void feed(JsonNode json) {
    String token = Json.optionalString(json, "position");
    Instant asOf = Json.optionalTime(json, "as_of");
    index.followed(
        token == null ? null : new FeedPosition(token),
        asOf == null ? MessageRow.NEVER : Micros.of(asOf));
  }

  private void owner(JsonNode json) {
    OwnerRows rows =
        index.owner(Owner.of(Json.string(json, "tenant_id"), Json.string(json, "user_id")));
    rows.startEpoch(Json.number(json, "epoch", 0));
    for (JsonNode erasure : Json.array(json, "erasures")) {
      rows.erasures().put(Json.uuid(erasure, "id"), Lines.readErasure(erasure));
    }
  }

  private void meta(JsonNode json) {
    if (Json.bool(json, "standalone")) {
      index.markStandalone();
    }
    for (JsonNode id : Json.array(json, "recent")) {
      index.addRecent(UUID.fromString(id.asText()));
    }
  }
}
