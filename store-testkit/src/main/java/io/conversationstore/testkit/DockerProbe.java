package io.conversationstore.testkit;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.testcontainers.DockerClientFactory;

/**
 * Whether Docker answers. First looks for a listener: without Docker, Testcontainers would take
 * seconds and log stack traces, so it is not loaded.
 */
final class DockerProbe implements BooleanSupplier {

  private static final Logger log = LoggerFactory.getLogger(DockerProbe.class);
  private static final int CONNECT_MILLIS = 1_000;

  private final Map<String, String> environment;

  DockerProbe(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  @Override
  public boolean getAsBoolean() {
    if (!somethingListens()) {
      return false;
    }
    try {
      return DockerClientFactory.instance().isDockerAvailable();
    } catch (RuntimeException | LinkageError e) {
      log.info("Docker is installed, but Testcontainers cannot use it: {}", e.toString());
      return false;
    }
  }

  private boolean somethingListens() {
    String host = environment.getOrDefault("DOCKER_HOST", "").strip();
    if (!host.isEmpty()) {
      return hostListens(host);
    }
    return usualSockets().stream().anyMatch(DockerProbe::socketListens);
  }

  private static boolean hostListens(String dockerHost) {
    URI uri;
    try {
      uri = URI.create(dockerHost);
    } catch (IllegalArgumentException e) {
      return false;
    }
    String scheme = String.valueOf(uri.getScheme());
    if (scheme.equals("unix")) {
      return socketListens(Path.of(uri.getPath()));
    }
    if (uri.getHost() == null || uri.getPort() < 0) {
      // ssh, npipe, a default port: only Testcontainers can check these.
      return true;
    }
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), CONNECT_MILLIS);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private List<Path> usualSockets() {
    List<Path> paths = new ArrayList<>();
    paths.add(Path.of("/var/run/docker.sock"));
    String runtime = environment.get("XDG_RUNTIME_DIR");
    if (runtime != null) {
      paths.add(Path.of(runtime, "docker.sock"));
    }
    String home = System.getProperty("user.home", "/");
    paths.add(Path.of(home, ".docker", "run", "docker.sock"));
    paths.add(Path.of(home, ".docker", "desktop", "docker.sock"));
    if (Platform.isWindows()) {
      paths.add(Path.of("\\\\.\\pipe\\docker_engine"));
    }
    return paths;
  }

  private static boolean socketListens(Path path) {
    if (!Files.exists(path)) {
      return false;
    }
    if (Platform.isWindows()) {
      return true;
    }
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
      return channel.isConnected();
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }
}
