package io.conversationstore.jsonfile.internal.log;

import io.conversationstore.jsonfile.internal.apply.ChangePlanner;
import io.conversationstore.jsonfile.internal.apply.Contents;
import io.conversationstore.jsonfile.internal.apply.LinePayloads;
import io.conversationstore.jsonfile.internal.apply.MirrorRules;
import io.conversationstore.jsonfile.internal.apply.Replay;
import io.conversationstore.jsonfile.internal.apply.StagedChange;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Place;
import io.conversationstore.jsonfile.internal.format.EncodedChange;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import io.conversationstore.jsonfile.internal.format.LineOutline;
import io.conversationstore.jsonfile.internal.format.Manifest;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.ErasureCounts;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.SharedIndex;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.LocalStore.Met;
import io.conversationstore.spi.LocalStore.Mirrored;
import io.conversationstore.spi.LocalStore.Removed;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operations of the log thread: each writes a line, then applies it to the index, so readers
 * see it only after it is written. Confined to that thread.
 */
public final class LogWrites {
  private static final Logger LOG = LoggerFactory.getLogger(LogWrites.class);

  private final LogFiles files;
  private final Contents contents;
  private final SharedIndex shared;
  private final LogTail tail;
  private final Clock clock;

  public LogWrites(
      LogFiles files, Contents contents, SharedIndex shared, LogTail tail, Clock clock) {
    this.files = files;
    this.contents = contents;
    this.shared = shared;
    this.tail = tail;
    this.clock = clock;
  }

  /** Called with the place and number of a line that was written. */
  private interface Committing {
    void commit(Place payload, long line) throws IOException;
  }

  private Instant now() {
    return Micros.truncated(clock.instant());
  }

  /** The position of the next line; writes nothing of the line if no segment can be begun. */
  private LogTail.Slot next() {
    try {
      return tail.next();
    } catch (IOException e) {
      throw new EngineFailureException(
          FailureKind.UNAVAILABLE, false, "a new segment of the log could not be created", e);
    }
  }

  private void line(String name, byte[] payload, Instant at, Committing committing)
      throws IOException {
    line(name, payload, at, false, committing);
  }

  private void line(
      String name, byte[] payload, Instant at, boolean holdsText, Committing committing)
      throws IOException {
    LogTail.Slot slot = next();
    byte[] head = LineFormat.head(slot.number(), slot.synced(), at, "\"" + name + "\":");
    tail.append(LineFormat.join(head, payload), holdsText);
    int crc = Place.crc(payload, 0, payload.length);
    committing.commit(
        new Place(slot.segment(), slot.offset() + head.length, payload.length, crc), slot.number());
    tail.committed();
  }

  // Without a database

  public Applied apply(EncodedChange encoded, ApplyMode mode) throws IOException {
    return apply(encoded, mode, now());
  }

  /** Applies a change as of a given time. */
  public Applied apply(EncodedChange encoded, ApplyMode mode, Instant at) throws IOException {
    Change change = encoded.change();
    LogTail.Slot slot = next();
    String field = mode == ApplyMode.REPLAY ? "\"mode\":\"replay\",\"apply\":" : "\"apply\":";
    if (change instanceof Change.OwnerErased) {
      // The line records the removal counts, because the lines they are computed from will be
      // removed.
      StagedChange staged =
          ChangePlanner.plan(
              shared.forLogThread(), contents, change, mode, at, List.of(), null, false);
      ErasureCounts erasure = staged.erasure();
      if (erasure != null) {
        field = "\"removed\":" + LinePayloads.erasure(erasure) + "," + field;
      }
    }
    byte[] head = LineFormat.head(slot.number(), slot.synced(), at, field);
    long base = slot.offset() + head.length;
    List<Place> places = new ArrayList<>(encoded.contents().size());
    for (LineOutline.Span span : encoded.contents()) {
      places.add(span.in(slot.segment(), base));
    }
    StagedChange staged =
        ChangePlanner.plan(shared.forLogThread(), contents, change, mode, at, places, null, false);
    if (staged.changes()) {
      tail.append(LineFormat.join(head, encoded.json()), !(change instanceof Change.OwnerErased));
      shared.write(() -> staged.commit(change.id(), Micros.of(at), slot.number()));
      tail.committed();
    }
    return staged.applied();
  }

  // Bound to a database

