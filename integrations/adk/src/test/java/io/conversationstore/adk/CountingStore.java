package io.conversationstore.adk;

import io.conversationstore.ConversationStore;
import io.conversationstore.Page;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;

/** A store that counts the messages that are read. */
final class CountingStore {

  private final ConversationStore below;
  private int messages;

  CountingStore(ConversationStore below) {
    this.below = below;
  }

  ConversationStore store() {
    return (ConversationStore)
        Proxy.newProxyInstance(
            ConversationStore.class.getClassLoader(),
            new Class<?>[] {ConversationStore.class},
            (proxy, method, arguments) -> {
              Object answer;
              try {
                answer = method.invoke(below, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
              if (method.getName().equals("messages")) {
                messages += ((Page<?>) answer).size();
              }
              return answer;
            });
  }

  /** The messages read since the last call. */
  int messagesRead() {
    int read = messages;
    messages = 0;
    return read;
  }
}
