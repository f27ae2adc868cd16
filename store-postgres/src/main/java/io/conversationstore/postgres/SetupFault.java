package io.conversationstore.postgres;

import java.io.FileNotFoundException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.NoSuchFileException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.sql.SQLException;
import java.util.regex.Pattern;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.GT;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * The reason for a failed connection, in this library's words: texts of the driver and the server
 * depend on the locale and may hold values.
 *
 * @param words the reason, for an operator
 * @param misconfigured whether a setting has to change, here or in the server
 */
record SetupFault(String words, boolean misconfigured) {

  private static final Pattern NO_TLS = text("The server does not support SSL.");
  private static final Pattern OTHER_HOST =
      text("The hostname {0} could not be verified by hostnameverifier {1}.");
  private static final Pattern NO_PRIMARY =
      text("Could not find a server with specified targetServerType: {0}");
  private static final Pattern NO_PASSWORD =
      text("The server requested SCRAM-based authentication, but no password was provided.");
  private static final Pattern NO_PLAIN_PASSWORD =
      text("The server requested password-based authentication, but no password was provided.");

  /** Null if there is nothing to add to the SQLSTATE. */
  static @Nullable SetupFault of(SQLException e) {
    SetupFault tls = tls(e);
    if (tls != null) {
      return tls;
    }
    SetupFault refused = refused(e);
    return refused != null ? refused : network(e);
  }

  private static @Nullable SetupFault tls(SQLException e) {
    if (says(e, NO_TLS)) {
      return wrong("the server offers no TLS, but sslmode requires it");
    }
    if (says(e, OTHER_HOST)) {
      return wrong(
          "the certificate of the server is for another host name; connect by that name, or set"
              + " sslmode=verify-ca");
    }
    if (has(e, CertificateExpiredException.class)) {
      return wrong("the server's certificate has expired");
    }
    if (has(e, CertPathBuilderException.class)
        || has(e, CertPathValidatorException.class)
        || has(e, CertificateException.class)) {
      return wrong("no certificate in sslrootcert signed the certificate of the server");
    }
    if (has(e, FileNotFoundException.class) || has(e, NoSuchFileException.class)) {
      return wrong("a file of sslrootcert, sslcert or sslkey cannot be read");
    }
    return has(e, SSLException.class) ? wrong("TLS could not be set up with the server") : null;
  }

  private static @Nullable SetupFault refused(SQLException e) {
    if (says(e, NO_PASSWORD) || says(e, NO_PLAIN_PASSWORD)) {
      return wrong("the server requires a password, but none is set");
    }
    return switch (Failures.state(e)) {
      case "3D000" -> wrong("the server has no database of this name");
      case "28P01" -> wrong("the password is wrong, or the role does not exist");
      case "28000" ->
          wrong(
              isFrom(e, "InitializeSessionUserId")
                  ? "the role does not exist, or it is not allowed to log in"
                  : "pg_hba.conf of the server does not allow this role, host and sslmode");
      case "42501" ->
          isFrom(e, "CheckMyDatabase")
              ? wrong("the role lacks the privilege CONNECT on the database")
              : null;
      case "53300" -> passing("the server has no free connection");
      case "57P03" -> passing("the server is starting up or shutting down");
      case "25006" -> passing("the server accepts no writes: it is read-only or a standby");
      default ->
          says(e, NO_PRIMARY)
              ? passing("none of the servers accepts writes (targetServerType)")
              : null;
    };
  }

  private static @Nullable SetupFault network(SQLException e) {
    if (has(e, UnknownHostException.class)) {
      return passing("the host name is unknown");
    }
    if (has(e, SocketTimeoutException.class)) {
      return passing("the server did not answer in time");
    }
    if (has(e, NoRouteToHostException.class)) {
      return passing("there is no route to the host");
    }
    return has(e, ConnectException.class)
        ? passing("no server accepts connections at this host and port")
        : null;
  }

  private static SetupFault wrong(String words) {
    return new SetupFault(words, true);
  }

  private static SetupFault passing(String words) {
    return new SetupFault(words, false);
  }

  private static boolean has(SQLException e, Class<? extends Throwable> type) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (type.isInstance(t)) {
        return true;
      }
    }
    return false;
  }

  private static boolean says(SQLException e, Pattern text) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof PSQLException && text.matcher(String.valueOf(t.getMessage())).matches()) {
        return true;
      }
    }
    return false;
  }

  /** Whether a function of the server raised the error: its name is the same in all languages. */
  private static boolean isFrom(SQLException e, String routine) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof PSQLException driver) {
        ServerErrorMessage message = driver.getServerErrorMessage();
        if (message != null && routine.equals(message.getRoutine())) {
          return true;
        }
      }
    }
    return false;
  }

  /** Matches a translated text of the driver, with any values for its arguments. */
  private static Pattern text(String template) {
    String translated = GT.tr(template, "\u0001", "\u0001");
    StringBuilder pattern = new StringBuilder();
    for (String piece : translated.split("\u0001", -1)) {
      pattern.append(pattern.isEmpty() ? "" : ".*").append(Pattern.quote(piece));
    }
    return Pattern.compile(pattern.toString(), Pattern.DOTALL);
  }
}