  public void mirror(
      List<? extends State> states,
      List<byte[]> rows,
      @Nullable FeedPosition position,
      @Nullable Instant asOf)
      throws IOException {
    for (int i = 0; i < states.size(); i++) {
      mirror(states.get(i), rows.get(i), position != null);
    }
    if (position != null || asOf != null) {
      long asOfMicros = asOf == null ? MessageRow.NEVER : Micros.of(asOf);
      line(
          "feed",
          LinePayloads.feed(position, asOf),
          now(),
          (place, line) ->
              shared.write(() -> shared.forLogThread().followed(position, asOfMicros)));
    }
  }

  /** Mirrors changes that this node committed; see {@link io.conversationstore.spi.LocalStore}. */
  public void mirrorOwn(List<? extends State> states, List<byte[]> rows) throws IOException {
    for (int i = 0; i < states.size(); i++) {
      if (!mayBeEvicted(states.get(i), states)) {
        mirror(states.get(i), rows.get(i), false);
      }
    }
  }

  private void mirror(State state, byte[] row, boolean delivered) throws IOException {
    boolean later = MirrorRules.isLater(shared.forLogThread(), state);
    if (later) {
      put(state, row);
    }
    if (state instanceof ConversationState header && (later || delivered)) {
      noteDelivered(header, delivered);
    }
  }

  /**
   * Whether a message may be older than a state of it that the feed delivered and that was evicted.
   */
  private boolean mayBeEvicted(State state, List<? extends State> with) {
    if (!(state instanceof MessageState message)) {
      return false;
    }
    ConversationRows rows = shared.forLogThread().find(message.owner(), message.conversationId());
    if (rows == null || !rows.isEvicted()) {
      return false;
    }
    long headerVersion =
        with.stream()
            .filter(ConversationState.class::isInstance)
            .map(ConversationState.class::cast)
            .filter(
                header ->
                    header.id().equals(message.conversationId())
                        && header.owner().equals(message.owner()))
            .mapToLong(ConversationState::version)
            .max()
            .orElse(Long.MAX_VALUE);
    return rows.mayHaveEvicted(message, headerVersion);
  }

  /** Records whether a header arrived in the feed or is ahead of it. */
  private void noteDelivered(ConversationState header, boolean delivered) {
    ConversationRows rows = shared.forLogThread().find(header.owner(), header.id());
    ConversationState there = rows == null ? null : rows.header();
    if (rows != null
        && there != null
        && there.epoch() == header.epoch()
        && there.generation() == header.generation()
        && there.version() == header.version()) {
      shared.write(() -> rows.setAhead(!delivered));
    }
  }

  /**
   * The time from which deleted rows age, never before the time that the mirror has followed: with
   * a slow clock, rows would otherwise expire too early.
   */
  private Instant mirroredAt() {
    long asOf = shared.forLogThread().mirrorAsOfMicros();
    Instant now = now();
    return asOf != MessageRow.NEVER && Micros.instant(asOf).isAfter(now)
        ? Micros.instant(asOf)
        : now;
  }

  private void put(State state, byte[] row) throws IOException {
    Instant at = mirroredAt();
    // The directory is read only if the result matters.
    boolean aside =
        state.epoch() > 0
            && shared.forLogThread().find(state.owner()) == null
            && FileNames.hasSetAside(files);
    boolean erases = MirrorRules.erases(shared.forLogThread(), state, aside);
    line(
        "row",
        row,
        at,
        !(state instanceof State.OwnerState),
        (place, line) ->
            shared.write(
                () -> {
                  Index index = shared.forLogThread();
                  if (erases) {
                    index.markErased(state.owner(), state.epoch(), line);
                  }
                  MirrorRules.put(index, state, place, Micros.of(at));
                }));
  }

  public boolean resetMirror(boolean keep) throws IOException {
    line(
        "reset",
        LinePayloads.reset(keep),
        now(),
        (place, line) -> shared.write(() -> shared.forLogThread().resetMirror(keep)));
    return true;
  }

  /** Makes live conversations unmet; false if no change was applied since the last time. */
  public boolean becomeUnmet() throws IOException {
    if (!shared.forLogThread().standaloneContent()) {
      return false;
    }
    if (!shared.forLogThread().dueErasures().isEmpty()) {
      throw new EngineFailureException(
          FailureKind.UNAVAILABLE, false, "erased text is still in the files", null);
    }
    byte[] yes = {'t', 'r', 'u', 'e'};
    line(
        "unmet",
        yes,
        now(),
        (place, line) -> shared.write(() -> shared.forLogThread().becomeUnmet()));
    return true;
  }

