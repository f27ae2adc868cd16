package io.conversationstore.examples.chat;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoredMessage;
import io.conversationstore.examples.chat.answers.AnswerListener;
import io.conversationstore.examples.chat.answers.Answers;
import io.conversationstore.examples.chat.answers.ChatModel;
import io.conversationstore.examples.chat.answers.Turn;
import io.conversationstore.examples.chat.live.Event;
import io.conversationstore.examples.chat.live.Live;
import io.conversationstore.examples.chat.live.Watch;
import io.conversationstore.examples.chat.web.Api;
import io.conversationstore.examples.chat.web.Route;
import io.conversationstore.hybrid.StoreMetrics;
import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.server.handler.EagerContentHandler;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * The server over a store that the caller opens and closes. Requests run on a bounded pool of
 * threads; neither a slow body nor an open stream of events holds one.
 */
public final class ChatServer implements AutoCloseable {

  private static final int THREADS = 64;
  private static final long IDLE_MILLIS = 30_000;
  private static final long STOP_MILLIS = 10_000;

  private final Live live = new Live();
  private final AtomicBoolean stopping = new AtomicBoolean();
  private final Answers answers;
  private final Watch watch;
  private final Api api;
  private final Javalin server;

  /** Tells the followers of a conversation how its answers grow. */
  private final class Follow implements AnswerListener {
    @Override
    public void grew(Turn turn, int from, String piece) {
      Event delta = Event.delta(turn.conversation(), turn.answer(), from, piece);
      live.toConversation(turn.owner(), turn.conversation(), delta);
    }

    @Override
    public void stored(Turn turn, List<StoredMessage> messages) {
      Event event = Event.messages(turn.conversation(), messages);
      live.toConversation(turn.owner(), turn.conversation(), event);
      watch.changed(turn.owner(), turn.conversation());
    }
  }

  private ChatServer(ConversationStore store, ChatModel model, ChatOptions options) {
    PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    StoreMetrics.of(store).bindTo(meters);
    this.answers = new Answers(store, model, options.saveInterval(), new Follow());
    this.watch = new Watch(store, live, options.pollInterval(), answers::isGrowing, Api::state);
    this.api =
        new Api(
            store, options, answers, live, watch, meters, meters::scrape, () -> !stopping.get());
    this.server = Javalin.create(config -> configure(config, options));
  }

  /** Starts a server; it takes requests when this returns. */
  public static ChatServer start(ConversationStore store, ChatModel model, ChatOptions options) {
    ChatServer started = new ChatServer(store, model, options);
    started.server.start(options.host(), options.port());
    return started;
  }

  private void configure(JavalinConfig config, ChatOptions options) {
    config.startup.showJavalinBanner = false;
    config.startup.showOldJavalinVersionWarning = false;
    config.startup.startupWatcherEnabled = false;
    config.http.prefer405over404 = true;
    config.jetty.threadPool = new QueuedThreadPool(THREADS);
    config.jetty.modifyServer(
        jetty -> {
          jetty.setStopTimeout(STOP_MILLIS);
          // Bodies are read before a thread is taken for the request.
          jetty.setHandler(
              new EagerContentHandler(
                  new EagerContentHandler.RetainedContentLoaderFactory(
                      options.maxBodyBytes() + 1L, 0, false)));
        });
    config.jetty.modifyHttpConfiguration(
        http -> {
          http.setSendServerVersion(false);
          http.setIdleTimeout(IDLE_MILLIS);
        });
    api.register(config);
  }

  /** The port that it listens on. */
  public int port() {
    return server.port();
  }

  /** The routes of the API. */
  public List<Route> routes() {
    return api.routes();
  }

  /** Takes no more requests, ends growing answers, and stores their ends. */
  @Override
  public void close() {
    if (stopping.compareAndSet(false, true)) {
      answers.close();
      live.close();
      server.stop();
      watch.close();
    }
  }
}
