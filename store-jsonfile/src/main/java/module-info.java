/** Conversations in local JSON Lines files. */
module io.conversationstore.jsonfile {
  requires com.fasterxml.jackson.core;
  requires com.github.benmanes.caffeine;
  requires org.slf4j;
  requires transitive io.conversationstore;
  requires static transitive org.jspecify;

  exports io.conversationstore.jsonfile;
}
