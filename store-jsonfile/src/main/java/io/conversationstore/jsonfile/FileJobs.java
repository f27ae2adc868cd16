package io.conversationstore.jsonfile;

import io.conversationstore.Owner;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rewriting the files of a directory: taking erased text out, collecting garbage, writing
 * checkpoints. What must not meet a write runs on the log's thread, in short steps. For the thread
 * of {@link Housekeeping} alone.
 */
final class FileJobs {
  private static final Logger LOG = LoggerFactory.getLogger(FileJobs.class);

  /** What {@link Repair} puts aside begins with this. */
  static final String SIDE_FILE = "damaged-";

  /** How many messages the index may take over at once, while nobody reads or writes. */
  private static final int MOST_AT_ONCE = 10_000;

  /** What had to give way to something more urgent. */
  static final class CancelledException extends IOException {
    private static final long serialVersionUID = 1;

    CancelledException() {
      super("something more urgent came");
    }
  }

  /** Keeps a compaction to its share. */
  interface Pace extends SnapshotFiles.Pace {
    /**
     * Lets what is more urgent go first.
     *
     * @throws CancelledException if something more urgent waits
     */
    void requireNothingUrgent() throws CancelledException;
  }

  private final LogFiles files;
  private final Segments segments;
  private final Contents contents;
  private final Contents uncached;
  private final SharedIndex shared;
  private final LogTail tail;
  private final LogThread log;
  private final JsonFileOptions options;
  private final FileOwners owners = new FileOwners();
  private volatile Checkpointed checkpointed = Checkpointed.NOTHING;

  FileJobs(
      LogFiles files,
      Segments segments,
      Contents contents,
      SharedIndex shared,
      LogTail tail,
      LogThread log,
      JsonFileOptions options) {
    this.files = files;
    this.segments = segments;
    this.contents = contents;
    this.uncached = new Contents(segments, 0);
    this.shared = shared;
    this.tail = tail;
    this.log = log;
    this.options = options;
  }

  // Erasures

  private record ToErase(
      Map<Owner, Index.DueErasure> due,
      Set<UUID> waiting,
      Set<Integer> cut,
      LogTail.Position end) {}

  /** Takes out of all files what is erased now. */
  void cleanFiles() throws IOException {
    Overwrites.finish(files);
    ToErase job = log.call(LogThread.Wait.WRITTEN, this::beginErasure);
    if (job.due.isEmpty()) {
      return;
    }
    Checkpoint.delete(files);
    checkpointed = Checkpointed.NOTHING;
    TreeSet<Integer> numbers = new TreeSet<>();
    Manifest present = shared.manifest();
    for (String name : files.list()) {
      int file = Segments.number(name);
      if (file != 0 && present.counts(file) && file < job.end.segment()) {
        numbers.add(file);
      }
    }
    Erasure erasure = new Erasure(files, segments, job.due, job.waiting, owners);
    owners.retain(numbers);
    // From the end on: what a crash leaves are the first changes of an owner, which can be read.
    for (int file : numbers.descendingSet()) {
      boolean cut = job.cut.contains(file);
      if (cut || erasure.mayConcern(file)) {
        erasure.clean(file, () -> file < 0 ? Long.MAX_VALUE : firstLineAfter(file, erasure), cut);
      }
    }
    erasure.finish();
    contents.forgetAll();
    erasure.requireAllTold();
    log.call(
        LogThread.Wait.WRITTEN,
        () -> {
          Manifest manifest = shared.manifest().withErasedThrough(job.end.number());
          manifest.write(files);
          shared.setManifest(manifest);
          tail.rewritten(job.cut);
          shared.write(() -> shared.own().dueErasures().entrySet().removeAll(job.due.entrySet()));
          return true;
        });
  }

  /**
   * Ends the segment that is written to, and removes what does not count or cannot be attributed to
   * an owner: it must not keep the text either. A file that is not open is a leftover on the log's
   * thread alone, where no segment is being begun.
   */
  private ToErase beginErasure() throws IOException {
    Index index = shared.own();
    if (!index.dueErasures().isEmpty()) {
      tail.rollFromText();
      removeLeftovers(index.dueErasures().keySet());
    }
    Set<UUID> waiting = new HashSet<>();
    index.pending().all().forEach(entry -> waiting.add(entry.id()));
    index.pending().parked().forEach(parked -> waiting.add(parked.entry().id()));
    return new ToErase(new HashMap<>(index.dueErasures()), waiting, tail.cut(), tail.end());
  }

