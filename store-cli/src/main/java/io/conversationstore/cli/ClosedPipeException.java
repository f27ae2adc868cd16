package io.conversationstore.cli;

import java.io.IOException;
import java.io.UncheckedIOException;

/** The reader of the program's output ended. */
final class ClosedPipeException extends UncheckedIOException {

  private static final long serialVersionUID = 1L;

  ClosedPipeException(IOException cause) {
    super(cause);
  }
}
