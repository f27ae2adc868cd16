package io.conversationstore.langchain4j;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreUnavailableException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A store that counts its calls, and loses answers on demand. */
final class CountingStore {

  /** How the next append fails. */
  enum Loss {
    NONE,
    /** The call never arrives. */
    CALL,
    /** The store has appended; the answer is lost. */
    ANSWER
  }

  private static final Set<String> SEEN = Set.of("messages", "append", "findMessage", "delete");

  private final ConversationStore below;
  private final List<String> calls = new ArrayList<>();
  private Loss loss = Loss.NONE;

  CountingStore(ConversationStore below) {
    this.below = below;
  }

  ConversationStore store() {
    return (ConversationStore)
        Proxy.newProxyInstance(
            ConversationStore.class.getClassLoader(),
            new Class<?>[] {ConversationStore.class},
            (proxy, method, arguments) -> {
              Loss now = method.getName().equals("append") ? take() : Loss.NONE;
              if (SEEN.contains(method.getName())) {
                calls.add(method.getName());
              }
              if (now == Loss.CALL) {
                throw new StoreUnavailableException("the call was lost", null);
              }
              Object answer;
              try {
                answer = method.invoke(below, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
              if (now == Loss.ANSWER) {
                throw new StoreUnavailableException("the answer was lost", null);
              }
              return answer;
            });
  }

  private Loss take() {
    Loss now = loss;
    loss = Loss.NONE;
    return now;
  }

  void loseNext(Loss what) {
    loss = what;
  }

  /** The calls since the last time. */
  List<String> calls() {
    List<String> taken = List.copyOf(calls);
    calls.clear();
    return taken;
  }
}
