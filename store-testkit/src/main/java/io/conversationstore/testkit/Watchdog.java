package io.conversationstore.testkit;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Ends a server whose JVM has died, even by {@code kill -9}: a shell that reads from a pipe to this
 * JVM. If the pipe ends without a sign-off it shuts the server down (immediate mode, after 5 s
 * SIGKILL for everything that runs in the data directory, including paused processes) and deletes
 * the scratch directory. It runs in its own session if {@code setsid} exists, out of reach of
 * signals to the JVM's process group.
 *
 * <p>Unsupported on Windows, where a server outlives a killed JVM.
 */
final class Watchdog implements AutoCloseable {

  private static final String FAREWELL = "done\n";

  private static final String SCRIPT =
      """
      trap '' INT HUP TERM QUIT PIPE
      data=$1
      scratch=$2
      while read -r word; do
        [ "$word" = done ] && exit 0
      done
      postmaster() {
        pid=
        [ -r "$data/postmaster.pid" ] && read -r pid < "$data/postmaster.pid"
        [ -n "$pid" ]
      }
      members() {
        if [ -r /proc/self/stat ]; then
          for dir in /proc/[0-9]*; do
            [ "$dir/cwd" -ef "$data" ] || continue
            comm=
            read -r comm 2>/dev/null < "$dir/comm"
            [ "$comm" = postgres ] && echo "${dir#/proc/}"
          done
        elif [ -n "$pid" ]; then
          ps -A -o pid=,ppid= | while read -r child parent; do
            if [ "$child" = "$pid" ] || [ "$parent" = "$pid" ]; then echo "$child"; fi
          done
        fi
      }
      tries=0
      until postmaster || [ $tries -ge 20 ]; do
        sleep 0.1
        tries=$((tries + 1))
      done
      all=$(members)
      if [ -n "$all" ]; then
        case " $(echo $all) " in *" $pid "*) kill -QUIT $pid ;; esac
        kill -CONT $all
        tries=0
        while [ -n "$(members)" ] && [ $tries -lt 50 ]; do
          sleep 0.1
          tries=$((tries + 1))
        done
        all=$(members)
        while [ -n "$all" ]; do
          kill -KILL $all
          sleep 0.1
          all=$(members)
        done
      fi
      [ -n "$scratch" ] && rm -rf "$scratch"
      exit 0
      """;

  private final @Nullable Process process;

  private Watchdog(@Nullable Process process) {
    this.process = process;
  }

  /**
   * Starts watching; must be called before the server is started.
   *
   * @param scratch a directory to delete after the server's end, or null
   */
  static Watchdog over(Path data, @Nullable Path scratch) throws IOException {
    if (Platform.isWindows()) {
      return new Watchdog(null);
    }
    String outer =
        "command -v setsid >/dev/null 2>&1 && exec setsid /bin/sh -c \"$0\" \"$@\";"
            + " exec /bin/sh -c \"$0\" \"$@\"";
    List<String> command =
        List.of(
            "/bin/sh",
            "-c",
            outer,
            SCRIPT,
            "store-test-watchdog",
            data.toString(),
            scratch == null ? "" : scratch.toString());
    Process process =
        Commands.builder(Path.of("/"), command)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    return new Watchdog(process);
  }

  /** Signs off: the end of the JVM has no further effect. */
  @Override
  public void close() {
    if (process == null) {
      return;
    }
    try (OutputStream out = process.getOutputStream()) {
      out.write(FAREWELL.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      // The shell is gone already.
    }
  }
}
