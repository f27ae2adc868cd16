package io.conversationstore.jsonfile.internal.apply;

import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Owner;
import io.conversationstore.json.Json;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import io.conversationstore.jsonfile.internal.format.LogLine;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.ErasureCounts;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.PendingQueue;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeJson;
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

/** Applies the lines of a log to an index. Not thread-safe. */
public final class Replay {
  private static final byte[] PENDING = "\"pending\":".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] ROW = "\"row\":".getBytes(StandardCharsets.US_ASCII);

  private final Index index;
  private final Contents contents;
  private final long erasedThrough;
  private final boolean linesSetAside;

  /**
   * @param erasedThrough the erasures up to this line left no work in the files
   * @param linesSetAside whether a repair has set lines aside
   */
  public Replay(Index index, Contents contents, long erasedThrough, boolean linesSetAside) {
    this.index = index;
    this.contents = contents;
    this.erasedThrough = erasedThrough;
    this.linesSetAside = linesSetAside;
  }

  /**
   * Applies one line.
   *
   * @param segment the file of the line; lines of a snapshot hold no erased text
   */
  public void line(LogLine line, int segment) throws IOException {
    JsonNode json = line.json();
    Object payload = line.payload();
    long number = line.number();
    boolean mayErase = segment > 0 && number > erasedThrough;
    if (payload instanceof Change change) {
      apply(change, line, segment, mayErase);
    } else if (payload instanceof State state) {
      if (mayErase && MirrorRules.erases(index, state, linesSetAside)) {
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
        // The snapshot lacks the rows that a pending erasure removed; the rows in it came later.
        queue(index, change, place);
      } else {
        enqueue(index, change, place);
      }
      if (mayErase && change instanceof Change.OwnerErased erased) {
        markErased(index, erased, number);
      }
    } else if (json.has("settle")) {
      List<Settlement> settlements =
          Json.array(json, "settle").stream().map(LinePayloads::readSettlement).toList();
      settle(index, settlements, mayErase ? number : 0);
    } else if (json.has("reset")) {
      index.resetMirror(LinePayloads.readReset(json.get("reset")));
    } else if (json.has("unmet")) {
      index.becomeUnmet();
    } else if (json.has("met")) {
      Json.array(json, "met").forEach(one -> LinePayloads.readMet(one).putInto(index));
    } else if (json.has("forget")) {
      Json.array(json, "forget").forEach(one -> forget(index, LinePayloads.readMirrored(one)));
    } else if (json.has("evict")) {
      Json.array(json, "evict").forEach(one -> evict(index, LinePayloads.readMirrored(one)));
    } else if (json.has("lacks")) {
      Json.array(json, "lacks")
          .forEach(one -> markIncomplete(index, LinePayloads.readMirrored(one)));
    } else if (json.has("whole")) {
      Json.array(json, "whole").forEach(one -> markComplete(index, LinePayloads.readMirrored(one)));
    } else if (json.has("owner")) {
      owner(json.get("owner"));
    } else if (json.has("meta")) {
      meta(json.get("meta"));
    } else if (json.has("was")) {
      // The change was erased after it left the queue; a later line of the log ends it.
      index.pending().add(LinePayloads.readEnded(json.get("was")));
    } else if (!json.has("gone") && !json.has("lost")) {
      throw new IllegalArgumentException("a line has an unknown kind");
    }
  }

  private void apply(Change outlined, LogLine line, int segment, boolean mayErase)
      throws IOException {
    JsonNode json = line.json();
    ApplyMode mode =
        "replay".equals(Json.optionalString(json, "mode")) ? ApplyMode.REPLAY : ApplyMode.LIVE;
    List<Place> places = line.contents(segment);
    Instant at = line.at();
    ErasureCounts erasure = erasure(json);
    StagedChange staged;
    try {
      staged = ChangePlanner.plan(index, contents, outlined, mode, at, places, erasure, true);
    } catch (ContentNeededException e) {
      staged = ChangePlanner.plan(index, contents, line.change(), mode, at, places, erasure, false);
    }
    staged.commit(outlined.id(), Micros.of(at), line.number());
    if (!mayErase && outlined instanceof Change.OwnerErased) {
      index.dueErasures().remove(outlined.owner());
    }
  }

  private static @Nullable ErasureCounts erasure(JsonNode json) {
    JsonNode removed = Json.field(json, "removed");
    return removed == null ? null : LinePayloads.readErasure(removed);
  }

  /** The payload is the last field of its line and begins after its name. */
  private static Place payload(byte[] name, LogLine line, int segment) {
    byte[] bytes = line.bytes();
    int end = line.start() + line.length();
    for (int i = line.start() + LineFormat.PREFIX; i < end - name.length; i++) {
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

  public static void enqueue(Index index, Change change, Place place) {
    if (change instanceof Change.OwnerErased erased) {
      OwnerRows rows = erasedRows(index, erased);
      if (rows != null) {
        rows.clear();
      }
      // Their text is removed from the files too, so they could not be offered.
      for (Index former : index.formerMirrors()) {
        OwnerRows aside = erasedRows(former, erased);
        if (aside != null) {
          aside.clear();
        }
      }
      index.pending().removeErased(PendingQueue.Entry.of(change, place));
    }
    queue(index, change, place);
  }

  /**
   * Makes the owner known, so that an erasure elsewhere also removes the text of pending changes.
   */
  private static void queue(Index index, Change change, Place place) {
    index.owner(change.owner());
    index.pending().add(PendingQueue.Entry.of(change, place));
  }

  /**
   * The rows that a pending erasure removes, or null. Rows of a later epoch stay: they came after
   * the database had applied the erasure, whose answer was lost.
   */
  public static @Nullable OwnerRows erasedRows(Index index, Change.OwnerErased change) {
    OwnerRows rows = index.find(change.owner());
    long epoch = change.stamp().epoch();
    return rows != null && rows.epoch() > epoch ? null : rows;
  }

  /** Records the work that a pending erasure leaves in the files. */
  public static void markErased(Index index, Change.OwnerErased change, long line) {
    index.markErased(change.owner(), change.stamp().epoch() + 1, line);
  }

  /**
   * Ends pending changes.
   *
   * @param line the line of the settlement, or 0 if the files need no cleaning
   */
  public static void settle(Index index, List<Settlement> settlements, long line) {
    for (Settlement settlement : settlements) {
      PendingQueue.Entry entry = index.pending().settle(settlement);
      if (entry == null) {
        continue;
      }
      boolean drained = settlement.kind() == Settlement.Kind.DRAINED;
      long present = index.epoch(entry.owner());
      if (entry.erases() && drained && settlement.epoch() > present) {
        if (line > 0 && !entry.takes(present)) {
          // Rows of a later epoch arrived while it was pending; they are removed with it.
          index.markErased(entry.owner(), settlement.epoch(), line);
        }
        index.owner(entry.owner()).startEpoch(settlement.epoch());
      } else if (line > 0 && entry.isOfEpochBefore(present)) {
        // Its owner was erased elsewhere while it was pending here.
        index.markErased(entry.owner(), present, line);
      }
    }
  }

  /** Evicts the contents of a conversation from the mirror. */
  public static void evict(Index index, Mirrored conversation) {
    ConversationRows rows = find(index, conversation);
    if (rows != null) {
      rows.evict();
    }
  }

  /** Marks a conversation as incomplete; the mirror may not know it yet. */
  public static void markIncomplete(Index index, Mirrored conversation) {
    if (index.epoch(conversation.owner()) != conversation.epoch()) {
      return;
    }
    ConversationRows rows =
        index.owner(conversation.owner()).conversation(conversation.conversationId());
    if (conversation.generation() > rows.generation()) {
      rows.startGeneration(conversation.generation());
    }
    rows.setEvicted(true);
  }

  /** Removes an unmet conversation. */
  public static void forget(Index index, Mirrored conversation) {
    OwnerRows owner = index.find(conversation.owner());
    ConversationRows rows = find(index, conversation);
    if (owner != null && rows != null && rows.isUnmet()) {
      owner.conversations().remove(conversation.conversationId());
      index.pending().forget(conversation.owner(), conversation.conversationId());
    }
  }

  /** Marks the contents of a conversation as complete again. */
  public static void markComplete(Index index, Mirrored conversation) {
    ConversationRows rows = find(index, conversation);
    if (rows != null) {
      rows.setEvicted(false);
    }
  }

  /** The conversation, if its epoch and generation still match. */
  public static @Nullable ConversationRows find(Index index, Mirrored conversation) {
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
      rows.erasures().put(Json.uuid(erasure, "id"), LinePayloads.readErasure(erasure));
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
