package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStoreException;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.jsonfile.internal.apply.Contents;
import io.conversationstore.jsonfile.internal.disk.DirectoryLock;
import io.conversationstore.jsonfile.internal.disk.DiskFiles;
import io.conversationstore.jsonfile.internal.disk.FileNames;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Segments;
import io.conversationstore.jsonfile.internal.disk.Uninterruptibly;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.jsonfile.internal.format.Manifest;
import io.conversationstore.jsonfile.internal.format.Micros;
import io.conversationstore.jsonfile.internal.maintenance.Overwrites;
import io.conversationstore.jsonfile.internal.maintenance.OverwrittenFiles;
import io.conversationstore.jsonfile.internal.recovery.Checkpoint;
import io.conversationstore.jsonfile.internal.recovery.DamageScan;
import io.conversationstore.jsonfile.internal.recovery.Recovery;
import io.conversationstore.jsonfile.internal.recovery.Repair;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks and repairs the directory of a store that is not open, from code or from the command line,
 * with this module and its dependencies in the class path:
 *
 * <pre>
 * java -cp … io.conversationstore.jsonfile.JsonFileTool verify DIRECTORY
 * java -cp … io.conversationstore.jsonfile.JsonFileTool repair DIRECTORY
 * </pre>
 *
 * Both print their findings, without the content of messages. They exit with 0 if the directory is
 * sound (for a repair: sound afterwards), 1 if it is not, and 2 if they could not work.
 * Thread-safe.
 */
public final class JsonFileTool {
  private static final Logger LOG = LoggerFactory.getLogger(JsonFileTool.class);
  private static final Duration LOCK_WAIT = Duration.ofSeconds(1);

  private JsonFileTool() {}

  private interface Work {
    DamageReport run(DiskFiles files, Manifest manifest) throws IOException;
  }

  /**
   * Reads every byte of a directory and changes nothing: no permissions, no dates, and no lock
   * file. So it works on a read-only backup. If the directory has a file {@code LOCK}, no store can
   * open it meanwhile; a copy without {@code LOCK} is not locked.
   *
   * @throws io.conversationstore.StoreLockedException if a store has it open
   * @throws StoreConfigurationException if it is not a store's, or of a newer version
   * @throws StoreDamagedException if {@code store.json} is damaged, because the check depends on it
   * @throws StoreUnavailableException if it cannot be read
   */
  public static DamageReport verify(Path directory) {
    return locked(directory, false, (files, manifest) -> verify(directory, files, manifest));
  }

  /**
   * Moves unreadable bytes into separate files named {@code damaged-…} and puts a line that lists
   * the lost lines in their place, so the directory opens again. Positions (cursors) issued before
   * become invalid, and a mirror of a database is rebuilt. A sound directory stays as it is.
   *
   * <p>A repair needs space for the moved bytes and for a copy of the largest damaged file. After
   * an interruption or a failure each file is either unchanged or repaired, and the repair can be
   * run again; bytes moved before may then be there twice.
   *
   * <p>A {@code damaged-…} file stays until it is deleted or until an erasure: an erasure of the
   * owner whom all its lines name, otherwise of any owner. Save data that is still needed before
   * that.
   *
   * @return the damage found, and the current place of the bytes
   * @throws io.conversationstore.StoreLockedException and the others as in {@link #verify}
   */
  public static DamageReport repair(Path directory) {
    return locked(directory, true, (files, manifest) -> repair(directory, files, manifest));
  }

  private static DamageReport locked(Path directory, boolean writes, Work work) {
    try {
      return Uninterruptibly.run(
          "conversation-tool-" + directory.getFileName(),
          interrupted -> locked(directory, writes, work, interrupted));
    } catch (IOException e) {
      throw new StoreUnavailableException("the files in " + directory + " cannot be read", e);
    }
  }

