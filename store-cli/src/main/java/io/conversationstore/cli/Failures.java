package io.conversationstore.cli;

import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreLockedException;
import io.conversationstore.StoreUnavailableException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.jspecify.annotations.Nullable;

/** Explains a failure in one line, with what to do next, and gives its exit code. */
final class Failures {

  private static final String NAME = "conversations: ";

  private Failures() {}

  /** Writes the line, and with {@code --debug} the stack trace; nothing for a closed pipe. */
  static int explain(Exception e, Context context) {
    Screen screen = context.screen();
    if (e instanceof ClosedPipeException) {
      return ExitCode.CLOSED_PIPE;
    }
    try {
      screen.out().flush();
    } catch (ClosedPipeException closed) {
      return ExitCode.CLOSED_PIPE;
    }
    int exitCode = exitCode(e);
    String message = message(e);
    screen.err().println(NAME + message);
    if (context.options().debug) {
      e.printStackTrace(screen.err());
    } else if (exitCode == ExitCode.BUG) {
      screen.err().println("This is a bug. Run it again with --debug to see where.");
    }
    return exitCode;
  }

  private static int exitCode(Throwable e) {
    if (e instanceof CommandException command) {
      return command.exitCode();
    }
    if (e instanceof InterruptedRunException) {
      return ExitCode.INTERRUPTED;
    }
    if (e instanceof ConversationNotFoundException) {
      return ExitCode.NOT_FOUND;
    }
    if (e instanceof StoreConfigurationException) {
      return ExitCode.CONFIGURATION;
    }
    if (e instanceof StoreDamagedException) {
      return ExitCode.DAMAGED;
    }
    if (e instanceof StoreLockedException) {
      return ExitCode.UNAVAILABLE;
    }
    if (e instanceof StoreUnavailableException) {
      return noSpace(e) != null ? ExitCode.FILE : ExitCode.UNAVAILABLE;
    }
    if (e instanceof IOException || e instanceof UncheckedIOException) {
      return ExitCode.FILE;
    }
    return e instanceof IllegalArgumentException ? ExitCode.USAGE : ExitCode.BUG;
  }

  private static String message(Exception e) {
    if (e instanceof UncheckedIOException unchecked && unchecked.getCause() != null) {
      return file(unchecked.getCause());
    }
    if (e instanceof IOException io) {
      return file(io);
    }
    String message =
        inWordsOfProgram(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
    if (e instanceof StoreDamagedException) {
      return message + advice(message, "Run 'conversations verify' to see the damage");
    }
    if (e instanceof StoreLockedException) {
      return message
          + advice(
              message,
              "Stop the other program, or use the database alone with --database and no --dir");
    }
    if (e instanceof StoreUnavailableException) {
      Throwable full = noSpace(e);
      return full == null ? message : message + ": no space left on device; free some and repeat";
    }
    return exitCode(e) == ExitCode.BUG ? e.getClass().getSimpleName() + ": " + message : message;
  }

  /** The stores name calls of their API where the program has commands. */
  private static String inWordsOfProgram(String message) {
    return message
        .replace(
            "use a newer library, or see PostgresStore.writeSchemaUndo",
            "use a newer version of this program, or go back with 'conversations migrate sql"
                + " --undo-to'")
        .replace(
            "see PostgresStore.writeSchema",
            "run 'conversations migrate run', or print the SQL with 'conversations migrate sql'");
  }

  private static String advice(String message, String advice) {
    return (message.endsWith(".") ? " " : ". ") + advice;
  }

  private static @Nullable Throwable noSpace(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      String message = cause.getMessage();
      if (cause instanceof IOException
          && message != null
          && (message.contains("No space left") || message.contains("not enough space"))) {
        return cause;
      }
    }
    return null;
  }

  /** The error of a file in words: the names of Java's exceptions are no help. */
  static String file(IOException e) {
    String name = e instanceof FileSystemException of && of.getFile() != null ? of.getFile() : "";
    if (e instanceof NoSuchFileException) {
      return name + " does not exist; check the path";
    }
    if (e instanceof AccessDeniedException) {
      return name + ": permission denied";
    }
    if (noSpace(e) != null) {
      return (name.isEmpty() ? "" : name + ": ") + "no space left on device; free some and repeat";
    }
    String message = e.getMessage();
    return message == null || message.isBlank() ? e.getClass().getSimpleName() : message;
  }
}
