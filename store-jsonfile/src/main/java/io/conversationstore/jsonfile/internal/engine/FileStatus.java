package io.conversationstore.jsonfile.internal.engine;

import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.index.ConversationRows;
import io.conversationstore.jsonfile.internal.index.Index;
import io.conversationstore.jsonfile.internal.index.MessageRow;
import io.conversationstore.jsonfile.internal.index.OwnerRows;
import io.conversationstore.jsonfile.internal.index.PendingQueue;
import io.conversationstore.jsonfile.internal.index.SharedIndex;
import io.conversationstore.jsonfile.internal.log.LogTail;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The state and health of an engine. Thread-safe. */
final class FileStatus {
  private static final Logger LOG = LoggerFactory.getLogger(FileStatus.class);

  private final LogFiles files;
  private final Segments segments;
  private final SharedIndex shared;
  private final LogTail tail;
  private final Clock clock;
  private final Supplier<@Nullable String> textLeft;
  private final Instant since;

  /**
   * @param textLeft why the last erasure failed; null if it succeeded
   */
  FileStatus(
      LogFiles files,
      Segments segments,
      SharedIndex shared,
      LogTail tail,
      Clock clock,
      Supplier<@Nullable String> textLeft) {
    this.textLeft = textLeft;
    this.files = files;
    this.segments = segments;
    this.shared = shared;
    this.tail = tail;
    this.clock = clock;
    this.since = Micros.truncated(clock.instant());
  }

  static @Nullable Instant asOf(Index index) {
    return index.mirrorAsOfMicros() == MessageRow.NEVER
        ? null
        : Micros.instant(index.mirrorAsOfMicros());
  }

  StoreHealth health() {
    List<StoreHealth.Check> checks = new ArrayList<>();
    String broken = tail.broken();
    checks.add(
        new StoreHealth.Check(
            "writable", broken == null, broken == null ? "the log accepts writes" : broken));
    boolean refusing = tail.isRefusing();
    checks.add(
        new StoreHealth.Check("last-write", !refusing, refusing ? "it failed" : "it succeeded"));
    checks.add(directory());
    checks.add(setAside());
    int due = shared.read(index -> index.dueErasures().size());
    String why = due == 0 ? null : textLeft.get();
    checks.add(
        new StoreHealth.Check(
            "erasures",
            due == 0,
            due
                + " owners whose erased text is still in the files"
                + (why == null ? "" : ": " + why)));
    if (shared.manifest().storeId() == null) {
      long wrong = shared.read(FileStatus::miscounted);
      checks.add(
          new StoreHealth.Check(
              "counts", wrong == 0, wrong + " conversations with a wrong message count"));
    }
    return StoreHealth.of(checks);
  }

  /** Files deleted under an open store can still be read, but are missing at the next start. */
  private StoreHealth.Check directory() {
    try {
      files.requireHeld();
    } catch (IOException e) {
      LOG.debug("The lock of {} is no longer held", files.describe(), e);
      String what = FileNames.LOCK + " was deleted or replaced";
      return new StoreHealth.Check("directory", false, what);
    }
    try {
      // Files come and go concurrently: only a file open before and after the listing must be in
      // it.
      Set<String> missing = new TreeSet<>(segments.names());
      List<String> names = files.list();
      missing.retainAll(segments.names());
      missing.add(FileNames.MANIFEST);
      missing.removeAll(Set.copyOf(names));
      Set<String> shortened = segments.shortened();
      if (missing.isEmpty() && !shortened.isEmpty()) {
        String what = String.join(", ", shortened);
        return new StoreHealth.Check("directory", false, what + " " + LogFiles.SHORTER);
      }
      return missing.isEmpty()
          ? new StoreHealth.Check("directory", true, names.size() + " files")
          : new StoreHealth.Check("directory", false, "missing: " + String.join(", ", missing));
    } catch (IOException e) {
      return new StoreHealth.Check("directory", false, "the directory cannot be read");
    }
  }

  /** Unreadable lines set aside in {@code damaged-} files, whose names give the original place. */
  private StoreHealth.Check setAside() {
    try {
      List<String> beside = FileNames.setAside(files);
      return new StoreHealth.Check(
          "set-aside",
          beside.isEmpty(),
          beside.isEmpty()
              ? "all lines are readable"
              : "unreadable lines are in "
                  + String.join(", ", beside.subList(0, Math.min(10, beside.size())))
                  + (beside.size() > 10 ? " and " + (beside.size() - 10) + " more" : "")
                  + " (file and byte); inspect these files, then move them away");
    } catch (IOException e) {
      return new StoreHealth.Check("set-aside", false, "the directory cannot be read");
    }
  }

  private static long miscounted(Index index) {
    long wrong = 0;
    for (OwnerRows owner : index.owners()) {
      for (ConversationRows rows : owner.conversations().values()) {
        ConversationState header = rows.header();
        State.Live live = header == null ? null : header.live();
        wrong += live != null && live.messageCount() != rows.liveMessages() ? 1 : 0;
      }
    }
    return wrong;
  }

  StoreState state() {
    return shared.read(
        index -> {
          boolean bound = shared.manifest().storeId() != null;
          String broken = tail.broken();
          String reason = bound ? "the local part of a hybrid store" : "no database is configured";
          Instant asOf = asOf(index);
          StoreState.Mirror mirror = null;
          if (bound) {
            Duration lag = asOf == null ? null : Duration.between(asOf, clock.instant());
            mirror = new StoreState.Mirror(asOf, lag, broken != null, "all rows of the feed");
          }
          List<PendingQueue.Parked> parked = List.copyOf(index.pending().parked());
          return new StoreState(
              StoreState.Mode.LOCAL_ONLY,
              since,
              broken == null ? reason : broken,
              index.pending().figures(),
              mirror,
              null,
              null,
              parked.subList(Math.max(0, parked.size() - 1_000), parked.size()).stream()
                  .map(PendingQueue.Parked::toRejected)
                  .toList());
        });
  }
}
