package io.conversationstore.testkit;

import java.io.IOException;

/** Work that may fail with an {@link IOException}. */
@FunctionalInterface
interface IoAction {
  void run() throws IOException;
}
