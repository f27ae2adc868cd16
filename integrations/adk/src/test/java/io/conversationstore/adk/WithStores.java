package io.conversationstore.adk;

import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests that open stores: a server for the class, a database and a directory for each test. */
abstract class WithStores {

  private static TestPostgres server;

  @TempDir Path directory;
  Stores stores;

  @BeforeAll
  static void start() {
    server = TestPostgres.builder().start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void open() {
    stores = new Stores(server, directory);
  }

  @AfterEach
  void close() {
    stores.close();
  }
}
