package io.conversationstore.spring.boot;

import org.springframework.boot.autoconfigure.service.connection.ConnectionDetails;

/**
 * The database of the store. A bean of this type replaces the properties {@code url}, {@code
 * username}, {@code password} and {@code use-data-source}. The module for tests makes one for a
 * PostgreSQL container with {@code @ServiceConnection}.
 */
public interface ConversationStoreConnectionDetails extends ConnectionDetails {

  /** The JDBC URL, such as {@code jdbc:postgresql://localhost:32768/test}. */
  String jdbcUrl();

  /** The user of the database. */
  String username();

  /** The password of the user; empty if the database asks for none. */
  String password();
}
