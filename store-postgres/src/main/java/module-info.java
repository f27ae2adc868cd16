/** Conversations in PostgreSQL. */
module io.conversationstore.postgres {
  requires com.zaxxer.hikari;
  requires flyway.core;
  requires org.postgresql.jdbc;
  requires org.slf4j;
  requires transitive io.conversationstore;
  requires transitive java.sql;
  requires static transitive org.jspecify;

  exports io.conversationstore.postgres;
}