  private void removeLeftovers(Set<Owner> erased) throws IOException {
    Manifest manifest = shared.manifest();
    for (String name : files.list()) {
      int file = Segments.number(name);
      boolean counts = file != 0 && manifest.counts(file) && segments.get(file) != null;
      boolean leftover =
          name.startsWith(SIDE_FILE)
              ? mayConcern(name, erased)
              : file == 0 ? OwnFiles.isTemporary(name) : !counts;
      if (leftover) {
        segments.remove(file);
        files.delete(name);
      }
    }
  }

  /** Whether what was put aside may be about these owners: it is, or does not say about whom. */
  private boolean mayConcern(String name, Set<Owner> erased) throws IOException {
    try (LogFiles.LogFile file = files.open(name)) {
      LogReader reader = new LogReader(file);
      boolean any = false;
      while (reader.next()) {
        any = true;
        Owner owner = reader.isWhole() ? Erasure.ownerOf(reader.line(), reader.length()) : null;
        if (owner == null || erased.contains(owner)) {
          LOG.warn("{} in {} goes with an erasure", name, files.describe());
          return true;
        }
      }
      return !any;
    }
  }

  /** The number that the segment after this one begins with; the highest one if that is damaged. */
  private long firstLineAfter(int segment, Erasure erasure) throws IOException {
    LogReader reader = new LogReader(segments.require(segment + 1));
    if (!reader.next() || !reader.isWhole()) {
      erasure.damage(segment + 1, 0);
      return Long.MAX_VALUE;
    }
    return Line.number(reader.line(), reader.length(), "from");
  }

  // Garbage

  private record Begun(Index view, LogTail.Position end, int firstPart) {}

  /**
   * Rewrites all that is there without garbage; cancelled, it leaves things as they were.
   *
   * @return how many bytes stay that are not useful by {@link Index#usefulBytes}, as deleted rows
   *     and the ids of recent changes are
   */
  long compact(Pace pace) throws IOException {
    Begun begun = log.call(LogThread.Wait.WRITTEN, this::beginCompaction);
    if (!begun.view.dueErasures().isEmpty()) {
      // What is still to be taken out must not get into a snapshot.
      cleanFiles();
      throw new CancelledException();
    }
    SnapshotFiles out =
        new SnapshotFiles(
            files, segments, begun.firstPart, options.segmentBytes(), begun.end.number(), pace);
    Compaction compaction =
        new Compaction(
            begun.view,
            shared.manifest().storeId() != null,
            uncached,
            out,
            Micros.truncated(options.clock().instant()));
    try {
      compaction.write();
      requireWhole(begun.firstPart, out.last(), pace);
      files.forceDirectory();
      if (!log.call(LogThread.Wait.WRITTEN, () -> use(begun, out, compaction))) {
        throw new CancelledException();
      }
    } finally {
      // The call may fail for what came after: what counts is what store.json names.
      if (shared.manifest().lastSnapshot() != out.last() && tail.broken() == null) {
        out.undo();
      }
    }
    move(compaction);
    if (begun.view.hasFormerEpochs()) {
      shared.write(() -> shared.own().setFormerEpochs(false));
    }
    long removed = removeOld();
    log.call(
        LogThread.Wait.WRITTEN,
        () -> {
          tail.compacted(removed, out.bytes());
          return true;
        });
    return out.bytes() - begun.view.usefulBytes();
  }

  private Begun beginCompaction() throws IOException {
    tail.roll();
    int last = shared.manifest().lastSnapshot();
    for (String name : files.list()) {
      last = Math.max(last, -Segments.number(name));
    }
    return new Begun(shared.own().frozen(), tail.end(), last + 1);
  }