  private static DamageReport locked(
      Path directory, boolean writes, Work work, BooleanSupplier interrupted) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new StoreConfigurationException("directory " + directory + " does not exist");
    }
    // In a directory that is not a store's, create no file and change no permissions.
    requireManifest(DiskFiles.toRead(directory));
    try (DirectoryLock lock =
        writes
            ? DirectoryLock.take(directory, LOCK_WAIT, interrupted)
            : DirectoryLock.takeToRead(directory, LOCK_WAIT, interrupted)) {
      LOG.debug("{} is locked by {}", directory, lock);
      DiskFiles files = writes ? DiskFiles.in(directory) : DiskFiles.toRead(directory);
      return work.run(files, requireManifest(files));
    }
  }

  private static Manifest requireManifest(LogFiles files) throws IOException {
    Manifest manifest = Manifest.read(files);
    if (manifest == null) {
      throw new StoreConfigurationException(
          "directory "
              + files.describe()
              + " has no "
              + FileNames.MANIFEST
              + "; it is not the directory of a store");
    }
    return manifest;
  }

  /** Verifies the files of a directory; the caller has exclusive access. */
  static DamageReport verify(Path directory, LogFiles present, Manifest manifest)
      throws IOException {
    LogFiles files = OverwrittenFiles.of(present);
    DamageScan scan = new DamageScan(files, manifest);
    scan.run();
    List<DamageReport.Finding> findings = new ArrayList<>();
    for (DamageScan.Damage damage : scan.damages()) {
      findings.add(
          new DamageReport.Finding(
              Segments.name(damage.file()),
              damage.offset(),
              damage.length(),
              damage.what(),
              damage.torn(),
              null));
    }
    if (findings.stream().allMatch(DamageReport.Finding::harmless)) {
      for (DamageScan.Damage damage : unusable(files, manifest)) {
        findings.add(
            new DamageReport.Finding(
                Segments.name(damage.file()),
                damage.offset(),
                damage.length(),
                damage.what(),
                false,
                null));
      }
    }
    return new DamageReport(directory, scan.lines(), scan.bytes(), findings);
  }

  /** Lines that are whole but cannot be applied. */
  private static List<DamageScan.Damage> unusable(LogFiles files, Manifest manifest)
      throws IOException {
    List<DamageScan.Damage> unusable = new ArrayList<>();
    try (Segments segments = new Segments(files.describe())) {
      new Recovery(files, manifest, segments, new Contents(segments, 0))
          .check((file, line) -> unusable.add(Repair.unusable(file, line)));
    }
    return unusable;
  }

  /** Repairs the files of a directory; the caller has exclusive access. */
  static DamageReport repair(Path directory, LogFiles files, Manifest manifest) throws IOException {
    files.unshare();
    Overwrites.finish(files);
    DamageScan scan = new DamageScan(files, manifest);
    scan.run();
    JsonFileOptions options = JsonFileOptions.in(directory);
    if (scan.damages().stream().allMatch(DamageScan.Damage::torn)
        && unusable(files, manifest).isEmpty()) {
      return verify(directory, files, manifest);
    }
    Repair repair = new Repair(files, Micros.truncated(options.clock().instant()));
    // The repair may be cut off. So first drop the checkpoint, which holds places of lines, and
    // record that the mirror must be rebuilt.
    Checkpoint.delete(files);
    manifest.withRepair(options.ids().get()).write(files);
    repair.applyAll(scan.damages());
    repair.applyAll(unusable(files, manifest));
    if (manifest.storeId() != null) {
      FileEngine.open(files, () -> {}, options).close();
    }
    return new DamageReport(directory, scan.lines(), scan.bytes(), repair.findings());
  }

  /** The command line; see the class. */
  public static void main(String[] arguments) {
    System.exit(run(arguments, new PrintStream(System.out, true, StandardCharsets.UTF_8)));
  }

  static int run(String[] arguments, PrintStream out) {
    boolean repairs = arguments.length == 2 && arguments[0].equals("repair");
    if (arguments.length != 2 || !(repairs || arguments[0].equals("verify"))) {
      out.println("usage: JsonFileTool verify|repair DIRECTORY");
      return 2;
    }
    try {
      Path directory = Path.of(arguments[1]);
      DamageReport report = repairs ? repair(directory) : verify(directory);
      report.findings().forEach(out::println);
      boolean sound = repairs ? verify(directory).isSound() : report.isSound();
      out.printf(
          "%s: %,d lines, %,d bytes, %d findings, %s%n",
          directory,
          report.lines(),
          report.bytes(),
          report.findings().size(),
          sound ? "sound" : "DAMAGED");
      return sound ? 0 : 1;
    } catch (ConversationStoreException | IllegalArgumentException e) {
      out.println(e.getMessage());
      return 2;
    }
  }
}
