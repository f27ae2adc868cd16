package io.conversationstore.jsonfile;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreLockedException;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.internal.DaemonTimer;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.jsonfile.internal.disk.DirectoryLock;
import io.conversationstore.jsonfile.internal.disk.DiskFiles;
import io.conversationstore.jsonfile.internal.disk.LogFiles;
import io.conversationstore.jsonfile.internal.disk.Uninterruptibly;
import io.conversationstore.jsonfile.internal.engine.FileEngine;
import io.conversationstore.jsonfile.internal.format.Manifest;
import io.conversationstore.spi.JobClaims;
import io.conversationstore.spi.JobTimer;
import io.conversationstore.spi.LocalStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens stores that keep conversations in local JSON Lines files, without a database. Thread-safe.
 *
 * <p>A directory belongs to one open store at a time. By default an acknowledged write is on the
 * disk.
 */
public final class JsonFileStore {

  private static final Logger LOG = LoggerFactory.getLogger(JsonFileStore.class);

  private JsonFileStore() {}

  /**
   * Opens the store in a directory, which is created if missing.
   *
   * @throws StoreLockedException if another store uses it
   * @throws StoreConfigurationException if it belongs to a database, or was written by a newer
   *     version
   * @throws io.conversationstore.StoreDamagedException if its files are damaged
   * @throws StoreUnavailableException if they cannot be read or written
   */
  public static ConversationStore open(Path directory) {
    return open(JsonFileOptions.in(directory));
  }

  /** Like {@link #open(Path)}, with options. */
  public static ConversationStore open(JsonFileOptions options) {
    return open(options, new DaemonTimer());
  }

  /** Like the public method, with another timer than threads: for tests. */
  static ConversationStore open(JsonFileOptions options, JobTimer timer) {
    FileEngine engine = openEngine(options, true);
    return new DefaultConversationStore(
            engine, options.limits(), options.clock(), options.ids(), engine.identity().node())
        .withRetention(
            options.retention(), JobClaims.alone(options.clock()), timer, LOG::info, LOG::warn);
  }

  /**
   * Opens only the engine, bound to a database or not. For authors of stores, not for applications.
   *
   * @throws StoreLockedException and the others as in {@link #open(Path)}
   */
  public static LocalStore openEngine(JsonFileOptions options) {
    return openEngine(options, false);
  }

  private static FileEngine openEngine(JsonFileOptions options, boolean alone) {
    Path directory = options.directory();
    try {
      return Uninterruptibly.run(
          "conversation-open-" + directory.getFileName(),
          interrupted -> openEngine(options, alone, interrupted));
    } catch (IOException e) {
      // The message of many is only the name of a file.
      String kind = e.getClass().getSimpleName();
      String why = e.getMessage() == null ? kind : kind + ": " + e.getMessage();
      throw new StoreUnavailableException(
          "the files in " + directory + " cannot be opened: " + why, e);
    }
  }

  /** What is there of the path must be directories; the rest is created. */
  private static void requireDirectory(Path directory) {
    Path there = directory;
    while (there != null && !Files.exists(there)) {
      there = there.getParent();
    }
    if (there != null && !Files.isDirectory(there)) {
      throw new StoreConfigurationException(
          "path " + there + " is not a directory; the store needs " + directory);
    }
  }

  private static FileEngine openEngine(
      JsonFileOptions options, boolean alone, BooleanSupplier interrupted) throws IOException {
    Path directory = options.directory();
    requireDirectory(directory.toAbsolutePath());
    DiskFiles files = DiskFiles.in(directory);
    if (alone) {
      requireUnbound(files);
    }
    DirectoryLock lock = DirectoryLock.take(directory, options.lockWait(), interrupted);
    boolean opened = false;
    try {
      lock.guard(files);
      if (alone) {
        requireUnbound(files);
      }
      FileEngine engine = FileEngine.open(files, lock, options, lock.mayBeShared());
      try {
        if (alone) {
          requireNothingPending(files, engine);
        }
        opened = true;
        return engine;
      } finally {
        if (!opened) {
          engine.close();
        }
      }
    } finally {
      if (!opened) {
        lock.close();
      }
    }
  }

  /** A store without a database would hide changes that wait for one. */
  private static void requireNothingPending(LogFiles files, FileEngine engine) {
    if (engine.hasPending()) {
      throw new StoreConfigurationException(
          "directory "
              + files.describe()
              + " contains "
              + engine.pendingFigures().changes()
              + " changes that wait for a database and must be opened by the hybrid store, with"
              + " that database or by HybridStore.openWithoutDatabase; nothing was changed");
    }
  }

  private static void requireUnbound(LogFiles files) throws IOException {
    Manifest manifest = Manifest.read(files);
    if (manifest != null && manifest.storeId() != null) {
      throw new StoreConfigurationException(
          "directory "
              + files.describe()
              + " belongs to the database with the store id "
              + manifest.storeId()
              + " and must be opened by the hybrid store, with that database or by"
              + " HybridStore.openWithoutDatabase; nothing was changed");
    }
  }
}
