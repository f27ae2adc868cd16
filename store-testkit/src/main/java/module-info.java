/** Contract suite, reference model and helpers for testing stores. */
module io.conversationstore.testkit {
  requires embedded.postgres;
  requires java.sql;
  requires org.postgresql.jdbc;
  requires testcontainers.postgresql;
  requires transitive io.conversationstore;
  requires transitive org.assertj.core;
  requires transitive org.junit.jupiter.api;
  requires transitive org.junit.jupiter.params;
  requires static transitive org.jspecify;

  exports io.conversationstore.testkit;
}
