package io.conversationstore.jsonfile;

import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.LocalStore.Removed;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the log's thread does: writes a line, then puts what it says into the index, so that readers
 * see it when it is written and not before. For that thread alone.
 */
final class LogWrites {
  private static final Logger LOG = LoggerFactory.getLogger(LogWrites.class);

  private final LogFiles files;
  private final Segments segments;
  private final Contents contents;
  private final SharedIndex shared;
  private final LogTail tail;
  private final Clock clock;
  private final JsonFileOptions options;

  /** Segments of lower numbers may be there although they no longer count; 0 if there are none. */
  private int leftoversBefore;

  LogWrites(
      LogFiles files,
      Segments segments,
      Contents contents,
      SharedIndex shared,
      LogTail tail,
      JsonFileOptions options) {
    this.files = files;
    this.segments = segments;
    this.contents = contents;
    this.shared = shared;
    this.tail = tail;
    this.options = options;
    this.clock = options.clock();
  }

  /** A change and its JSON, made by the caller so that the log's thread need not. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  record Encoded(Change change, byte[] json, List<ContentSpans.Span> spans) {
    static Encoded of(Change change) {
      byte[] json = Lines.change(change);
      return new Encoded(change, json, ContentSpans.of(json, json.length));
    }
  }

  /** Called with a slot, once its head is known. */
  private interface Committing {
    void commit(Place payload) throws IOException;
  }

  private Instant now() {
    return Micros.truncated(clock.instant());
  }

  private LogTail.Slot slot() throws IOException {
    if (tail.isFull()) {
      collectGarbage();
    }
    return tail.next();
  }

  private void line(String name, byte[] payload, Instant at, Committing committing)
      throws IOException {
    LogTail.Slot slot = slot();
    byte[] head = Line.head(slot.number(), slot.synced(), at, "\"" + name + "\":");
    tail.append(Line.join(head, payload));
    committing.commit(new Place(slot.segment(), slot.offset() + head.length, payload.length));
  }

  // Alone

  Applied apply(Encoded encoded, ApplyMode mode) throws IOException {
    return apply(encoded, mode, now());
  }

  /** Applies a change as of a time that is not the present. */
  Applied apply(Encoded encoded, ApplyMode mode, Instant at) throws IOException {
    Change change = encoded.change();
    LogTail.Slot slot = slot();
    String field = mode == ApplyMode.REPLAY ? "\"mode\":\"replay\",\"apply\":" : "\"apply\":";
    byte[] head = Line.head(slot.number(), slot.synced(), at, field);
    long base = slot.offset() + head.length;
    List<Place> places =
        encoded.spans().stream().map(span -> span.in(slot.segment(), base)).toList();
    Draft draft = Planner.plan(shared.own(), contents, change, mode, at, places);
    if (draft.changes()) {
      tail.append(Line.join(head, encoded.json()));
      shared.write(() -> draft.commit(change.id(), Micros.of(at)));
    }
    if (change instanceof Change.OwnerErased && shared.own().eraseDue()) {
      compact();
    }
    return draft.applied();
  }

  // Bound

  void mirror(
      List<? extends State> states,
      List<byte[]> rows,
      @Nullable FeedPosition position,
      @Nullable Instant asOf)
      throws IOException {
    boolean erases = false;
    boolean newEpoch = false;
    for (int i = 0; i < states.size(); i++) {
      State state = states.get(i);
      if (MirrorRules.isLater(shared.own(), state)) {
        newEpoch |= state.epoch() > shared.own().epoch(state.owner());
        erases |= MirrorRules.erases(shared.own(), state);
        put(state, rows.get(i));
      }
    }
    if (position != null || asOf != null) {
      long asOfMicros = asOf == null ? MessageRow.NEVER : Micros.of(asOf);
      line(
          "feed",
          Lines.feed(position, asOf),
          now(),
          place -> shared.write(() -> shared.own().followed(position, asOfMicros)));
    }
    if (erases || shared.own().eraseDue()) {
      compact();
    } else if (newEpoch) {
      removeLeftovers();
    }
  }

  private void put(State state, byte[] row) throws IOException {
    Instant at = now();
    List<ContentSpans.Span> spans = ContentSpans.of(row, row.length);
    line(
        "row",
        row,
        at,
        place -> {
          Place content = spans.isEmpty() ? null : spans.get(0).in(place.segment(), place.offset());
          shared.write(
              () -> {
                if (MirrorRules.erases(shared.own(), state)) {
                  shared.own().markEraseDue();
                }
                MirrorRules.put(shared.own(), state, content, Micros.of(at));
              });
        });
  }

