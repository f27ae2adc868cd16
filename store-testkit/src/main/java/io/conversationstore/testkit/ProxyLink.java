package io.conversationstore.testkit;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection through a {@link FaultProxy}: one thread per direction, each reading
 * whole messages. Thread-safe.
 *
 * <p>Replies are matched to requests by counting: each forwarded StartupMessage, Query,
 * FunctionCall and Sync is answered by exactly one ReadyForQuery.
 */
final class ProxyLink {

  private static final Logger log = LoggerFactory.getLogger(ProxyLink.class);
  private static final int CANCEL_REQUEST = 80877102;
  private static final int SSL_REQUEST = 80877103;
  private static final int GSS_REQUEST = 80877104;
  private static final int BUFFER = 1 << 16;
  private static final int MAX_MESSAGE = 1 << 30;

  private final FaultProxy proxy;
  private final Socket client;
  private final AtomicLong requests = new AtomicLong();
  private volatile @Nullable Socket server;
  private volatile @Nullable Swallow swallow;
  private volatile boolean lossy;
  private volatile boolean dropped;

  /** The reply with this number is discarded, and ends the connection. */
  private record Swallow(long reply, FaultProxy.Cut cut) {}

  ProxyLink(FaultProxy proxy, Socket client) {
    this.proxy = proxy;
    this.client = client;
  }

  void start() {
    thread("up", this::clientToServer);
  }

  /** Ends the connection at once: RST to the client, a plain close to the server. */
  void drop() {
    dropped = true;
    try {
      client.setSoLinger(true, 0);
    } catch (IOException e) {
      log.debug("The connection was closed before it could be reset: {}", e.toString());
    }
    close(client);
    close(server);
    proxy.forget(this);
  }

  private void clientToServer() throws IOException {
    try {
      DataInputStream in = input(client);
      if (!swallowing()) {
        connectServer();
      }
      if (startUp(in)) {
        passRequests(in);
      } else {
        in.transferTo(OutputStream.nullOutputStream());
      }
    } finally {
      // With a dead network the server does not notice that the client has gone.
      proxy.awaitEndOfBlackHole();
      close(server);
      close(client);
      proxy.forget(this);
    }
  }

  private void connectServer() throws IOException {
    Socket socket = proxy.connectToTarget();
    server = socket;
    if (dropped) {
      close(socket);
    }
    thread("down", () -> serverToClient(socket));
  }

  /**
   * Forwards the messages before the login; returns false if no further messages are to be parsed.
   */
  private boolean startUp(DataInputStream in) throws IOException {
    while (true) {
      int length = checked(in.readInt(), 8);
      int code = in.readInt();
      byte[] rest = in.readNBytes(length - 8);
      if (swallowing()) {
        return false;
      }
      if (code == SSL_REQUEST || code == GSS_REQUEST) {
        client.getOutputStream().write('N');
        continue;
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      out.writeInt(length);
      out.writeInt(code);
      out.write(rest);
      requests.incrementAndGet();
      forward(bytes);
      return code != CANCEL_REQUEST;
    }
  }

  private void passRequests(DataInputStream in) throws IOException {
    StatementTracker tracker = new StatementTracker();
    ByteArrayOutputStream pending = new ByteArrayOutputStream();
    for (int type = in.read(); type >= 0; type = in.read()) {
      byte[] body = body(in);
      if (swallowing()) {
        pending.reset();
        continue;
      }
      ClientStatement statement = tracker.observe(type, body);
      FaultProxy.Cut cut = statement == null ? null : proxy.takeCut(statement);
      if (cut != null && cut.point() == FaultProxy.CutPoint.BEFORE_FORWARD) {
        drop();
        cut.markDone();
        return;
      }
      if (cut != null) {
        swallow = new Swallow(requests.get() + 1, cut);
      }
      if (type == 'Q' || type == 'S' || type == 'F') {
        requests.incrementAndGet();
      }
      append(pending, type, body);
      if (in.available() == 0 || pending.size() >= BUFFER) {
        forward(pending);
      }
    }
  }

  /** Sends pending bytes to the server, unless the network has failed meanwhile. */
  private void forward(ByteArrayOutputStream pending) throws IOException {
    proxy.delayChunk();
    Socket socket = server;
    if (!swallowing() && socket != null) {
      pending.writeTo(socket.getOutputStream());
    }
    pending.reset();
  }

  private void serverToClient(Socket socket) throws IOException {
    try {
      passReplies(input(socket));
    } finally {
      proxy.awaitEndOfBlackHole();
      if (!lossy) {
        close(client);
      }
      close(socket);
    }
  }

  private void passReplies(DataInputStream in) throws IOException {
    ByteArrayOutputStream pending = new ByteArrayOutputStream();
    long replies = 0;
    for (int type = in.read(); type >= 0; type = in.read()) {
      byte[] body = body(in);
      boolean ready = type == 'Z';
      Swallow order = swallow;
      Swallow swallowed = order != null && replies == order.reply - 1 ? order : null;
      if (ready) {
        replies++;
        if (replies > 1) {
          proxy.countReply(replies >= requests.get());
        }
      }
      if (swallowed != null) {
        if (ready) {
          drop();
          swallowed.cut.markDone();
          return;
        }
        continue;
      }
      append(pending, type, body);
      if (ready || in.available() == 0 || pending.size() >= BUFFER) {
        proxy.delayChunk();
        if (!swallowing()) {
          pending.writeTo(client.getOutputStream());
        }
        pending.reset();
      }
    }
  }

  /** Whether bytes are discarded now; afterwards the connection stays silent. */
  private boolean swallowing() {
    if (proxy.isBlackHole()) {
      lossy = true;
    }
    return lossy;
  }

  private static DataInputStream input(Socket socket) throws IOException {
    return new DataInputStream(new BufferedInputStream(socket.getInputStream(), BUFFER));
  }

  private static byte[] body(DataInputStream in) throws IOException {
    int length = checked(in.readInt(), 4);
    byte[] body = in.readNBytes(length - 4);
    if (body.length < length - 4) {
      throw new EOFException("within a message");
    }
    return body;
  }

  private static int checked(int length, int least) throws IOException {
    if (length < least || length > MAX_MESSAGE) {
      throw new IOException("not a message of the PostgreSQL protocol: length " + length);
    }
    return length;
  }

  private static void append(ByteArrayOutputStream pending, int type, byte[] body) {
    int length = body.length + 4;
    pending.write(type);
    pending.write(length >>> 24);
    pending.write(length >>> 16);
    pending.write(length >>> 8);
    pending.write(length);
    pending.writeBytes(body);
  }

  private static void close(@Nullable Socket socket) {
    if (socket != null) {
      try {
        socket.close();
      } catch (IOException e) {
        log.debug("A connection could not be closed: {}", e.toString());
      }
    }
  }

  private void thread(String direction, IoAction work) {
    Runnable quiet =
        () -> {
          try {
            work.run();
          } catch (IOException e) {
            log.debug("The {} of a connection ended: {}", direction, e.toString());
          }
        };
    Thread thread = new Thread(quiet, "fault-proxy-" + proxy.port() + "-" + direction);
    thread.setDaemon(true);
    thread.start();
  }
}
