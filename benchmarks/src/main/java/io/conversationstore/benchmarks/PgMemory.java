package io.conversationstore.benchmarks;

import java.util.List;

/** A memory of chats in PostgreSQL, as applications have it. Thread-safe. */
interface PgMemory extends AutoCloseable {

  String name();

  void append(String conversation, String text) throws Exception;

  /** Reads the last 20 messages; returns how many there were. */
  int last20(String conversation) throws Exception;

  /** The texts of all messages. */
  List<String> all(String conversation) throws Exception;

  /** Makes a conversation of these messages. */
  void load(String conversation, List<String> texts) throws Exception;

  @Override
  void close();

  /** This store and what people run today, each in a database of its own. */
  static List<PgMemory> all(PgServer server) throws Exception {
    return List.of(
        new PgStoreMemory(server), new PgSpringMemory(server), new PgLangChainMemory(server));
  }
}
