package io.conversationstore.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One postmaster with its children, over one data directory. Not thread-safe: callers use one
 * thread at a time.
 *
 * <p>Signals need a POSIX system. On Windows (untested) stopping uses {@code pg_ctl}, and pausing
 * is unsupported.
 */
final class PostgresProcess {

  private static final Logger log = LoggerFactory.getLogger(PostgresProcess.class);
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(30);
  private static final Duration KILL_LIMIT = Duration.ofSeconds(10);
  private static final int STATUS_LINE = 7;
  private static final int SHARED_MEMORY_LINE = 6;
  private static final int LOG_TAIL_LINES = 20;

  private final PostgresBinaries binaries;
  private final Launcher launcher;
  private final Path data;
  private final Path logFile;
  private @Nullable ProcessHandle postmaster;
  private boolean paused;

  PostgresProcess(PostgresBinaries binaries, Launcher launcher, Path data, Path logFile) {
    this.binaries = binaries;
    this.launcher = launcher;
    this.data = data;
    this.logFile = logFile;
  }

  /**
   * Starts the server and waits until it accepts connections, including crash recovery.
   *
   * @throws IllegalStateException if it already runs, another server uses the data directory, or it
   *     does not start within 60 s; the message ends with the last lines of the server's log
   */
  void start() throws IOException {
    if (isRunning()) {
      throw new IllegalStateException("the server is running already, pid " + pid());
    }
    removeStalePidFile();
    List<String> command =
        launcher.command(List.of(binaries.program("postgres"), "-D", data.toString()));
    Process process =
        Commands.builder(binaries.home(), command)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile.toFile()))
            .start();
    process.getOutputStream().close();
    boolean answered =
        Polling.until(
            START_LIMIT, () -> !process.isAlive() || pidFileLine(STATUS_LINE).equals("ready"));
    String pid = pidFileLine(0);
    postmaster = pid.isEmpty() ? null : ProcessHandle.of(Long.parseLong(pid)).orElse(null);
    if (!answered || !process.isAlive() || !isRunning()) {
      if (isRunning()) {
        kill();
      }
      process.destroyForcibly();
      throw new IllegalStateException(
          "PostgreSQL did not start; the end of " + logFile + ":\n" + logTail());
    }
    log.debug("PostgreSQL started, pid {}", pid);
  }

  /** Fast shutdown: open transactions are rolled back, a checkpoint is written. */
  void stop() throws IOException {
    ProcessHandle server = postmaster;
    if (server == null || !isRunning()) {
      return;
    }
    if (paused) {
      resume();
    }
    if (Platform.isWindows()) {
      pgCtlKill("INT", server.pid());
    } else {
      signal("INT", List.of(server));
    }
    if (!Polling.until(STOP_LIMIT, () -> gone(server))) {
      throw new IllegalStateException(
          "PostgreSQL did not stop within " + STOP_LIMIT + "; log:\n" + logTail());
    }
    postmaster = null;
  }

  /**
   * Kills the postmaster and its children at once, and returns when all are gone. Only data handed
   * to the operating system survives. Then removes the pid file and the shared memory segment it
   * names, as a reboot would.
   */
  void kill() throws IOException {
    ProcessHandle server = postmaster;
    if (server == null) {
      return;
    }
    if (!Platform.isWindows() && isRunning()) {
      // A stopped postmaster starts no more children, and no child sees it die first.
      signal("STOP", List.of(server));
    }
    List<ProcessHandle> all = new ArrayList<>(List.of(server));
    server.children().forEach(all::add);
    all.forEach(ProcessHandle::destroyForcibly);
    if (!Polling.until(KILL_LIMIT, () -> all.stream().allMatch(PostgresProcess::gone))) {
      throw new IllegalStateException("killed processes are still there after " + KILL_LIMIT);
    }
    postmaster = null;
    paused = false;
    removeSharedMemory();
    Files.deleteIfExists(data.resolve("postmaster.pid"));
  }

  /**
   * SIGSTOP for the postmaster and its children: sockets stay open and silent, new connections are
   * accepted by the system and never answered.
   *
   * @throws UnsupportedOperationException on Windows
   */
  void pause() throws IOException {
    requirePosix();
    ProcessHandle server = running();
    signal("STOP", List.of(server));
    paused = true;
    Set<ProcessHandle> stopped = new LinkedHashSet<>();
    List<ProcessHandle> fresh = server.children().toList();
    while (!fresh.isEmpty()) {
      signal("STOP", fresh);
      stopped.addAll(fresh);
      fresh = server.children().filter(child -> !stopped.contains(child)).toList();
    }
  }

  /** Ends a pause; ignored if there is none. */
  void resume() throws IOException {
    requirePosix();
    ProcessHandle server = running();
    List<ProcessHandle> all = new ArrayList<>(server.children().toList());
    all.add(server);
    signal("CONT", all);
    paused = false;
  }

  /** True from the start until the end of the process, also while paused. */
  boolean isRunning() {
    ProcessHandle server = postmaster;
    return server != null && !gone(server);
  }

  long pid() {
    return running().pid();
  }

  private ProcessHandle running() {
    ProcessHandle server = postmaster;
    if (server == null || gone(server)) {
      throw new IllegalStateException("the server is not running");
    }
    return server;
  }

  /**
   * A zombie that nobody reaps, for example under a minimal init of a container, counts as gone.
   */
  static boolean gone(ProcessHandle process) {
    if (!process.isAlive()) {
      return true;
    }
    if (!Platform.isLinux()) {
      return false;
    }
    try {
      String stat = Files.readString(Path.of("/proc/" + process.pid() + "/stat"));
      char state = stat.charAt(stat.lastIndexOf(')') + 2);
      return state == 'Z' || state == 'X';
    } catch (IOException | RuntimeException e) {
      return !process.isAlive();
    }
  }

  private void signal(String name, List<ProcessHandle> processes) throws IOException {
    // The shell's built-in kill: a minimal system has no such program.
    List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "kill -s \"$@\"", "sh", name));
    processes.forEach(process -> command.add(String.valueOf(process.pid())));
    Commands.Result result = Commands.run(binaries.home(), KILL_LIMIT, command);
    if (!result.ok() && !processes.stream().allMatch(PostgresProcess::gone)) {
      // A child may end between the listing and the signal; the postmaster must have received it.
      log.debug("Signal {}: {}", name, result.output());
    }
  }

  private void pgCtlKill(String signal, long pid) throws IOException {
    Commands.run(
        binaries.home(),
        STOP_LIMIT,
        List.of(binaries.program("pg_ctl"), "kill", signal, String.valueOf(pid)));
  }

  private static void requirePosix() {
    if (Platform.isWindows()) {
      throw new UnsupportedOperationException("processes cannot be paused on Windows");
    }
  }

  private void removeStalePidFile() throws IOException {
    String pid = pidFileLine(0);
    if (!pid.isEmpty()) {
      ProcessHandle holder = ProcessHandle.of(Long.parseLong(pid)).orElse(null);
      boolean postgres =
          holder != null
              && !gone(holder)
              && holder.info().command().map(name -> name.contains("postgres")).orElse(true);
      if (postgres) {
        throw new IllegalStateException(data + " is in use by the server with pid " + pid);
      }
    }
    Files.deleteIfExists(data.resolve("postmaster.pid"));
  }

  private void removeSharedMemory() throws IOException {
    String[] keyAndId = pidFileLine(SHARED_MEMORY_LINE).split("\\s+");
    if (keyAndId.length == 2 && !Platform.isWindows()) {
      try {
        Commands.run(binaries.home(), KILL_LIMIT, List.of("ipcrm", "-m", keyAndId[1]));
      } catch (IOException e) {
        // No ipcrm: 56 bytes stay until the next start on this directory takes them over.
        log.debug("A shared memory segment was left behind: {}", e.getMessage());
      }
    }
  }

  /** A line of postmaster.pid, empty if there is none (yet). */
  private String pidFileLine(int line) {
    try {
      List<String> lines =
          Files.readAllLines(data.resolve("postmaster.pid"), StandardCharsets.ISO_8859_1);
      return line < lines.size() ? lines.get(line).strip() : "";
    } catch (NoSuchFileException e) {
      return "";
    } catch (IOException e) {
      log.debug("The file postmaster.pid could not be read: {}", e.toString());
      return "";
    }
  }

  String logTail() throws IOException {
    if (!Files.exists(logFile)) {
      return "";
    }
    List<String> lines = Files.readAllLines(logFile, StandardCharsets.ISO_8859_1);
    int from = Math.max(0, lines.size() - LOG_TAIL_LINES);
    return String.join("\n", lines.subList(from, lines.size()));
  }
}
