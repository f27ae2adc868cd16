package io.conversationstore.examples.chat.live;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection that gets events (server-sent events). No thread waits for the client: events queue
 * until the connection can take them. A client that is too slow for its queue is disconnected; it
 * connects again and reads what it missed. Thread-safe.
 */
public final class EventStream implements WriteListener, AsyncListener {

  private static final Logger log = LoggerFactory.getLogger(EventStream.class);
  private static final int MOST_QUEUED_BYTES = 1 << 20;

  private final AsyncContext context;
  private final ServletOutputStream out;
  private final Runnable onClose;
  private final Deque<byte[]> queue = new ArrayDeque<>();
  private int queuedBytes;
  private boolean unflushed;
  private boolean closed;

  private EventStream(AsyncContext context, ServletOutputStream out, Runnable onClose) {
    this.context = context;
    this.out = out;
    this.onClose = onClose;
  }

  /** Begins to send; {@code onClose} is called once, when the connection has ended. */
  public static EventStream open(AsyncContext context, Runnable onClose) throws IOException {
    context.setTimeout(0);
    EventStream stream = new EventStream(context, context.getResponse().getOutputStream(), onClose);
    context.addListener(stream);
    stream.out.setWriteListener(stream);
    return stream;
  }

  void send(byte[] event) {
    boolean tooSlow;
    synchronized (queue) {
      if (closed) {
        return;
      }
      tooSlow = queuedBytes + event.length > MOST_QUEUED_BYTES;
      if (!tooSlow) {
        queue.add(event);
        queuedBytes += event.length;
      }
    }
    if (tooSlow) {
      log.info("a follower is disconnected: {} bytes wait for it", MOST_QUEUED_BYTES);
      close();
    } else {
      onWritePossible();
    }
  }

  @Override
  public void onWritePossible() {
    try {
      synchronized (queue) {
        while (!closed && out.isReady()) {
          byte[] next = queue.poll();
          if (next != null) {
            queuedBytes -= next.length;
            out.write(next);
            unflushed = true;
          } else if (unflushed) {
            unflushed = false;
            out.flush();
          } else {
            return;
          }
        }
      }
    } catch (IOException | IllegalStateException gone) {
      onError(gone);
    }
  }

  /** Ends the connection. */
  public void close() {
    if (end()) {
      context.complete();
    }
  }

  private boolean end() {
    synchronized (queue) {
      if (closed) {
        return false;
      }
      closed = true;
      queue.clear();
    }
    onClose.run();
    return true;
  }

  @Override
  public void onError(Throwable gone) {
    log.debug("a follower is gone: {}", gone.toString());
    close();
  }

  @Override
  public void onComplete(AsyncEvent event) {
    end();
  }

  @Override
  public void onTimeout(AsyncEvent event) {
    close();
  }

  @Override
  public void onError(AsyncEvent event) {
    close();
  }

  @Override
  public void onStartAsync(AsyncEvent event) {
    // Nothing: a stream is started once.
  }
}
