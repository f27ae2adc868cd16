package io.conversationstore.spring.boot;

import io.conversationstore.hybrid.HybridOptions;

/**
 * Changes the options of a hybrid store before the store opens. Declare it as a bean; several are
 * called in their order.
 */
@FunctionalInterface
public interface HybridOptionsCustomizer {

  /** Returns the options to use. */
  HybridOptions customize(HybridOptions options);
}
