package io.conversationstore.jsonfile.internal.maintenance;

import io.conversationstore.Owner;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.internal.apply.Contents;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.LineFormat;
import io.conversationstore.jsonfile.internal.format.LineReader;
import io.conversationstore.jsonfile.internal.format.LogPosition;
import io.conversationstore.jsonfile.internal.format.Manifest;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.SharedIndex;
import io.conversationstore.jsonfile.internal.log.LogTail;
import io.conversationstore.jsonfile.internal.log.LogThread;
import io.conversationstore.jsonfile.internal.recovery.Checkpoint;
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
 * Rewrites the files of a directory: removes erased text, collects garbage, writes checkpoints.
 * Steps that must exclude writes run on the log thread and are short. Used only by the thread of
 * {@link Maintenance}.
 */
final class MaintenanceJobs {
  private static final Logger LOG = LoggerFactory.getLogger(MaintenanceJobs.class);

  /** How many messages the index moves in one step, which blocks readers and writers. */
  private static final int MOST_AT_ONCE = 10_000;

  /** The job gave way to a more urgent one. */
  static final class CancelledException extends IOException {
    private static final long serialVersionUID = 1;

    CancelledException() {
      super("a more urgent job was requested");
    }
  }

  /** Limits the rate of a compaction. */
  interface Pace extends SnapshotFiles.Pace {
    /**
     * Gives way to more urgent jobs.
     *
     * @throws CancelledException if a more urgent job waits
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
  private final OwnerLines owners = new OwnerLines();
  private volatile Checkpointed checkpointed = Checkpointed.NOTHING;

  MaintenanceJobs(
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

  private record ErasureJob(
      Map<Owner, Index.DueErasure> due, Set<UUID> waiting, Set<Integer> cut, LogPosition end) {}

  /** Removes all text erased so far from the files. */
  void cleanFiles() throws IOException {
    Overwrites.finish(files);
    ErasureJob job = log.call(LogThread.Wait.WRITTEN, this::beginErasure);
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
    TextEraser erasure = new TextEraser(files, segments, job.due, job.waiting, owners);
    owners.retain(numbers);
    // Latest first: a crash then leaves the first changes of an owner, which can be replayed.
    for (int file : numbers.descendingSet()) {
      boolean cut = job.cut.contains(file);
      if (cut || erasure.mayConcern(file)) {
        erasure.clean(file, () -> file < 0 ? Long.MAX_VALUE : firstLineAfter(file, erasure), cut);
      }
    }
    erasure.finish();
    contents.forgetAll();
    erasure.requireNoDamage();
    log.call(
        LogThread.Wait.WRITTEN,
        () -> {
          Manifest manifest = shared.manifest().withErasedThrough(job.end.number());
          manifest.write(files);
          shared.setManifest(manifest);
          tail.rewritten(job.cut);
          shared.write(
              () -> shared.forLogThread().dueErasures().entrySet().removeAll(job.due.entrySet()));
          return true;
        });
  }

  /**
   * Ends the current segment. Removes files that do not count or name no owner, because they must
   * not keep the text either. This runs on the log thread, where no segment is being begun, so a
   * file that is not open is a leftover.
   */
  private ErasureJob beginErasure() throws IOException {
    Index index = shared.forLogThread();
    if (!index.dueErasures().isEmpty()) {
      tail.rollFromText();
      removeLeftovers(index.dueErasures().keySet());
    }
    Set<UUID> waiting = new HashSet<>();
    index.pending().all().forEach(entry -> waiting.add(entry.id()));
    index.pending().parked().forEach(parked -> waiting.add(parked.entry().id()));
    return new ErasureJob(new HashMap<>(index.dueErasures()), waiting, tail.cut(), tail.end());
  }

  private void removeLeftovers(Set<Owner> erased) throws IOException {
    Manifest manifest = shared.manifest();
    for (String name : files.list()) {
      int file = Segments.number(name);
      boolean counts = file != 0 && manifest.counts(file) && segments.get(file) != null;
      boolean leftover =
          name.startsWith(FileNames.SET_ASIDE_PREFIX)
              ? mayConcern(name, erased)
              : file == 0 ? FileNames.isTemporary(name) : !counts;
      if (leftover) {
        segments.remove(file);
        files.delete(name);
      }
    }
  }

  /** Whether a set-aside file may be about these owners: a line names one of them, or no owner. */
  private boolean mayConcern(String name, Set<Owner> erased) throws IOException {
    try (LogFiles.LogFile file = files.open(name)) {
      LineReader reader = new LineReader(file);
      boolean any = false;
      while (reader.next()) {
        any = true;
        Owner owner = reader.isWhole() ? TextEraser.ownerOf(reader.line(), reader.length()) : null;
        if (owner == null || erased.contains(owner)) {
          LOG.warn("{} in {} is deleted by an erasure", name, files.describe());
          return true;
        }
      }
      return !any;
    }
  }

