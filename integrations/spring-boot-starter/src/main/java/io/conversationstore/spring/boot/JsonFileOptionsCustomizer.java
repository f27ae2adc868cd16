package io.conversationstore.spring.boot;

import io.conversationstore.jsonfile.JsonFileOptions;

/**
 * Changes the options of the local files before the store opens. Declare it as a bean; several are
 * called in their order.
 */
@FunctionalInterface
public interface JsonFileOptionsCustomizer {

  /** Returns the options to use. */
  JsonFileOptions customize(JsonFileOptions options);
}
