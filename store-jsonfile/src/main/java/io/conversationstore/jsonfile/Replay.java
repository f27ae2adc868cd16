package io.conversationstore.jsonfile;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import io.conversationstore.spi.StateJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;

/** Puts the lines of a log into an index. For one thread. */
final class Replay {
  private static final byte[] PENDING = "\"pending\":".getBytes(StandardCharsets.US_ASCII);

  private final Index index;
  private final Contents contents;

  Replay(Index index, Contents contents) {
    this.index = index;
    this.contents = contents;
  }

  /**
   * Puts in one line.
   *
   * @param inSnapshot whether the line is of a snapshot, which holds no erased text
   */
  void line(JsonNode json, byte[] bytes, int length, int segment, long offset, boolean inSnapshot)
      throws IOException {
    Instant at = Json.time(json, "at");
    if (json.has("apply")) {
      Change change = ChangeJson.read(json.get("apply"));
      ApplyMode mode =
          "replay".equals(Json.optionalString(json, "mode")) ? ApplyMode.REPLAY : ApplyMode.LIVE;
      Planner.plan(index, contents, change, mode, at, places(bytes, length, segment, offset))
          .commit(change.id(), Micros.of(at));
    } else if (json.has("row")) {
      State state = StateJson.read(json.get("row"));
      List<Place> places = places(bytes, length, segment, offset);
      if (!inSnapshot && MirrorRules.erases(index, state)) {
        index.markEraseDue();
      }
      if (MirrorRules.isLater(index, state)) {
        MirrorRules.put(index, state, places.isEmpty() ? null : places.get(0), Micros.of(at));
      }
    } else if (json.has("feed")) {
      feed(json.get("feed"));
    } else if (json.has("pending")) {
      Change change = ChangeJson.read(json.get("pending"));
      int start = indexOf(bytes, length);
      Place place = new Place(segment, offset + start, length - start - 1);
      if (inSnapshot) {
        // What an erasure in the queue removed is not in the snapshot; its rows came later.
        index.pending().add(PendingQueue.Entry.of(change, place));
      } else {
        enqueue(index, change, place);
        if (change instanceof Change.OwnerErased) {
          index.markEraseDue();
        }
      }
    } else if (json.has("settle")) {
      settle(index, Json.array(json, "settle").stream().map(Lines::readSettlement).toList());
    } else if (json.has("reset")) {
      index.resetMirror();
    } else if (json.has("owner")) {
      owner(json.get("owner"));
    } else if (json.has("meta")) {
      meta(json.get("meta"));
    } else {
      throw new IllegalArgumentException("a line of a kind that is not known");
    }
  }

  static List<Place> places(byte[] bytes, int length, int segment, long offset) {
    return ContentSpans.of(bytes, length).stream().map(span -> span.in(segment, offset)).toList();
  }

  /** The payload is the last field of its line and begins after its name. */
  private static int indexOf(byte[] bytes, int length) {
    for (int i = Line.PREFIX; i < length - PENDING.length; i++) {
      int matched = 0;
      while (matched < PENDING.length && bytes[i + matched] == PENDING[matched]) {
        matched++;
      }
      if (matched == PENDING.length) {
        return i + PENDING.length;
      }
    }
    throw new IllegalArgumentException("pending is missing");
  }

  static void enqueue(Index index, Change change, Place place) {
    if (change instanceof Change.OwnerErased) {
      OwnerRows rows = index.find(change.owner());
      if (rows != null) {
        rows.clear();
      }
      index.pending().removeAll(change.owner());
    }
    index.pending().add(PendingQueue.Entry.of(change, place));
  }

  static void settle(Index index, List<Settlement> settlements) {
    for (Settlement settlement : settlements) {
      PendingQueue.Entry entry = index.pending().settle(settlement);
      if (entry != null
          && entry.erases()
          && settlement.kind() == Settlement.Kind.DRAINED
          && settlement.epoch() > index.epoch(entry.owner())) {
        if (!entry.takes(index.epoch(entry.owner()))) {
          // Rows of a later epoch came in while it waited; they go with it.
          index.markEraseDue();
        }
        index.owner(entry.owner()).startEpoch(settlement.epoch());
      }
    }
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
      rows.erasures()
          .put(
              Json.uuid(erasure, "id"),
              new OwnerRows.Erasure(
                  Micros.of(Json.time(erasure, "at")),
                  Json.number(erasure, "conversations", 0),
                  Json.number(erasure, "messages", 0)));
    }
  }

  private void meta(JsonNode json) {
    if (Json.bool(json, "standalone")) {
      index.markStandalone();
    }
    for (JsonNode id : Json.array(json, "recent")) {
      index.addRecent(java.util.UUID.fromString(id.asText()));
    }
  }
}
