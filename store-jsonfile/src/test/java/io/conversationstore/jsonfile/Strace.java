package io.conversationstore.jsonfile;

import io.conversationstore.testkit.SystemCommands;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Fails system calls of another process from now on, until it is closed. */
final class Strace implements AutoCloseable {
  static final String PROGRAM = "/usr/bin/strace";

  private final Process process;

  private Strace(Process process) {
    this.process = process;
  }

  /** Whether it is there and may trace. */
  static boolean isUsable() throws InterruptedException {
    return SystemCommands.succeeds(PROGRAM, "-f", "--seccomp-bpf", "-o", "/dev/null", "true");
  }

  /**
   * Attaches to all threads of a process.
   *
   * @param when which calls of a thread fail, counted from now on
   */
  static Strace failing(String call, String error, String when, long pid) throws IOException {
    Process process =
        new ProcessBuilder(
                PROGRAM,
                "-f",
                "-o",
                "/dev/null",
                "-e",
                "trace=" + call,
                "-e",
                "inject=" + call + ":error=" + error + ":when=" + when,
                "-p",
                String.valueOf(pid))
            .start();
    // It says when it is there, and no sooner; later it is stopped, or a reader would wait for it.
    CompletableFuture.delayedExecutor(60, TimeUnit.SECONDS).execute(process::destroyForcibly);
    BufferedReader said = process.errorReader(StandardCharsets.US_ASCII);
    String line = said.readLine();
    if (line == null || !line.contains("attached")) {
      process.destroyForcibly();
      throw new IOException("strace did not attach: " + line);
    }
    return new Strace(process);
  }

  /** Detaches: all calls are made again. */
  @Override
  public void close() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