  /** Reads back what was written, before what it replaces is removed. */
  private void requireWhole(int first, int last, Pace pace) throws IOException {
    for (int part = first; part <= last; part++) {
      LogReader reader = new LogReader(segments.require(-part));
      while (reader.next()) {
        if (!reader.isWhole()) {
          throw new IOException(Segments.name(-part) + " was not written as it should be");
        }
      }
      pace.requireNothingUrgent();
    }
  }

  /**
   * Names the snapshot. Lines after it must mean what they did when they were written, so none of
   * them may have depended on what it leaves out, and none may from here on.
   *
   * @return false where one has, and the snapshot is not used
   */
  private boolean use(Begun begun, SnapshotFiles out, Compaction compaction) throws IOException {
    if (shared.own().usesOfDeleted() != begun.view.usesOfDeleted()) {
      return false;
    }
    Manifest manifest =
        shared
            .manifest()
            .withSnapshot(
                begun.firstPart, out.last(), out.lines(), begun.end.number(), begun.end.segment());
    try {
      manifest.write(files);
    } catch (Manifest.UncertainException e) {
      tail.breakDown(
          "store.json could not be replaced; writes are refused until it is opened anew");
      throw e;
    }
    shared.setManifest(manifest);
    shared.write(() -> shared.own().formerMirrors().removeAll(begun.view.formerMirrors()));
    // No line is written before all is forgotten; readers go on between the steps.
    for (int step = 0; step + 1 < compaction.steps(); ) {
      int[] next = {step};
      shared.write(() -> next[0] = compaction.forget(next[0], MOST_AT_ONCE, shared.own()));
      step = next[0];
    }
    return true;
  }

  private void move(Compaction compaction) {
    int step = 0;
    while (step < compaction.steps()) {
      int from = step;
      step =
          log.call(
              LogThread.Wait.WRITTEN,
              () -> {
                int[] next = {from};
                shared.write(() -> next[0] = compaction.move(from, MOST_AT_ONCE, shared.own()));
                return next[0];
              });
    }
  }

  /**
   * Removes the files that no longer count; returns how many bytes they held. One that cannot be
   * removed is a leftover, which the next compaction, erasure or opening removes.
   */
  private long removeOld() {
    long removed = 0;
    try {
      for (String name : files.list()) {
        int file = Segments.number(name);
        if (file != 0 && !shared.manifest().counts(file)) {
          removed += remove(name, file);
        }
      }
      files.forceDirectory();
    } catch (IOException e) {
      LOG.warn("files that no longer count stay in {} for now", files.describe(), e);
    }
    return removed;
  }

  /** Returns how many bytes a file held that was open. */
  private long remove(String name, int file) {
    long size = 0;
    try {
      LogFiles.LogFile open = segments.get(file);
      size = open == null ? 0 : open.size();
      segments.remove(file);
      files.delete(name);
    } catch (IOException e) {
      segments.remove(file);
      LOG.warn("{} in {} no longer counts and stays for now", name, files.describe(), e);
    }
    return size;
  }

  // Checkpoints

  private record Frozen(Index view, LogTail.Position end, Manifest manifest, long bytes) {}

  /** What the checkpoint covers, up to which line that is, and its own size; sizes in bytes. */
  record Checkpointed(long covered, long line, long size) {
    static final Checkpointed NOTHING = new Checkpointed(0, 0, 0);
  }

  /** Says how many bytes of the log need not be read again, as far as is known. */
  void opened(long covered) {
    checkpointed = new Checkpointed(covered, 0, 0);
  }

  Checkpointed checkpointed() {
    return checkpointed;
  }

  /** Writes a checkpoint, unless that would be of no use. */
  void checkpoint() throws IOException {
    if (tail.broken() != null) {
      return;
    }
    Frozen frozen =
        log.call(
            LogThread.Wait.WRITTEN,
            () -> {
              tail.force();
              return new Frozen(shared.own().frozen(), tail.end(), shared.manifest(), tail.bytes());
            });
    long line = frozen.end.number();
    if (!frozen.view.dueErasures().isEmpty()
        || !frozen.view.formerMirrors().isEmpty()
        || line == checkpointed.line()) {
      return;
    }
    long size = Checkpoint.write(files, frozen.manifest, segments, frozen.view, frozen.end);
    checkpointed = new Checkpointed(frozen.bytes, line, size);
  }
}
