package io.conversationstore.spring.boot;

import io.conversationstore.ConversationStore;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * What a native image needs of the store: its SQL, and the proxy of {@link ObservedStore}. The
 * libraries below the store have their metadata in GraalVM's repository.
 */
final class ConversationStoreRuntimeHints implements RuntimeHintsRegistrar {

  @Override
  public void registerHints(RuntimeHints hints, @Nullable ClassLoader classes) {
    hints.resources().registerPattern("io/conversationstore/postgres/objects.txt");
    hints.resources().registerPattern("io/conversationstore/postgres/migration/*.sql");
    hints.proxies().registerJdkProxy(ConversationStore.class);
  }
}