  boolean resetMirror() throws IOException {
    byte[] yes = {'t', 'r', 'u', 'e'};
    line("reset", yes, now(), place -> shared.write(() -> shared.own().resetMirror()));
    return true;
  }

  Removed enqueue(Change change, byte[] json) throws IOException {
    Removed[] removed = {Removed.NOTHING};
    if (!shared.own().pending().contains(change.id())) {
      line(
          "pending",
          json,
          now(),
          place ->
              shared.write(
                  () -> {
                    Index index = shared.own();
                    OwnerRows rows = index.find(change.owner());
                    if (change instanceof Change.OwnerErased) {
                      index.markEraseDue();
                      if (rows != null) {
                        removed[0] = new Removed(rows.liveConversations(), rows.liveMessages());
                      }
                    }
                    Replay.enqueue(index, change, place);
                  }));
    }
    if (change instanceof Change.OwnerErased && shared.own().eraseDue()) {
      compact();
    }
    return removed[0];
  }

  boolean settle(List<Settlement> settlements) throws IOException {
    line(
        "settle",
        Lines.settlements(settlements),
        now(),
        place -> shared.write(() -> Replay.settle(shared.own(), settlements)));
    if (shared.own().eraseDue()) {
      compact();
    }
    return true;
  }

  boolean remember(Manifest manifest) throws IOException {
    tail.requireSound();
    try {
      manifest.write(files);
    } catch (Manifest.UncertainException e) {
      tail.breakDown(
          "store.json could not be replaced; writes are refused until it is opened anew");
      throw e;
    }
    shared.setManifest(manifest);
    return true;
  }

  // Garbage

  /** Compacts where garbage is more than half of the log and worth it; failing is no harm. */
  void collectGarbage() {
    long garbage = tail.bytes() - shared.own().usefulBytes();
    if (garbage < options.compactionBytes() || garbage * 2 < tail.bytes()) {
      return;
    }
    try {
      compact();
    } catch (IOException | RuntimeException e) {
      LOG.warn("garbage in {} could not be collected; the log goes on", files.describe(), e);
    }
  }

  /** Rewrites the log without garbage; what was erased is in no file when this returns. */
  void compact() throws IOException {
    tail.requireSound();
    boolean eraseDue = shared.own().eraseDue();
    Compaction compaction =
        new Compaction(
            files,
            segments,
            contents,
            shared.own(),
            options.segmentBytes(),
            now(),
            tail.segment(),
            tail.number());
    Compaction.Result result = written(compaction);
    Manifest manifest =
        shared.manifest().withSnapshot(result.first(), result.last(), result.lastNumber());
    try {
      manifest.write(files);
    } catch (IOException e) {
      tail.breakDown(
          "store.json could not be replaced; writes are refused until it is opened anew");
      throw e;
    }
    tail.startAfter(
        result.last() + 1, result.next(), result.nextSize(), result.lastNumber(), result.bytes());
    shared.replace(result.index(), manifest);
    contents.forgetAll();
    leftoversBefore = result.first();
    try {
      removeLeftovers();
    } catch (IOException e) {
      if (eraseDue) {
        shared.write(() -> shared.own().markEraseDue());
        throw new EngineFailureException(
            FailureKind.UNAVAILABLE, true, "old segments could not be removed", e);
      }
      LOG.warn("old segments in {} stay until something is erased", files.describe(), e);
    }
  }

  private Compaction.Result written(Compaction compaction) throws IOException {
    boolean done = false;
    try {
      Compaction.Result result = compaction.run(shared.manifest());
      done = true;
      return result;
    } finally {
      if (!done) {
        try {
          compaction.undo();
        } catch (IOException e) {
          LOG.error("an unfinished snapshot in {} could not be removed", files.describe(), e);
          tail.breakDown(
              "an unfinished snapshot could not be removed; writes are refused until it is opened"
                  + " anew");
        }
      }
    }
  }

  /** Removes what a compaction has replaced, if that is still there. */
  private void removeLeftovers() throws IOException {
    if (leftoversBefore == 0) {
      return;
    }
    for (String name : files.list()) {
      int segment = Segments.number(name);
      if (segment > 0 && segment < leftoversBefore) {
        segments.remove(segment);
        files.delete(name);
      }
    }
    files.forceDirectory();
    leftoversBefore = 0;
  }
}
