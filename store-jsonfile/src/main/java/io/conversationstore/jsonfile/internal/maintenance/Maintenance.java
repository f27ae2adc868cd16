package io.conversationstore.jsonfile.internal.maintenance;

import io.conversationstore.StoreDamagedException;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.internal.apply.Contents;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.disk.Uninterruptibly;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.SharedIndex;
import io.conversationstore.jsonfile.internal.log.LogTail;
import io.conversationstore.jsonfile.internal.log.LogThread;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.transfer.Takeover;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Maintains the files on its own thread, beside the writer: removes erased text, collects garbage,
 * writes checkpoints. It runs due jobs by urgency. Thread-safe.
 */
public final class Maintenance implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Maintenance.class);

  /** Below this growth since the last checkpoint, reading the log takes almost no time. */
  private static final long WORTH_A_CHECKPOINT = 1 << 20;

  private final LogFiles files;
  private final SharedIndex shared;
  private final LogTail tail;
  private final LogThread log;
  private final JsonFileOptions options;
  private final MaintenanceJobs jobs;
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wake = lock.newCondition();
  private final List<CompletableFuture<Boolean>> erasing = new ArrayList<>();
  private final List<CompletableFuture<Boolean>> compacting = new ArrayList<>();
  private boolean cleaningDue;
  private boolean compactionDue;
  private boolean checkpointDue;
  private boolean closing;

  /** Why the last erasure failed, while its text is still there and no caller waits any more. */
  private volatile @Nullable String textLeft;

  /** An erasure left rows of former epochs in the files, which a compaction removes. */
  private volatile boolean formerText;

  /** Bytes that the last compaction could not collect and the next one could not either. */
  private volatile long staying;

  public Maintenance(
      LogFiles files,
      Segments segments,
      Contents contents,
      SharedIndex shared,
      LogTail tail,
      LogThread log,
      JsonFileOptions options) {
    this.files = files;
    this.shared = shared;
    this.tail = tail;
    this.log = log;
    this.options = options;
    this.jobs = new MaintenanceJobs(files, segments, contents, shared, tail, log, options);
    this.thread =
        files.newThread(this::loop, "conversation-files-" + options.directory().getFileName());
  }

  /**
   * Starts the thread.
   *
   * @param uncovered how many bytes of the log no checkpoint covers
   */
  public void start(long uncovered) {
    jobs.opened(log.call(LogThread.Wait.WRITTEN, tail::bytes) - uncovered);
    thread.start();
    // A store that is often opened and rarely written may never begin a segment.
    boolean collect =
        log.call(LogThread.Wait.WRITTEN, this::isGarbageDue) || shared.read(Index::hasFormerEpochs);
    request(false, collect, isWorthACheckpoint(uncovered));
  }

  /** Requests due jobs; called on the log thread after a segment was begun. */
  public void segmentBegun() {
    boolean collect = isGarbageDue();
    MaintenanceJobs.Checkpointed last = jobs.checkpointed();
    long grown = tail.bytes() - last.covered();
    boolean checkpoint = grown >= Math.max(options.segmentBytes(), last.size());
    boolean cleaning = textLeft != null;
    if (collect || checkpoint || cleaning) {
      request(cleaning, collect, checkpoint);
    }
  }

  private boolean isGarbageDue() {
    long garbage = tail.bytes() - shared.forLogThread().usefulBytes() - staying;
    if (garbage <= 0 || garbage * 2 < tail.bytes()) {
      return false;
    }
    // A small disk would fill up first, and then have no space for the compaction.
    return isDiskShort()
        || (garbage >= options.compactionBytes()
            && shared.forLogThread().formerMirrors().isEmpty());
  }

  private boolean isDiskShort() {
    return tail.bytes() - shared.forLogThread().usefulBytes() - staying >= files.usableBytes();
  }

  private void request(boolean cleaning, boolean compaction, boolean checkpoint) {
    lock.lock();
    try {
      cleaningDue |= cleaning;
      compactionDue |= compaction;
      checkpointDue |= checkpoint;
      wake.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Returns when no file holds text erased so far; returns at once if no erasure is due. */
  public void erase() {
    if (!formerText && shared.read(index -> index.dueErasures().isEmpty())) {
      return;
    }
    formerText |= shared.read(Index::hasFormerEpochs);
    enqueueAndAwait(erasing);
    if (formerText) {
      // The epochs of these rows do not show which are erased; none of the rows is in use.
      enqueueAndAwait(compacting);
      formerText = false;
    }
  }

  /** Collects all garbage now and returns when done. */
  public void compactNow() {
    enqueueAndAwait(compacting);
  }

  /** Begins to collect all garbage; the future completes when done. */
  public CompletableFuture<Boolean> collect() {
    return enqueue(compacting);
  }

  /** The size of the last checkpoint in bytes; 0 if none was written since the start. */
  public long checkpointBytes() {
    return jobs.checkpointed().size();
  }

  private void enqueueAndAwait(List<CompletableFuture<Boolean>> callers) {
    Uninterruptibly.await(enqueue(callers));
  }

  private CompletableFuture<Boolean> enqueue(List<CompletableFuture<Boolean>> callers) {
    CompletableFuture<Boolean> done = new CompletableFuture<>();
    lock.lock();
    try {
      if (closing) {
        throw new IllegalStateException("the store is closed");
      }
      callers.add(done);
      wake.signalAll();
    } finally {
      lock.unlock();
    }
    return done;
  }

  private void loop() {
    Job job = next();
    while (job != Job.END) {
      switch (job) {
        case ERASE -> serve(taken(erasing), this::clean);
        case CLEAN -> attempt("Erased text could not be removed", this::clean);
        case COMPACT_FOR_CALLERS -> serve(taken(compacting), this::compact);
        case COMPACT -> attempt("Garbage could not be collected", this::compactIfDue);
        case CHECKPOINT -> attempt("The checkpoint could not be written", jobs::checkpoint);
        default -> throw new IllegalStateException("unknown job: " + job);
      }
      job = next();
    }
    attempt("The checkpoint could not be written", this::checkpointAtTheEnd);
  }

  /** The jobs, most urgent first. */
  private enum Job {
    ERASE,
    CLEAN,
    COMPACT_FOR_CALLERS,
    COMPACT,
    CHECKPOINT,
    END
  }

  /** Waits for the next job. */
  private Job next() {
    lock.lock();
    try {
      while (true) {
        if (!erasing.isEmpty()) {
          return Job.ERASE;
        }
        if (cleaningDue && !closing) {
          cleaningDue = false;
          return Job.CLEAN;
        }
        if (!compacting.isEmpty()) {
          return Job.COMPACT_FOR_CALLERS;
        }
        if (closing) {
          return Job.END;
        }
        if (compactionDue) {
          compactionDue = false;
          return Job.COMPACT;
        }
        if (checkpointDue) {
          checkpointDue = false;
          return Job.CHECKPOINT;
        }
        wake.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private List<CompletableFuture<Boolean>> taken(List<CompletableFuture<Boolean>> callers) {
    lock.lock();
    try {
      List<CompletableFuture<Boolean>> taken = List.copyOf(callers);
      callers.clear();
      return taken;
    } finally {
      lock.unlock();
    }
  }

  private void checkpointAtTheEnd() throws IOException {
    long bytes = log.call(LogThread.Wait.WRITTEN, tail::bytes);
    if (isWorthACheckpoint(bytes - jobs.checkpointed().covered())) {
      jobs.checkpoint();
    }
  }

  private boolean isWorthACheckpoint(long uncovered) {
    return uncovered >= Math.min(WORTH_A_CHECKPOINT, options.segmentBytes());
  }

  private interface Step {
    void run() throws IOException;
  }

  /** A failure here is harmless: the job runs again when it is next due. */
  private void attempt(String failure, Step step) {
    try {
      step.run();
    } catch (MaintenanceJobs.CancelledException e) {
      LOG.debug("A background job in {} is postponed for a more urgent one", files.describe(), e);
      request(false, true, false);
    } catch (IOException | RuntimeException | Error e) {
      // Includes OutOfMemoryError: callers depend on this thread, which must not end.
      LOG.warn("{} in {}; the log continues", failure, files.describe(), e);
    }
  }

  private void compactLater(CompletableFuture<Boolean> caller) {
    lock.lock();
    try {
      if (closing) {
        caller.completeExceptionally(new IllegalStateException("the store is closed"));
      } else {
        compacting.add(caller);
      }
    } finally {
      lock.unlock();
    }
  }

  private void clean() throws IOException {
    try {
      jobs.cleanFiles();
      Takeover.forgetTakenOver(options.directory());
      textLeft = null;
    } catch (IOException | RuntimeException | Error e) {
      // The message of this exception names the place.
      textLeft = e instanceof StoreDamagedException ? e.getMessage() : "the erasure is retried";
      throw e;
    }
  }

  /** Why the last erasure failed; null if it succeeded. */
  public @Nullable String textLeft() {
    return textLeft;
  }

  /** A segment begun during the last compaction may have requested work that is already done. */
  private void compactIfDue() throws IOException {
    if (log.call(LogThread.Wait.WRITTEN, this::isGarbageDue)
        || shared.read(Index::hasFormerEpochs)) {
      compact();
    }
  }

  private void compact() throws IOException {
    staying = jobs.compact(new Pace(log.call(LogThread.Wait.WRITTEN, this::isDiskShort)));
    jobs.checkpoint();
  }

  /** Runs a job that callers wait for. */
  private void serve(List<CompletableFuture<Boolean>> callers, Step step) {
    try {
      step.run();
      callers.forEach(caller -> caller.complete(true));
    } catch (MaintenanceJobs.CancelledException e) {
      LOG.debug("A background job in {} is postponed for a more urgent one", files.describe(), e);
      callers.forEach(this::compactLater);
    } catch (IOException e) {
      String what = "the files in " + files.describe() + " could not be rewritten";
      EngineFailureException failure =
          new EngineFailureException(FailureKind.UNAVAILABLE, true, what, e);
      callers.forEach(caller -> caller.completeExceptionally(failure));
    } catch (RuntimeException | Error e) {
      callers.forEach(caller -> caller.completeExceptionally(e));
    }
  }

  /**
   * Limits the write rate of a compaction and cancels it for an erasure. It does neither on a disk
   * that is short of space: an erasure needs space too, and the full rate bounds its wait.
   */
  private final class Pace implements MaintenanceJobs.Pace {
    private final long started = System.nanoTime();
    private final boolean diskIsShort;
    private long bytes;

    Pace(boolean diskIsShort) {
      this.diskIsShort = diskIsShort;
    }

    @Override
    public void requireNothingUrgent() throws MaintenanceJobs.CancelledException {
      lock.lock();
      try {
        if (closing || (!erasing.isEmpty() && !diskIsShort)) {
          throw new MaintenanceJobs.CancelledException();
        }
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void wrote(long more) throws IOException {
      bytes += more;
      if (diskIsShort) {
        requireNothingUrgent();
        return;
      }
      long nanos = (long) (bytes * 1e9 / options.compactionBytesPerSecond());
      lock.lock();
      try {
        requireNothingUrgent();
        long left = started + nanos - System.nanoTime();
        while (left > 0) {
          left = wake.awaitNanos(left);
          requireNothingUrgent();
        }
      } catch (InterruptedException e) {
        LOG.debug("The thread was interrupted; it continues without a pause", e);
      } finally {
        lock.unlock();
      }
    }
  }

  /** Runs the jobs that callers wait for, writes a checkpoint, and ends the thread. */
  @Override
  public void close() {
    lock.lock();
    try {
      closing = true;
      wake.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
