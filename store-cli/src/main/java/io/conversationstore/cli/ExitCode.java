package io.conversationstore.cli;

/** The exit codes of the program, listed in docs/command-line.md. */
final class ExitCode {

  static final int OK = 0;

  /** The command worked and found something wrong, such as a bad record or damage. */
  static final int FINDINGS = 1;

  /** The arguments are wrong. */
  static final int USAGE = 2;

  /** The store, file or conversation does not exist. */
  static final int NOT_FOUND = 3;

  /** The database is away, or another process uses the directory. */
  static final int UNAVAILABLE = 4;

  /** The local files are damaged. */
  static final int DAMAGED = 5;

  /** A setting is wrong. */
  static final int CONFIGURATION = 6;

  /** A file cannot be read or written, for example because the disk is full. */
  static final int FILE = 7;

  /** Nothing was done, because it was not confirmed. */
  static final int NOT_CONFIRMED = 8;

  /** A bug of the program. */
  static final int BUG = 70;

  /** Ended by the user with Ctrl-C. */
  static final int INTERRUPTED = 130;

  /** The reader of the output ended, as {@code head} does. */
  static final int CLOSED_PIPE = 141;

  private ExitCode() {}
}
