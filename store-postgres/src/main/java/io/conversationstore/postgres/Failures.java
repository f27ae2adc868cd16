package io.conversationstore.postgres;

import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Interprets errors of the driver. The driver's error text can hold bound values, so it is never
 * passed on: exceptions name the SQLSTATE, the constraint and the class of the cause.
 */
final class Failures {

  private static final Set<String> CONTENTION = Set.of("40001", "40P01", "55P03");
  private static final Set<String> STALE_SESSION = Set.of("57P05", "25P03", "25P04", "26000");
  private static final Set<String> SESSION_OVER = Set.of("25006", "25P03", "25P04");
  private static final Pattern CONSTRAINT = Pattern.compile("constraint \"([A-Za-z0-9_]{1,63})\"");
  private static final String NO_STATE = "none";

  private Failures() {}

  /** An error without the driver's text, for causes that may be logged. */
  static final class Redacted extends SQLException {
    private static final long serialVersionUID = 1;

    /** Whether an operator has to fix it; waiting does not help. */
    private final boolean misconfigured;

    Redacted(SQLException original) {
      super(describe(original), meaning(original));
      SetupFault fault = SetupFault.of(original);
      misconfigured = isMisconfigured(original) || (fault != null && fault.misconfigured());
      setStackTrace(original.getStackTrace());
    }

    private static boolean isMisconfigured(SQLException e) {
      for (Throwable t = e; t != null; t = t.getCause()) {
        if (t instanceof Redacted redacted && redacted.misconfigured) {
          return true;
        }
      }
      return false;
    }

    private static @Nullable String meaning(SQLException original) {
      String state = state(original);
      if (!state.equals(NO_STATE)) {
        return state;
      }
      return ioCause(original) != null ? "08001" : null;
    }
  }

  /** All connections of a pool are in use, but the database answers. */
  static final class PoolBusy extends SQLTransientConnectionException {
    private static final long serialVersionUID = 1;

    PoolBusy() {
      super("all connections of the pool are in use");
    }
  }

  /** The caller was interrupted, which says nothing about the database. */
  static final class Interrupted extends SQLTransientConnectionException {
    private static final long serialVersionUID = 1;

    Interrupted() {
      super("the caller was interrupted");
    }
  }

  /** The same error without the driver's text, with its meaning kept. */
  static SQLException redacted(SQLException e) {
    return isInterrupted(e) ? new Interrupted() : new Redacted(e);
  }

  /**
   * Whether a call failed because its thread was interrupted while waiting for the pool or, in a
   * virtual thread, for the server: the JDK then closes the socket.
   */
  static boolean isInterrupted(SQLException e) {
    if (e instanceof Interrupted || e.getCause() instanceof InterruptedException) {
      return true;
    }
    return Thread.currentThread().isInterrupted() && isSocketClosed(e);
  }

  /** Whether an open socket failed. */
  private static boolean isSocketClosed(SQLException e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof SocketException && !(t instanceof ConnectException)) {
        return true;
      }
    }
    return false;
  }

  static String state(SQLException e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql) {
        String state = sql.getSQLState();
        // The driver uses an empty one for errors without a state.
        if (state != null && state.length() == 5) {
          return state;
        }
      }
    }
    return NO_STATE;
  }

  static boolean isContention(SQLException e) {
    return CONTENTION.contains(state(e));
  }

  /** Whether a row lock or another lock was not obtained in time. */
  static boolean isLockTimeout(SQLException e) {
    return state(e).equals("55P03");
  }

  /**
   * Whether the session is unusable and nothing of the work was committed: the session or its
   * transaction was idle too long, the transaction took too long, or the server forgot a prepared
   * statement.
   */
  static boolean isStaleSession(SQLException e) {
    String state = state(e);
    return STALE_SESSION.contains(state) || (state.equals("0A000") && mentionsCachedPlan(e));
  }

  private static boolean mentionsCachedPlan(SQLException e) {
    String text = e.getMessage();
    return text != null && text.contains("cached plan");
  }

  /** Whether the connection must not be used again. */
  static boolean breaksConnection(SQLException e) {
    String state = state(e);
    return state.startsWith("08")
        || state.startsWith("57P")
        || state.startsWith("58")
        || state.equals("25006")
        || isStaleSession(e)
        || ioCause(e) != null;
  }

  /** Whether other connections may be dead too. */
  static boolean losesDatabase(SQLException e) {
    String state = state(e);
    return state.startsWith("08")
        || (state.startsWith("57P0") && !isStaleSession(e))
        || ioCause(e) != null;
  }

  /**
   * Converts an error to the exception for callers.
   *
   * @param write whether a write may have been sent
   */
  static RuntimeException of(SQLException e, boolean write) {
    if (isInterrupted(e)) {
      return new EngineFailureException(
          FailureKind.CONTENTION, write, "the caller was interrupted", new Interrupted());
    }
    String state = state(e);
    FailureKind kind = kind(e, state);
    if (kind == null) {
      return new IllegalArgumentException("the database rejected a value: " + describe(e));
    }
    boolean unknown =
        write
            && (state.startsWith("08")
                || state.startsWith("57P")
                || state.equals(NO_STATE)
                || ioCause(e) != null);
    return new EngineFailureException(
        kind, unknown, text(kind) + ": " + describe(e), new Redacted(e));
  }

  private static @Nullable FailureKind kind(SQLException e, String state) {
    if (CONTENTION.contains(state) || e instanceof PoolBusy) {
      return FailureKind.CONTENTION;
    } else if (new Redacted(e).misconfigured) {
      return FailureKind.MISCONFIGURED;
    } else if (state.equals("57014")) {
      return FailureKind.SLOW;
    } else if (SESSION_OVER.contains(state) || state.startsWith("57P")) {
      return FailureKind.UNAVAILABLE;
    }
    return switch (state.substring(0, 2)) {
      case "08", "53", "58" -> FailureKind.UNAVAILABLE;
      case "28", "3D", "3F", "42" -> FailureKind.MISCONFIGURED;
      case "22", "23", "54" -> null;
      default ->
          ioCause(e) != null || e instanceof SQLTransientConnectionException
              ? FailureKind.UNAVAILABLE
              : FailureKind.UNEXPECTED;
    };
  }

  private static String text(FailureKind kind) {
    return switch (kind) {
      case UNAVAILABLE -> "the database is not available";
      case SLOW -> "the database took too long";
      case CONTENTION -> "the database is busy with other writers";
      case MISCONFIGURED -> "the database is not set up for the store";
      case UNEXPECTED -> "the database refused the call";
    };
  }

  private static @Nullable Throwable ioCause(SQLException e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof IOException) {
        return t;
      }
    }
    return null;
  }

  /**
   * SQLSTATE, constraint, class of the cause and the meaning; nothing else of the driver's text.
   */
  static String describe(SQLException e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof Redacted || t instanceof PoolBusy || t instanceof Interrupted) {
        return String.valueOf(t.getMessage());
      }
    }
    StringBuilder text = new StringBuilder("SQLSTATE ").append(state(e));
    Matcher constraint = CONSTRAINT.matcher(String.valueOf(e.getMessage()));
    if (state(e).startsWith("23") && constraint.find()) {
      text.append(", constraint ").append(constraint.group(1));
    }
    Throwable io = ioCause(e);
    if (io != null) {
      text.append(", ").append(io.getClass().getSimpleName());
    }
    SetupFault fault = SetupFault.of(e);
    if (fault != null) {
      text.append(": ").append(fault.words());
    }
    return text.toString();
  }
}
