package io.conversationstore.testkit;

import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the PostgreSQL server for a test. Pure: depends only on its arguments. Immutable and
 * thread-safe.
 *
 * <p>The order is:
 *
 * <ol>
 *   <li>the test requires its own server (control over the process, settings, data): {@link
 *       Kind#EMBEDDED}, whatever else is available;
 *   <li>{@value #URL} is set and not blank: {@link Kind#EXTERNAL};
 *   <li>Docker answers: {@link Kind#CONTAINER};
 *   <li>otherwise {@link Kind#EMBEDDED}.
 * </ol>
 *
 * @param kind the choice
 * @param url the JDBC URL, only for {@link Kind#EXTERNAL}
 * @param user the user given separately from the URL, if any
 * @param password the password given separately from the URL, if any
 */
record ServerChoice(
    Kind kind, @Nullable String url, @Nullable String user, @Nullable String password) {

  static final String URL = "STORE_TEST_JDBC_URL";
  static final String USER = "STORE_TEST_JDBC_USER";
  static final String PASSWORD = "STORE_TEST_JDBC_PASSWORD";

  private static final String URL_PREFIX = "jdbc:postgresql:";

  enum Kind {
    EXTERNAL,
    CONTAINER,
    EMBEDDED
  }

  /**
   * Chooses.
   *
   * @param environment names and values as in {@link System#getenv()}
   * @param dockerAnswers called only if the choice depends on it, because it takes time
   * @param ownProcess whether the test requires its own server process
   * @throws IllegalArgumentException if the URL is not for PostgreSQL; the message omits the URL,
   *     which may contain a password
   */
  static ServerChoice decide(
      Map<String, String> environment, BooleanSupplier dockerAnswers, boolean ownProcess) {
    if (ownProcess) {
      return new ServerChoice(Kind.EMBEDDED, null, null, null);
    }
    String url = environment.getOrDefault(URL, "").strip();
    if (!url.isEmpty()) {
      if (!url.startsWith(URL_PREFIX)) {
        throw new IllegalArgumentException(URL + " does not start with " + URL_PREFIX);
      }
      return new ServerChoice(Kind.EXTERNAL, url, environment.get(USER), environment.get(PASSWORD));
    }
    Kind kind = dockerAnswers.getAsBoolean() ? Kind.CONTAINER : Kind.EMBEDDED;
    return new ServerChoice(kind, null, null, null);
  }

  /** Omits the URL and the password: this text may be logged. */
  @Override
  public String toString() {
    return "ServerChoice[" + kind + "]";
  }
}
