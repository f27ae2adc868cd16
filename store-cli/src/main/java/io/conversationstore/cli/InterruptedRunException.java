package io.conversationstore.cli;

/** The user ended the command with Ctrl-C. */
final class InterruptedRunException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  InterruptedRunException(String message) {
    super(message);
  }
}
