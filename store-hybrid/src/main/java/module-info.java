/** PostgreSQL with a local copy that takes over while the database is away. */
module io.conversationstore.hybrid {
  requires io.github.resilience4j.core;
  requires org.slf4j;
  requires transitive io.conversationstore;
  requires transitive io.conversationstore.jsonfile;
  requires transitive io.conversationstore.postgres;
  requires transitive io.github.resilience4j.circuitbreaker;
  // Optional: not transitive, so that a module without Micrometer can require this one.
  requires static micrometer.core;
  requires static transitive org.jspecify;

  exports io.conversationstore.hybrid;
}
