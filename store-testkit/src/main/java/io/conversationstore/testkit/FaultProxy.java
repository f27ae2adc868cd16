package io.conversationstore.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A network that fails on demand: a TCP proxy on 127.0.0.1 in front of a PostgreSQL server, which
 * parses the protocol's messages. Thread-safe; everything can be changed at any time.
 *
 * <p>It declines encryption (answers SSLRequest and GSSENCRequest with {@code N}), because it must
 * read the messages; clients that require encryption cannot connect through it.
 */
public final class FaultProxy implements AutoCloseable {

  /** The treatment of connections. */
  public enum Mode {
    /** Everything is forwarded. */
    PASS,
    /**
     * No listener: new connections are refused, existing ones continue. The port stays reserved.
     */
    REFUSE,
    /** Existing connections get a RST at once, new ones as soon as they are accepted. */
    RESET,
    /**
     * Connections are accepted and stay open, and every byte in either direction is discarded. The
     * server does not notice that a client has gone until the mode changes. A connection that has
     * lost bytes stays silent in later modes too: close it, or {@link #dropConnections()}.
     */
    BLACK_HOLE,
    /** Everything is forwarded, each chunk after a delay: see {@link #slow(Duration)}. */
    SLOW
  }

  /** Where {@link #cutOn} cuts a connection. */
  public enum CutPoint {
    /** The server never sees the statement. */
    BEFORE_FORWARD,
    /**
     * The server has run it and replied up to ReadyForQuery, so it has committed unless a
     * transaction block is open; the client receives no part of this reply.
     */
    AFTER_REPLY
  }

  private static final Logger log = LoggerFactory.getLogger(FaultProxy.class);
  private static final Duration DEFAULT_DELAY = Duration.ofMillis(50);
  private static final Duration LISTEN_LIMIT = Duration.ofSeconds(5);
  private static final int CONNECT_MILLIS = 5_000;

  private final String targetHost;
  private final int targetPort;
  private final int port;
  private final Set<ProxyLink> links = ConcurrentHashMap.newKeySet();
  private final List<Cut> cuts = new CopyOnWriteArrayList<>();
  private final AtomicLong connections = new AtomicLong();
  private final AtomicLong roundTrips = new AtomicLong();
  private final AtomicLong replies = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition modeChanged = lock.newCondition();
  private volatile Mode mode = Mode.PASS;
  private volatile Duration delay = DEFAULT_DELAY;
  private volatile boolean closed;
  private @Nullable ServerSocket listener;
  private @Nullable Thread acceptor;

  private FaultProxy(String targetHost, int targetPort) {
    this.targetHost = targetHost;
    this.targetPort = targetPort;
    this.port = Ports.free();
  }

  /** Starts a proxy in front of a server; the mode is {@link Mode#PASS}. */
  public static FaultProxy to(String host, int port) {
    FaultProxy proxy = new FaultProxy(host, port);
    proxy.lock.lock();
    try {
      proxy.listen();
    } finally {
      proxy.lock.unlock();
    }
    return proxy;
  }

  /** Starts a proxy in front of a test server. */
  public static FaultProxy to(TestPostgres server) {
    return to(server.host(), server.port());
  }

  /** The proxy's address, on the loopback interface. */
  public String host() {
    return "127.0.0.1";
  }

  /** The proxy's port; the same in all modes. */
  public int port() {
    return port;
  }

  /** The URL of a database through the proxy. */
  public String jdbcUrl(String database) {
    return "jdbc:postgresql://" + host() + ":" + port + "/" + database;
  }

  /** The present mode. */
  public Mode mode() {
    return mode;
  }

