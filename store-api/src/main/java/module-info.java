/** Conversations, messages, and the store that keeps them. */
module io.conversationstore {
  requires transitive com.fasterxml.jackson.databind;
  requires static transitive org.jspecify;

  exports io.conversationstore;
  exports io.conversationstore.spi;
}
