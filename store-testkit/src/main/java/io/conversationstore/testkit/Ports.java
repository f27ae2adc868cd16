package io.conversationstore.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Free TCP ports on loopback that stay free while nobody listens on them. They lie below the ranges
 * that Linux (32768), macOS and Windows (49152) use for outgoing connections, so no other
 * connection takes a server's port during a restart.
 */
final class Ports {

  private static final int LOWEST = 15_000;
  private static final int BEYOND = 32_000;
  private static final int ATTEMPTS = 200;

  private Ports() {}

  static int free() {
    for (int i = 0; i < ATTEMPTS; i++) {
      int port = ThreadLocalRandom.current().nextInt(LOWEST, BEYOND);
      try (ServerSocket socket = listen(port)) {
        return socket.getLocalPort();
      } catch (IOException e) {
        // Taken: try the next one.
      }
    }
    throw new UncheckedIOException(
        new IOException("no free port between " + LOWEST + " and " + BEYOND));
  }

  /** Listens on loopback, even right after connections to this port were closed. */
  static ServerSocket listen(int port) throws IOException {
    ServerSocket socket = new ServerSocket();
    try {
      socket.setReuseAddress(!Platform.isWindows());
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }
}
