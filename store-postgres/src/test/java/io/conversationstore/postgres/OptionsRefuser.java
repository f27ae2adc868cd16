package io.conversationstore.postgres;

import io.conversationstore.testkit.TestPostgres;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Stands before a server and refuses each session that begins with options, with one SQLSTATE. */
final class OptionsRefuser implements AutoCloseable {

  private static final int TLS_REQUEST = 80877103;
  private static final int GSS_REQUEST = 80877104;

  private final TestPostgres server = TestPostgres.shared();
  private final String state;
  private final ServerSocket listener;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicInteger refused = new AtomicInteger();
  private final AtomicInteger passed = new AtomicInteger();

  private OptionsRefuser(String state) throws IOException {
    this.state = state;
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  static OptionsRefuser before(Databases databases, String state) throws IOException {
    OptionsRefuser refuser = new OptionsRefuser(state);
    refuser.start(refuser::accept);
    return refuser;
  }

  int port() {
    return listener.getLocalPort();
  }

  int refused() {
    return refused.get();
  }

  int passed() {
    return passed.get();
  }

  private interface Step {
    void run() throws IOException;
  }

  private void start(Step step) {
    Thread thread =
        new Thread(
            () -> {
              try {
                step.run();
              } catch (SocketException closed) {
                // One side has ended the session, or the test.
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = listener.accept();
      sockets.add(client);
      start(() -> session(client));
    }
  }

  private void session(Socket client) throws IOException {
    try (client) {
      DataInputStream in = new DataInputStream(client.getInputStream());
      while (true) {
        int length = in.readInt();
        byte[] body = in.readNBytes(length - 4);
        int code = new DataInputStream(new java.io.ByteArrayInputStream(body)).readInt();
        if (code == TLS_REQUEST || code == GSS_REQUEST) {
          client.getOutputStream().write('N');
          continue;
        }
        if (new String(body, StandardCharsets.UTF_8).contains("\0options\0")) {
          refused.incrementAndGet();
          refuse(client);
        } else {
          passed.incrementAndGet();
          pass(client, in, length, body);
        }
        return;
      }
    }
  }

  private void refuse(Socket client) throws IOException {
    ByteArrayOutputStream fields = new ByteArrayOutputStream();
    for (String field : new String[] {"SFATAL", "VFATAL", "C" + state, "Mno options here"}) {
      fields.write(field.getBytes(StandardCharsets.US_ASCII));
      fields.write(0);
    }
    fields.write(0);
    DataOutputStream out = new DataOutputStream(client.getOutputStream());
    out.write('E');
    out.writeInt(fields.size() + 4);
    out.write(fields.toByteArray());
    out.flush();
  }

  private void pass(Socket client, DataInputStream in, int length, byte[] start)
      throws IOException {
    try (Socket upstream = new Socket(server.host(), server.port())) {
      sockets.add(upstream);
      DataOutputStream out = new DataOutputStream(upstream.getOutputStream());
      out.writeInt(length);
      out.write(start);
      out.flush();
      start(() -> upstream.getInputStream().transferTo(client.getOutputStream()));
      in.transferTo(out);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
