package io.conversationstore.testkit;

import java.io.IOException;

/** A JVM that starts a server, prints its pid and log file, and waits to be killed. */
final class OrphanMain {

  private OrphanMain() {}

  public static void main(String[] args) throws IOException {
    TestPostgres server = TestPostgres.builder().start();
    if (args.length > 0 && args[0].equals("paused")) {
      server.pause();
    }
    System.out.println(server.pid() + " " + server.logFile());
    System.out.flush();
    while (System.in.read() >= 0) {
      // Waits for the end of the input.
    }
  }
}
