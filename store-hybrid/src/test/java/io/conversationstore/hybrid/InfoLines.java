package io.conversationstore.hybrid;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** Collects the hybrid store's log lines at INFO until it is closed. */
final class InfoLines extends AppenderBase<ILoggingEvent> implements AutoCloseable {

  private final Logger logger =
      (Logger) LoggerFactory.getLogger(HybridStore.class.getPackageName());
  private final Level level = logger.getLevel();
  private final List<String> lines = new CopyOnWriteArrayList<>();

  private InfoLines() {}

  static InfoLines taken() {
    InfoLines info = new InfoLines();
    info.start();
    info.logger.setLevel(Level.INFO);
    info.logger.addAppender(info);
    return info;
  }

  @Override
  protected void append(ILoggingEvent event) {
    if (event.getLevel() == Level.INFO) {
      lines.add(event.getFormattedMessage());
    }
  }

  List<String> lines() {
    return List.copyOf(lines);
  }

  @Override
  public void close() {
    logger.detachAppender(this);
    logger.setLevel(level);
    stop();
  }
}
