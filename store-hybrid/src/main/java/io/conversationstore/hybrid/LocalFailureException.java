package io.conversationstore.hybrid;

import io.conversationstore.StoreUnavailableException;
import io.conversationstore.spi.EngineFailureException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The local files failed in a place where a failure of the database is expected as well: it says
 * nothing about the database, which goes on being used.
 */
final class LocalFailureException extends StoreUnavailableException {

  private static final long serialVersionUID = 1;

  private LocalFailureException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  private LocalFailureException(EngineFailureException cause) {
    this("the local files failed: " + cause.getMessage(), cause);
  }

  /** The copy did not take states; why was told to the log. */
  static LocalFailureException notMirrored() {
    return new LocalFailureException("the local copy does not take what was sent", null);
  }

  /** Asks the local files for something. */
  static <T> T guard(Supplier<T> action) {
    try {
      return action.get();
    } catch (EngineFailureException e) {
      throw new LocalFailureException(e);
    }
  }

  /** Makes the local files do something. */
  static void guard(Runnable action) {
    try {
      action.run();
    } catch (EngineFailureException e) {
      throw new LocalFailureException(e);
    }
  }
}
