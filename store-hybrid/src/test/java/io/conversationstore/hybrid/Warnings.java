package io.conversationstore.hybrid;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.LoggerFactory;

/** Counts the hybrid store's log lines at WARN and above until it is closed. */
final class Warnings extends AppenderBase<ILoggingEvent> implements AutoCloseable {

  private final Logger logger =
      (Logger) LoggerFactory.getLogger(HybridStore.class.getPackageName());
  private final AtomicInteger count = new AtomicInteger();

  private Warnings() {}

  static Warnings counted() {
    Warnings warnings = new Warnings();
    warnings.start();
    warnings.logger.addAppender(warnings);
    return warnings;
  }

  @Override
  protected void append(ILoggingEvent event) {
    if (event.getLevel().isGreaterOrEqual(Level.WARN)) {
      count.incrementAndGet();
    }
  }

  int count() {
    return count.get();
  }

  @Override
  public void close() {
    logger.detachAppender(this);
    stop();
  }
}
