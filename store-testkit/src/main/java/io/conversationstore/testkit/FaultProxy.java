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
 * follows the protocol's messages. Thread-safe; everything can be changed at any time.
 *
 * <p>It declines encryption itself (answers SSLRequest and GSSENCRequest with {@code N}), since it
 * must read the messages; a client that insists on encryption cannot connect through it.
 */
public final class FaultProxy implements AutoCloseable {

  /** What happens to connections. */
  public enum Mode {
    /** Everything is passed on. */
    PASS,
    /** Nobody listens: new connections are refused. Existing ones go on. The port stays ours. */
    REFUSE,
    /** Existing connections get a RST at once, new ones as soon as they are accepted. */
    RESET,
    /**
     * Connections are accepted and stay open, and every byte of either side disappears. The server
     * does not learn that a client has gone before the mode changes. A connection that has lost
     * bytes stays silent in later modes too: close it, or {@link #dropConnections()}.
     */
    BLACK_HOLE,
    /** Everything is passed on, each chunk after a delay: see {@link #slow(Duration)}. */
    SLOW
  }

  /** Where {@link #cutOn} cuts a connection. */
  public enum CutPoint {
    /** The server never sees the statement. */
    BEFORE_FORWARD,
    /**
     * The server has run it and replied up to ReadyForQuery, so it has committed unless a
     * transaction block is open; the client sees nothing of this reply.
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

  /** Starts a proxy in front of a server for tests. */
  public static FaultProxy to(TestPostgres server) {
    return to(server.host(), server.port());
  }

  /** Where the proxy listens: an address of the loopback interface. */
  public String host() {
    return "127.0.0.1";
  }

  /** The port that the proxy listens on; the same in all modes. */
  public int port() {
    return port;
  }

  /** The URL of a database through the proxy. */
  public String jdbcUrl(String database) {
    return "jdbc:postgresql://" + host() + ":" + port + "/" + database;
  }

  /** The mode in force. */
  public Mode mode() {
    return mode;
  }

  /**
   * Changes the mode. When this returns, the listening socket is as the mode says, and for {@link
   * Mode#RESET} the connections are reset; data on its way may still have passed.
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

  /** Resets all connections that are open now (RST to the client, a plain close to the server). */
  public void dropConnections() {
    links.forEach(ProxyLink::drop);
  }

  /**
   * Cuts a connection once: the first, of any connection, that runs a statement matching. The
   * client's connection is reset.
   *
   * <p>Connections of pooled or prepared statements are recognised by the SQL text that they were
   * prepared from on their connection, so the cut may be ordered at any time. Statements of one
   * pipeline go together: with {@link CutPoint#AFTER_REPLY} the reply to all that stands before the
   * same Sync is swallowed.
   *
   * @param matching called on the proxy's threads; must be quick and thread-safe
   */
  public Cut cutOn(Predicate<ClientStatement> matching, CutPoint point) {
    Cut cut = new Cut(this, matching, point);
    cuts.add(cut);
    return cut;
  }

  /** Cuts a connection at the first statement whose SQL text has this in it; case matters. */
  public Cut cutOn(String sqlFragment, CutPoint point) {
    return cutOn(statement -> statement.sql().contains(sqlFragment), point);
  }

  /** Cuts at the next COMMIT, before the server sees it: the transaction is rolled back. */
  public Cut cutBeforeCommit() {
    return cutOn(FaultProxy::isCommit, CutPoint.BEFORE_FORWARD);
  }

  /** Cuts at the next COMMIT, after it: committed, and the client does not know. */
  public Cut cutAfterCommit() {
    return cutOn(FaultProxy::isCommit, CutPoint.AFTER_REPLY);
  }

  private static boolean isCommit(ClientStatement statement) {
    String sql = statement.sql().strip().toUpperCase(Locale.ROOT);
    return sql.startsWith("COMMIT") || sql.equals("END");
  }

  /** How many connections were accepted so far, those reset or swallowed at once included. */
  public long connections() {
    return connections.get();
  }

  /** How many connections are open now. */
  public int openConnections() {
    return links.size();
  }

  /**
   * How often the server has answered all that was asked so far, over all connections:
   * ReadyForQuery replies after which no request of the connection was outstanding. Requests that
   * are sent together count once, as pgjdbc's BEGIN with the first statement of a transaction;
   * where together they are larger than the sockets' buffers they may count more. The login of a
   * connection is not counted.
   */
  public long roundTrips() {
    return roundTrips.get();
  }

  /**
   * How many ReadyForQuery replies the server has sent: one for each simple query and each Sync,
   * sent together or not. The login of a connection is not counted.
   */
  public long replies() {
    return replies.get();
  }

  /** Stops listening and drops all connections. Nothing happens the second time. */
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

  /** One ordered cut. Thread-safe. */
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

    /** Waits for the cut; false if it has not happened in time. */
    public boolean await(Duration limit) throws InterruptedException {
      return done.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** Takes the order back; false if it was too late. */
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

  /** The cut that this statement sets off, claimed for the caller. */
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

  /** Returns when the mode is another than {@link Mode#BLACK_HOLE}. */
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
    // The port was free and is ours by agreement only, so somebody may hold it for a moment.
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
        log.debug("closing the listener: {}", e.toString());
      }
      // The system goes on listening for as long as a thread is inside accept.
      Thread thread = acceptor;
      acceptor = null;
      if (thread != null && !Polling.until(LISTEN_LIMIT, () -> !thread.isAlive())) {
        log.warn("port {} may still be open", port);
      }
    }
  }

  private void acceptAll(ServerSocket socket) {
    while (!socket.isClosed()) {
      try {
        accept(socket.accept());
      } catch (IOException e) {
        log.debug("port {}: {}", port, e.toString());
      }
    }
  }

  private void accept(Socket client) throws IOException {
    connections.incrementAndGet();
    client.setTcpNoDelay(true);
    ProxyLink link = new ProxyLink(this, client);
    links.add(link);
    // Looked at after the link can be found: a mode set meanwhile reaches it one way or the other.
    if (closed || mode == Mode.RESET || mode == Mode.REFUSE) {
      link.drop();
    } else {
      link.start();
    }
  }
}
