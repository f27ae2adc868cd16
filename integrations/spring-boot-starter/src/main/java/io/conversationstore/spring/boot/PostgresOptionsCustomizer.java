package io.conversationstore.spring.boot;

import io.conversationstore.postgres.PostgresOptions;

/**
 * Changes the options of PostgreSQL before the store opens. Declare it as a bean; several are
 * called in their order.
 */
@FunctionalInterface
public interface PostgresOptionsCustomizer {

  /** Returns the options to use. */
  PostgresOptions customize(PostgresOptions options);
}
