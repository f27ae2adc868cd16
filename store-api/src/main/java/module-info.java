/** The model of Conversation Store and the interface that every store implements. */
@SuppressWarnings("module") // The stores are compiled after this module.
module io.conversationstore {
  requires transitive com.fasterxml.jackson.databind;
  requires static transitive org.jspecify;

  exports io.conversationstore;
  exports io.conversationstore.internal to
      io.conversationstore.hybrid,
      io.conversationstore.jsonfile,
      io.conversationstore.postgres,
      io.conversationstore.testkit;
  exports io.conversationstore.json;
  exports io.conversationstore.spi;
  exports io.conversationstore.transfer;
}
