package io.conversationstore.spring.boot.test;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import org.springframework.stereotype.Service;

/** A service of the application: not in the slice, unless a test asks for it. */
@Service
class Orders {

  private final ConversationStore store;

  Orders(ConversationStore store) {
    this.store = store;
  }

  void order(String text) {
    store.append(Shop.ALICE, NewConversation.ofId("orders"), Message.user(text));
  }
}
