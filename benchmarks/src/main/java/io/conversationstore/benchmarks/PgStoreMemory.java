package io.conversationstore.benchmarks;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.StoredMessage;
import java.util.List;

/** This library's store. */
final class PgStoreMemory implements PgMemory {

  static final String NAME = "store";

  private final ConversationStore store;

  PgStoreMemory(PgServer server) {
    this.store = server.open(server.database());
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public void append(String conversation, String text) {
    store.append(PgServer.OWNER, conversation, Message.user(text));
  }

  @Override
  public int last20(String conversation) {
    return store.last(PgServer.OWNER, conversation, 20).size();
  }

  @Override
  public List<String> all(String conversation) {
    return store.messages(PgServer.OWNER, conversation, MessageQuery.last(1_000)).stream()
        .map(StoredMessage::text)
        .toList();
  }

  @Override
  public void load(String conversation, List<String> texts) {
    store.save(
        PgServer.OWNER,
        List.of(
            ConversationDocument.of(
                NewConversation.ofId(conversation), texts.stream().map(Message::user).toList())));
  }

  @Override
  public void close() {
    store.close();
  }
}
