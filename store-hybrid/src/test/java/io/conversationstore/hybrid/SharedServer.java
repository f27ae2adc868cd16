package io.conversationstore.hybrid;

import io.conversationstore.testkit.TestPostgres;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** One server for all test classes that leave it unchanged; it ends with the last of them. */
final class SharedServer implements BeforeAllCallback {

  /** Closed by JUnit. */
  private record Running(TestPostgres server) implements AutoCloseable {
    @Override
    public void close() {
      server.close();
    }
  }

  private static volatile TestPostgres server;

  /** The server, for tests extended with this class. */
  static TestPostgres get() {
    return server;
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    server =
        context
            .getRoot()
            .getStore(ExtensionContext.Namespace.create(SharedServer.class))
            .computeIfAbsent(
                Running.class, key -> new Running(TestPostgres.builder().start()), Running.class)
            .server();
  }
}
