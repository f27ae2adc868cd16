package io.conversationstore.hybrid.internal.support;

import io.conversationstore.StoreUnavailableException;
import io.conversationstore.spi.EngineFailureException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The local files failed during a call that may also fail because of the database. It says nothing
 * about the database, which stays in use.
 */
public final class LocalFailureException extends StoreUnavailableException {

  private static final long serialVersionUID = 1;

  private LocalFailureException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  private LocalFailureException(EngineFailureException cause) {
    this("the local files failed: " + cause.getMessage(), cause);
  }

  /** The copy did not take states; the reason was logged. */
  public static LocalFailureException notMirrored() {
    return new LocalFailureException(
        "the local copy does not accept the changes that were sent", null);
  }

  /** Reads from the local files. */
  public static <T> T guard(Supplier<T> action) {
    try {
      return action.get();
    } catch (EngineFailureException e) {
      throw new LocalFailureException(e);
    }
  }

  /** Writes to the local files. */
  public static void guard(Runnable action) {
    try {
      action.run();
    } catch (EngineFailureException e) {
      throw new LocalFailureException(e);
    }
  }
}
