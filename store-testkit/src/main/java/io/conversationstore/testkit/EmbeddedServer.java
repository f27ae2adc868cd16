package io.conversationstore.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A server from the embedded binaries with its directories, its port and its watchdog. Thread-safe:
 * one operation at a time.
 */
final class EmbeddedServer implements AutoCloseable {

  private static final int PORT_ATTEMPTS = 5;

  private final ReentrantLock lock = new ReentrantLock();
  private final DataDirectory files;
  private final Path data;
  private final Path scratch;
  private final Path logFile;
  private final PostgresProcess process;
  private final Map<String, String> settings;
  private final Watchdog watchdog;
  private final String password;
  private int port;
  private boolean closed;

  /**
   * The options of a server.
   *
   * @param dataDirectory a directory to keep, or null for one that is deleted when the server is
   *     closed
   * @param port 0 for any
   * @param binariesJar a jar with binaries, or null for those on the class path
   * @param version of the binaries on the class path, or null for the newest
   */
  record Options(
      @Nullable Path dataDirectory,
      boolean durable,
      int port,
      Map<String, String> settings,
      @Nullable Path binariesJar,
      @Nullable String version) {}

  private EmbeddedServer(Options options) throws IOException {
    PostgresBinaries binaries =
        options.binariesJar == null
            ? PostgresBinaries.fromClasspath(options.version)
            : PostgresBinaries.fromJar(options.binariesJar);
    Launcher launcher = Launcher.choose(binaries);
    scratch = Scratch.create(options.durable, launcher);
    Path given = options.dataDirectory == null ? null : options.dataDirectory.toAbsolutePath();
    try {
      Path parent = scratch;
      if (given != null) {
        parent = Files.createDirectories(given.normalize().getParent()).toRealPath();
      }
      launcher.makeReachable(parent);
      data = parent.resolve(given == null ? Path.of("data") : given.getFileName());
      logFile = given == null ? scratch.resolve("server.log") : parent.resolve(logName(given));
      files = DataDirectory.open(data, binaries, launcher);
      password = files.password();
      settings = settings(options);
      process = new PostgresProcess(binaries, launcher, data, logFile);
      watchdog = Watchdog.over(data, scratch);
    } catch (IOException | RuntimeException e) {
      FileTrees.delete(scratch);
      throw e;
    }
  }

  static EmbeddedServer start(Options options) throws IOException {
    EmbeddedServer server = new EmbeddedServer(options);
    try {
      server.firstStart(options.port);
      return server;
    } catch (IOException | RuntimeException e) {
      server.close();
      throw e;
    }
  }

  private void firstStart(int wanted) throws IOException {
    for (int attempt = 1; ; attempt++) {
      port = wanted == 0 ? Ports.free() : wanted;
      try {
        restart();
        return;
      } catch (IllegalStateException e) {
        // Another process may have taken the port after the check.
        boolean taken = process.logTail().contains("Address already in use");
        if (wanted != 0 || !taken || attempt == PORT_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  int port() {
    return port;
  }

  String password() {
    return password;
  }

  Path logFile() {
    return logFile;
  }

  long pid() {
    return locked(process::pid);
  }

  boolean isRunning() {
    return locked(process::isRunning);
  }

  void restart() {
    run(
        () -> {
          process.stop();
          Map<String, String> all = new LinkedHashMap<>(settings);
          all.put("port", String.valueOf(port));
          files.configure(all);
          process.start();
        });
  }

  void stop() {
    run(process::stop);
  }

  void kill() {
    run(process::kill);
  }

  void pause() {
    run(process::pause);
  }

  void resume() {
    run(process::resume);
  }

  void backup(Path target) {
    run(
        () -> {
          requireStopped();
          if (!FileTrees.isVacant(target)) {
            throw new IllegalStateException("the directory of the backup is not empty: " + target);
          }
          Files.createDirectories(target.toAbsolutePath().getParent());
          FileTrees.copy(data, target);
        });
  }

  void restore(Path source) {
    run(
        () -> {
          requireStopped();
          if (!Files.exists(source.resolve("PG_VERSION"))) {
            throw new IllegalStateException("not a backup of a data directory: " + source);
          }
          FileTrees.delete(data);
          FileTrees.copy(source, data);
        });
  }

  /** Ends the server, by a clean shutdown if its data is kept, and deletes temporary data. */
  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      try {
        if (data.startsWith(scratch)) {
          process.kill();
        } else {
          process.stop();
        }
      } finally {
        watchdog.close();
        FileTrees.delete(scratch);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      lock.unlock();
    }
  }

  private void requireStopped() {
    if (process.isRunning()) {
      throw new IllegalStateException("the server is running: stop() or kill() it first");
    }
  }

  private void run(IoAction action) {
    locked(
        () -> {
          action.run();
          return this;
        });
  }

  /** An action that returns a value or fails with an {@link IOException}. */
  @FunctionalInterface
  private interface IoCall<T> {
    T call() throws IOException;
  }

  private <T> T locked(IoCall<T> call) {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("closed");
      }
      return call.call();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      lock.unlock();
    }
  }

  private static String logName(Path dataDirectory) {
    return dataDirectory.getFileName() + ".log";
  }

  private static Map<String, String> settings(Options options) {
    Map<String, String> all = new LinkedHashMap<>();
    all.put("listen_addresses", "127.0.0.1");
    // A socket's path is limited to about 100 characters, and no test needs one.
    all.put("unix_socket_directories", "");
    // Files in the data directory: /dev/shm stays clean after a kill.
    all.put("dynamic_shared_memory_type", Platform.isWindows() ? "windows" : "mmap");
    all.put("timezone", "UTC");
    all.put("log_timezone", "UTC");
    all.put("log_line_prefix", "%m [%p] %q%a %d ");
    all.put("fsync", options.durable ? "on" : "off");
    all.put("full_page_writes", options.durable ? "on" : "off");
    // Always on: it is free without fsync, and commits then survive a killed server.
    all.put("synchronous_commit", "on");
    all.putAll(options.settings);
    return Map.copyOf(all);
  }
}