  /** Turns unmet conversations into mirror rows: the places of their messages, then the headers. */
  public boolean met(List<Met> conversations, List<byte[]> headers) throws IOException {
    for (int i = 0; i < conversations.size(); i++) {
      ConversationState header = conversations.get(i).header();
      LinePayloads.MetLine met = LinePayloads.MetLine.of(conversations.get(i));
      line(
          "met",
          LinePayloads.met(met),
          now(),
          (place, line) -> shared.write(() -> met.putInto(shared.forLogThread())));
      if (MirrorRules.isLater(shared.forLogThread(), header)) {
        put(header, headers.get(i));
        noteDelivered(header, false);
      }
    }
    return true;
  }

  /** Removes unmet conversations. */
  public boolean forget(List<Mirrored> conversations) throws IOException {
    return mirrored("forget", conversations, Replay::forget);
  }

  /** Evicts the contents of these from the mirror. */
  public boolean evict(List<Mirrored> conversations) throws IOException {
    return mirrored("evict", conversations, Replay::evict);
  }

  /** Marks these as lacking messages that could not be read. */
  public boolean markIncomplete(List<Mirrored> conversations) throws IOException {
    if (!conversations.isEmpty()) {
      line(
          "lacks",
          LinePayloads.mirrored(conversations),
          now(),
          (place, line) ->
              shared.write(
                  () ->
                      conversations.forEach(
                          one -> Replay.markIncomplete(shared.forLogThread(), one))));
    }
    return true;
  }

  /** Marks the contents of these as complete again. */
  public boolean markComplete(List<Mirrored> conversations) throws IOException {
    return mirrored("whole", conversations, Replay::markComplete);
  }

  private boolean mirrored(
      String name, List<Mirrored> conversations, BiConsumer<Index, Mirrored> action)
      throws IOException {
    List<Mirrored> present =
        conversations.stream()
            .filter(one -> Replay.find(shared.forLogThread(), one) != null)
            .toList();
    if (!present.isEmpty()) {
      line(
          name,
          LinePayloads.mirrored(present),
          now(),
          (place, line) ->
              shared.write(
                  () -> present.forEach(one -> action.accept(shared.forLogThread(), one))));
    }
    return true;
  }

  public Removed enqueue(Change change, byte[] json) throws IOException {
    Removed[] removed = {Removed.NOTHING};
    if (!shared.forLogThread().pending().contains(change.id())) {
      line(
          "pending",
          json,
          now(),
          !(change instanceof Change.OwnerErased),
          (place, line) ->
              shared.write(
                  () -> {
                    Index index = shared.forLogThread();
                    if (change instanceof Change.OwnerErased erased) {
                      OwnerRows rows = Replay.erasedRows(index, erased);
                      Replay.markErased(index, erased, line);
                      if (rows != null) {
                        removed[0] = new Removed(rows.liveConversations(), rows.liveMessages());
                      }
                    }
                    Replay.enqueue(index, change, place);
                  }));
    }
    return removed[0];
  }

  public boolean settle(List<Settlement> settlements) throws IOException {
    line(
        "settle",
        LinePayloads.settlements(settlements),
        now(),
        (place, line) ->
            shared.write(() -> Replay.settle(shared.forLogThread(), settlements, line)));
    return true;
  }

  /** Records a new segment in the manifest, so its loss is detected. */
  public void noteSegment(int segment) {
    note(shared.manifest().withLastSegment(segment));
  }

  /**
   * Records the last line on the disk, so later damage is not taken for a torn write. The last work
   * of the log thread.
   */
  public void noteEnd() {
    Manifest noted = shared.manifest().withForcedThrough(tail.end().number());
    if (tail.broken() == null && !noted.equals(shared.manifest())) {
      note(noted);
    }
  }

  private void note(Manifest noted) {
    try {
      noted.write(files);
      shared.setManifest(noted);
    } catch (IOException e) {
      LOG.warn("The file {} in {} could not be replaced", FileNames.MANIFEST, files.describe(), e);
    }
  }

  public boolean remember(Manifest manifest) throws IOException {
    tail.requireSound();
    try {
      manifest.write(files);
    } catch (Manifest.UncertainException e) {
      tail.breakDown(
          "store.json could not be replaced; writes are refused until the directory is reopened");
      throw e;
    }
    shared.setManifest(manifest);
    return true;
  }
}
