package io.conversationstore.adk;

import io.conversationstore.UnknownWhileOfflineException;
import java.util.Optional;
import java.util.function.Supplier;

/** What a read answers that only the database can answer, while it is away. */
enum Unknown {
  /** As if there were nothing. */
  LOOKS_EMPTY,
  /** With the error of the store. */
  FAILS;

  /** The answer, or nothing if it is unknown and looks empty. */
  <T> Optional<T> ask(Supplier<T> answer) {
    try {
      return Optional.of(answer.get());
    } catch (UnknownWhileOfflineException e) {
      if (this == FAILS) {
        throw e;
      }
      return Optional.empty();
    }
  }
}
