package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.postgresql.util.PSQLException;
import org.slf4j.LoggerFactory;

/**
 * Collects what is logged, by this library, the pool and Flyway (SLF4J, all levels) and by the
 * driver (java.util.logging down to FINE: below, the driver prints the protocol with all values),
 * and the texts of what is thrown, with all causes and suppressed ones. Says where a secret shows.
 */
final class Leaks implements AutoCloseable {

  private static final String DRIVER = "org.postgresql";

  private final List<String> secrets;
  private final Queue<String> logged = new ConcurrentLinkedQueue<>();
  private final Map<String, String> thrown = new ConcurrentHashMap<>();
  private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
  private final java.util.logging.Logger driver = java.util.logging.Logger.getLogger(DRIVER);
  private final Level levelBefore = root.getLevel();
  private final Appender appender = new Appender();
  private final DriverHandler handler = new DriverHandler();

  private Leaks(List<String> secrets) {
    this.secrets = secrets;
  }

  static Leaks of(String... secrets) {
    Leaks leaks = new Leaks(List.of(secrets));
    leaks.root.iteratorForAppenders().forEachRemaining(each -> leaks.appender.others.add(each));
    leaks.appender.others.forEach(leaks.root::detachAppender);
    leaks.appender.setContext(leaks.root.getLoggerContext());
    leaks.appender.start();
    leaks.root.addAppender(leaks.appender);
    leaks.root.setLevel(Level.TRACE);
    leaks.driver.setLevel(java.util.logging.Level.FINE);
    leaks.driver.setUseParentHandlers(false);
    leaks.driver.addHandler(leaks.handler);
    return leaks;
  }

  /** Runs what has to fail, and keeps what it throws. */
  Throwable failing(String path, ThrowingCallable action) {
    Throwable error = catchThrowable(action);
    assertThat(error).as("%s has to fail", path).isNotNull();
    thrown(path, error);
    return error;
  }

  /** Keeps the texts of an error. */
  void thrown(String path, Throwable error) {
    StringBuilder text = new StringBuilder();
    describe(error, text, Collections.newSetFromMap(new IdentityHashMap<>()));
    thrown.merge(path, text.toString(), String::concat);
  }

  private static void describe(Throwable error, StringBuilder text, Set<Throwable> seen) {
    if (error == null || !seen.add(error)) {
      return;
    }
    text.append(error).append('\n').append(error.getLocalizedMessage()).append('\n');
    if (error instanceof PSQLException driver && driver.getServerErrorMessage() != null) {
      text.append(driver.getServerErrorMessage());
    }
    if (error instanceof SQLException sql) {
      describe(sql.getNextException(), text, seen);
    }
    describe(error.getCause(), text, seen);
    for (Throwable suppressed : error.getSuppressed()) {
      describe(suppressed, text, seen);
    }
  }

  /** Fails where a secret shows. */
  void assertNone() {
    List<String> hits = new ArrayList<>();
    for (String secret : secrets) {
      thrown.forEach((path, text) -> hit(hits, "thrown: " + path, text, secret));
      logged.forEach(text -> hit(hits, "logged", text, secret));
    }
    assertThat(hits).isEmpty();
    assertThat(logged).as("that logs are seen at all").isNotEmpty();
  }

  private static void hit(List<String> hits, String where, String text, String secret) {
    int at = text.indexOf(secret);
    if (at >= 0) {
      int end = Math.min(text.length(), at + secret.length() + 100);
      hits.add(where + ": ..." + text.substring(Math.max(0, at - 200), end));
    }
  }

  @Override
  public void close() {
    driver.removeHandler(handler);
    driver.setLevel(null);
    driver.setUseParentHandlers(true);
    root.detachAppender(appender);
    appender.others.forEach(root::addAppender);
    root.setLevel(levelBefore);
  }

  private final class Appender extends AppenderBase<ILoggingEvent> {
    private final List<ch.qos.logback.core.Appender<ILoggingEvent>> others = new ArrayList<>();

    @Override
    protected void append(ILoggingEvent event) {
      StringBuilder text = new StringBuilder(event.getLoggerName());
      text.append(' ').append(event.getFormattedMessage());
      describe(event.getThrowableProxy(), text);
      logged.add(text.toString());
    }

    private void describe(IThrowableProxy error, StringBuilder text) {
      if (error == null) {
        return;
      }
      text.append('\n').append(error.getClassName()).append(": ").append(error.getMessage());
      describe(error.getCause(), text);
      for (IThrowableProxy suppressed : error.getSuppressed()) {
        describe(suppressed, text);
      }
    }
  }

  private final class DriverHandler extends Handler {
    @Override
    public void publish(LogRecord record) {
      StringBuilder text = new StringBuilder(String.valueOf(record.getMessage()));
      if (record.getParameters() != null) {
        text.append(' ').append(Arrays.asList(record.getParameters()));
      }
      Leaks.describe(record.getThrown(), text, Collections.newSetFromMap(new IdentityHashMap<>()));
      logged.add(text.toString());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