  /**
   * The number of the first line in the next segment; the highest number if that segment is
   * damaged.
   */
  private long firstLineAfter(int segment, TextEraser erasure) throws IOException {
    LineReader reader = new LineReader(segments.require(segment + 1));
    if (!reader.next() || !reader.isWhole()) {
      erasure.damage(segment + 1, 0);
      return Long.MAX_VALUE;
    }
    return LineFormat.number(reader.line(), reader.length(), "from");
  }

  // Garbage

  private record CompactionJob(Index view, LogPosition end, int firstPart) {}

  /**
   * Rewrites all rows without garbage. If it is cancelled, nothing changes.
   *
   * @return the bytes that stay although {@link Index#usefulBytes} does not count them, such as
   *     deleted rows and the ids of recent changes
   */
  long compact(Pace pace) throws IOException {
    CompactionJob begun = log.call(LogThread.Wait.WRITTEN, this::beginCompaction);
    if (!begun.view.dueErasures().isEmpty()) {
      // Text due for removal must not get into a snapshot.
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
      // The call may fail after the switch: only store.json decides whether the snapshot counts.
      if (shared.manifest().lastSnapshot() != out.last() && tail.broken() == null) {
        out.undo();
      }
    }
    move(compaction);
    if (begun.view.hasFormerEpochs()) {
      shared.write(() -> shared.forLogThread().setFormerEpochs(false));
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

  private CompactionJob beginCompaction() throws IOException {
    tail.roll();
    int last = shared.manifest().lastSnapshot();
    for (String name : files.list()) {
      last = Math.max(last, -Segments.number(name));
    }
    return new CompactionJob(shared.forLogThread().frozen(), tail.end(), last + 1);
  }

  /** Reads back the written files before the old ones are removed. */
  private void requireWhole(int first, int last, Pace pace) throws IOException {
    for (int part = first; part <= last; part++) {
      LineReader reader = new LineReader(segments.require(-part));
      while (reader.next()) {
        if (!reader.isWhole()) {
          throw new IOException(Segments.name(-part) + " was written incorrectly");
        }
      }
      pace.requireNothingUrgent();
    }
  }

  /**
   * Makes the snapshot count. Later lines must keep the meaning that they had when written.
   * Therefore no line may depend on rows that the snapshot leaves out, neither those written since
   * the freeze nor later ones.
   *
   * @return false if a line depends on such a row; the snapshot is then not used
   */
  private boolean use(CompactionJob begun, SnapshotFiles out, Compaction compaction)
      throws IOException {
    if (shared.forLogThread().usesOfDeleted() != begun.view.usesOfDeleted()) {
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
          "store.json could not be replaced; writes are refused until the directory is reopened");
      throw e;
    }
    shared.setManifest(manifest);
    shared.write(() -> shared.forLogThread().formerMirrors().removeAll(begun.view.formerMirrors()));
    // The log thread writes no line until all rows are dropped; readers run between the steps.
    for (int step = 0; step + 1 < compaction.steps(); ) {
      int[] next = {step};
      shared.write(() -> next[0] = compaction.forget(next[0], MOST_AT_ONCE, shared.forLogThread()));
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
                shared.write(
                    () -> next[0] = compaction.move(from, MOST_AT_ONCE, shared.forLogThread()));
                return next[0];
              });
    }
  }

  /**
   * Removes the files that no longer count; returns their size in bytes. A file that cannot be
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
      LOG.warn("Obsolete files may stay in {} until the next cleanup", files.describe(), e);
    }
    return removed;
  }

  /** Returns the size of a file in bytes if it was open, otherwise 0. */
  private long remove(String name, int file) {
    long size = 0;
    try {
      LogFiles.LogFile open = segments.get(file);
      size = open == null ? 0 : open.size();
      segments.remove(file);
      files.delete(name);
    } catch (IOException e) {
      segments.remove(file);
      LOG.warn(
          "The obsolete file {} in {} could not be deleted and stays until the next cleanup",
          name,
          files.describe(),
          e);
    }
    return size;
  }

  // Checkpoints

  private record CheckpointJob(Index view, LogPosition end, Manifest manifest, long bytes) {}

  /**
   * The extent of the checkpoint: bytes of the log covered, number of the last line covered, and
   * the checkpoint's own size in bytes.
   */
  record Checkpointed(long covered, long line, long size) {
    static final Checkpointed NOTHING = new Checkpointed(0, 0, 0);
  }

  /** Sets how many bytes of the log the checkpoint covers, as far as known. */
  void opened(long covered) {
    checkpointed = new Checkpointed(covered, 0, 0);
  }

  Checkpointed checkpointed() {
    return checkpointed;
  }

  /** Writes a checkpoint if it is useful. */
  void checkpoint() throws IOException {
    if (tail.broken() != null) {
      return;
    }
    CheckpointJob frozen =
        log.call(
            LogThread.Wait.WRITTEN,
            () -> {
              tail.force();
              return new CheckpointJob(
                  shared.forLogThread().frozen(), tail.end(), shared.manifest(), tail.bytes());
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