  /**
   * Changes the mode. When this returns, the listening socket matches the mode, and for {@link
   * Mode#RESET} the connections are reset; data in transit may still have been forwarded.
   */
  public void setMode(Mode next) {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("closed");
      }
      mode = next;
      if (next == Mode.REFUSE) {
        closeListener();
      } else if (listener == null) {
        listen();
      }
      modeChanged.signalAll();
    } finally {
      lock.unlock();
    }
    if (next == Mode.RESET) {
      dropConnections();
    }
  }

  /** Sets {@link Mode#SLOW} with this delay for each chunk, in each direction. */
  public void slow(Duration perChunk) {
    delay = perChunk;
    setMode(Mode.SLOW);
  }

  /** Resets all open connections (RST to the client, a plain close to the server). */
  public void dropConnections() {
    links.forEach(ProxyLink::drop);
  }

  /**
   * Cuts a connection once: the first one that runs a matching statement. The client's connection
   * is reset.
   *
   * <p>Pooled and prepared statements are recognised by the SQL text from which they were prepared
   * on their connection, so a cut may be requested at any time. Statements of one pipeline are cut
   * together: with {@link CutPoint#AFTER_REPLY} the replies to all statements before the same Sync
   * are discarded.
   *
   * @param matching called on the proxy's threads; must be quick and thread-safe
   */
  public Cut cutOn(Predicate<ClientStatement> matching, CutPoint point) {
    Cut cut = new Cut(this, matching, point);
    cuts.add(cut);
    return cut;
  }

  /** Cuts a connection at the first statement whose SQL text contains this; case-sensitive. */
  public Cut cutOn(String sqlFragment, CutPoint point) {
    return cutOn(statement -> statement.sql().contains(sqlFragment), point);
  }

  /** Cuts at the next COMMIT, before the server sees it: the transaction is rolled back. */
  public Cut cutBeforeCommit() {
    return cutOn(FaultProxy::isCommit, CutPoint.BEFORE_FORWARD);
  }

  /** Cuts after the next COMMIT: it is committed, and the client does not know. */
  public Cut cutAfterCommit() {
    return cutOn(FaultProxy::isCommit, CutPoint.AFTER_REPLY);
  }

  private static boolean isCommit(ClientStatement statement) {
    String sql = statement.sql().strip().toUpperCase(Locale.ROOT);
    return sql.startsWith("COMMIT") || sql.equals("END");
  }

  /** The number of connections accepted so far, including those reset or silenced at once. */
  public long connections() {
    return connections.get();
  }

  /** The number of open connections. */
  public int openConnections() {
    return links.size();
  }

  /**
   * The number of round trips so far, over all connections: ReadyForQuery replies after which the
   * connection had no outstanding request. Requests sent together count once, such as pgjdbc's
   * BEGIN with the first statement of a transaction; they may count more if they exceed the
   * sockets' buffers. The login of a connection is not counted.
   */
  public long roundTrips() {
    return roundTrips.get();
  }

  /**
   * The number of ReadyForQuery replies from the server: one for each simple query and each Sync,
   * sent together or not. The login of a connection is not counted.
   */
  public long replies() {
    return replies.get();
  }

  /** Stops listening and drops all connections. Idempotent. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      closeListener();
      modeChanged.signalAll();
    } finally {
      lock.unlock();
    }
    dropConnections();
  }

  /** One requested cut. Thread-safe. */
  public static final class Cut {

    private final FaultProxy proxy;
    private final Predicate<ClientStatement> matching;
    private final CutPoint point;
    private final AtomicBoolean claimed = new AtomicBoolean();
    private final CountDownLatch done = new CountDownLatch(1);

    private Cut(FaultProxy proxy, Predicate<ClientStatement> matching, CutPoint point) {
      this.proxy = proxy;
      this.matching = matching;
      this.point = point;
    }

    /** Whether the connection has been cut. */
    public boolean happened() {
      return done.getCount() == 0;
    }

    /** Waits for the cut; false if it does not happen in time. */
    public boolean await(Duration limit) throws InterruptedException {
      return done.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Cancels the cut; false if it was too late. */
    public boolean cancel() {
      proxy.cuts.remove(this);
      return claimed.compareAndSet(false, true);
    }

    CutPoint point() {
      return point;
    }

    void markDone() {
      done.countDown();
    }
  }

  /** The cut triggered by this statement, claimed for the caller. */
  @Nullable Cut takeCut(ClientStatement statement) {
    for (Cut cut : cuts) {
      if (cut.matching.test(statement) && cut.claimed.compareAndSet(false, true)) {
        cuts.remove(cut);
        return cut;
      }
    }
    return null;
  }

  boolean isBlackHole() {
    return mode == Mode.BLACK_HOLE && !closed;
  }

  /** Returns when the mode is not {@link Mode#BLACK_HOLE}. */
  void awaitEndOfBlackHole() {
    lock.lock();
    try {
      while (isBlackHole()) {
        modeChanged.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** In {@link Mode#SLOW}, returns after the delay or when the mode changes. */
  void delayChunk() {
    if (mode != Mode.SLOW) {
      return;
    }
    lock.lock();
    try {
      long nanos = delay.toNanos();
      while (mode == Mode.SLOW && !closed && nanos > 0) {
        nanos = modeChanged.awaitNanos(nanos);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lock.unlock();
    }
  }

  Socket connectToTarget() throws IOException {
    Socket socket = new Socket();
    socket.setTcpNoDelay(true);
    socket.connect(new InetSocketAddress(targetHost, targetPort), CONNECT_MILLIS);
    return socket;
  }

  void countReply(boolean nothingOutstanding) {
    replies.incrementAndGet();
    if (nothingOutstanding) {
      roundTrips.incrementAndGet();
    }
  }

  void forget(ProxyLink link) {
    links.remove(link);
  }

  private void listen() {
    // The port was free and is reserved only by convention, so another process may hold it briefly.
    boolean listening = Polling.until(LISTEN_LIMIT, this::tryListen);
    if (!listening) {
      throw new UncheckedIOException(new IOException("cannot listen on port " + port));
    }
    ServerSocket socket = Objects.requireNonNull(listener);
    Thread thread = new Thread(() -> acceptAll(socket), "fault-proxy-" + port);
    thread.setDaemon(true);
    thread.start();
    acceptor = thread;
  }

  private boolean tryListen() {
    try {
      listener = Ports.listen(port);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private void closeListener() {
    ServerSocket socket = listener;
    listener = null;
    if (socket != null) {
      try {
        socket.close();
      } catch (IOException e) {
        log.debug("The listener could not be closed: {}", e.toString());
      }
      // The system keeps listening while a thread is inside accept.
      Thread thread = acceptor;
      acceptor = null;
      if (thread != null && !Polling.until(LISTEN_LIMIT, () -> !thread.isAlive())) {
        log.warn("Port {} may still be open", port);
      }
    }
  }

  private void acceptAll(ServerSocket socket) {
    while (!socket.isClosed()) {
      try {
        accept(socket.accept());
      } catch (IOException e) {
        log.debug("Port {}: {}", port, e.toString());
      }
    }
  }

  private void accept(Socket client) throws IOException {
    connections.incrementAndGet();
    client.setTcpNoDelay(true);
    ProxyLink link = new ProxyLink(this, client);
    links.add(link);
    // Checked after the link is registered: a mode set meanwhile reaches it one way or the other.
    if (closed || mode == Mode.RESET || mode == Mode.REFUSE) {
      link.drop();
    } else {
      link.start();
    }
  }
}
