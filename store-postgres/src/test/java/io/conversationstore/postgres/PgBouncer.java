package io.conversationstore.postgres;

import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/** A PgBouncer in transaction mode in front of a server for tests. */
final class PgBouncer implements AutoCloseable {

  private static final List<String> PLACES =
      List.of("/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer");
  private static final Duration START_LIMIT = Duration.ofSeconds(20);

  /** Fewer than the store's pool, so that transactions of one client meet several servers. */
  private static final int SERVER_CONNECTIONS = 4;

  private final Process process;
  private final Path directory;
  private final int port;

  private PgBouncer(Process process, Path directory, int port) {
    this.process = process;
    this.directory = directory;
    this.port = port;
  }

  /** Starts one; skips the test where the program is not installed. */
  static PgBouncer before(TestPostgres server) {
    return before(server, "extra_float_digits");
  }

  /**
   * @param ignored start-up parameters that it takes from a client and forgets
   */
  static PgBouncer before(TestPostgres server, String ignored) {
    Path program =
        PLACES.stream().map(Path::of).filter(Files::isExecutable).findFirst().orElse(null);
    Assumptions.assumeTrue(
        program != null, "PgBouncer is not installed (Debian's package pgbouncer): " + PLACES);
    try {
      Path directory = Files.createTempDirectory("pgbouncer-test-");
      int port = freePort();
      Path settings = directory.resolve("pgbouncer.ini");
      Files.createFile(
          settings,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.writeString(settings, settings(server, port, ignored));
      List<String> command = new ArrayList<>(List.of(program.toString(), "-q"));
      if (Files.getAttribute(settings, "unix:uid").equals(0)) {
        command.addAll(List.of("-u", "nobody"));
      }
      command.add(settings.toString());
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("log").toFile())
              .start();
      PgBouncer bouncer = new PgBouncer(process, directory, port);
      bouncer.awaitStart();
      return bouncer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String settings(TestPostgres server, int port, String ignored) {
    return """
        [databases]
        * = host=%s port=%d user=%s password=%s
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = %d
        unix_socket_dir =
        auth_type = any
        pool_mode = transaction
        default_pool_size = %d
        max_client_conn = 200
        ignore_startup_parameters = %s
        """
        .formatted(
            server.host(),
            server.port(),
            server.user(),
            server.password(),
            port,
            SERVER_CONNECTIONS,
            ignored);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private void awaitStart() throws IOException {
    long end = System.nanoTime() + START_LIMIT.toNanos();
    while (true) {
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException e) {
        if (!process.isAlive() || System.nanoTime() > end) {
          String log = Files.readString(directory.resolve("log"));
          close();
          throw new IllegalStateException("PgBouncer did not start: " + log, e);
        }
        Thread.onSpinWait();
      }
    }
  }

  int port() {
    return port;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
