package io.conversationstore.jsonfile;

import io.conversationstore.testkit.SystemCommands;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Fails system calls of another process from now on, until it is closed. */
final class Strace implements AutoCloseable {
  static final String PROGRAM = "/usr/bin/strace";

  private final Process process;

  private Strace(Process process) {
    this.process = process;
  }

  /** Whether strace is installed and may trace. */
  static boolean isUsable() throws InterruptedException {
    return SystemCommands.succeeds(PROGRAM, "-f", "--seccomp-bpf", "-o", "/dev/null", "true");
  }

  /**
   * Attaches to all threads of a process.
   *
   * @param when which calls of a thread fail, counted from now on
   */
  static Strace failing(String call, String error, String when, long pid) throws IOException {
    return injecting(call, "error=" + error + ":when=" + when, List.of(), null, pid);
  }

  /**
   * Attaches to all threads of a process.
   *
   * @param fault the effect and the calls affected, in strace's syntax: {@code
   *     delay_enter=50000:when=1+}
   * @param paths the files whose calls are affected; empty for all
   * @param log the file that records each injected call; null for none
   */
  static Strace injecting(
      String call, String fault, List<String> paths, @Nullable Path log, long pid)
      throws IOException {
    List<String> command = new ArrayList<>(List.of(PROGRAM, "-f", "-o"));
    command.add(log == null ? "/dev/null" : log.toString());
    command.addAll(List.of("-e", "trace=" + call, "-e", "inject=" + call + ":" + fault));
    paths.forEach(path -> command.addAll(List.of("-P", path)));
    command.addAll(List.of("-p", String.valueOf(pid)));
    Process process = new ProcessBuilder(command).start();
    // It reports when it is attached. It is stopped after a time, because a reader would wait for
    // it.
    CompletableFuture.delayedExecutor(60, TimeUnit.SECONDS).execute(process::destroyForcibly);
    BufferedReader said = process.errorReader(StandardCharsets.US_ASCII);
    String line = said.readLine();
    while (line != null && line.contains("resolved")) {
      // Each path that is a link, or is below one, is reported first.
      line = said.readLine();
    }
    if (line == null || !line.contains("attached")) {
      process.destroyForcibly();
      throw new IOException("strace did not attach: " + line);
    }
    return new Strace(process);
  }

  /** Detaches: calls work again. */
  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
