package io.conversationstore.examples.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.examples.chat.live.Live;
import io.conversationstore.examples.chat.story.ChatClient;
import io.conversationstore.examples.chat.story.Followed;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the server refuses, and that slow clients hold no thread. */
class LimitsTest {

  private static final int THREADS = 64;

  @TempDir Path directory;
  private TestServer server;

  @BeforeEach
  void start() {
    server = TestServer.inFiles(directory.resolve("data"));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), server.port());
  }

  private static String head(String length) {
    return "POST /conversations HTTP/1.1\r\nHost: x\r\nX-User: alice\r\n"
        + "Content-Type: application/json\r\n"
        + length
        + "\r\n\r\n";
  }

  private static void write(Socket socket, byte[] bytes) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(bytes);
    out.flush();
  }

  private static String statusLine(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int next = in.read(); next != '\n' && next >= 0; next = in.read()) {
      line.write(next);
    }
    return line.toString(StandardCharsets.US_ASCII).strip();
  }

  @Test
  void aBodyThatSaysItIsTooLargeIsRefused() throws Exception {
    try (Socket socket = connect()) {
      write(socket, head("Content-Length: 4000000000").getBytes(StandardCharsets.US_ASCII));
      byte[] piece = new byte[8_192];
      Arrays.fill(piece, (byte) ' ');
      // The server reads no further than its limit of 64 KiB.
      for (int sent = 0; sent <= 65_536; sent += piece.length) {
        write(socket, piece);
      }
      assertThat(statusLine(socket)).startsWith("HTTP/1.1 413");
    }
  }

  @Test
  void anEndlessBodyIsRefusedAfterTheLimit() throws Exception {
    long sent = 0;
    try (Socket socket = connect()) {
      write(socket, head("Transfer-Encoding: chunked").getBytes(StandardCharsets.US_ASCII));
      byte[] data = new byte[0x2000];
      Arrays.fill(data, (byte) ' ');
      ByteArrayOutputStream chunk = new ByteArrayOutputStream();
      chunk.write("2000\r\n".getBytes(StandardCharsets.US_ASCII));
      chunk.write(data);
      chunk.write("\r\n".getBytes(StandardCharsets.US_ASCII));
      while (socket.getInputStream().available() == 0 && sent < 32_000_000) {
        write(socket, chunk.toByteArray());
        sent += data.length;
      }
      assertThat(statusLine(socket)).startsWith("HTTP/1.1 413");
    } catch (SocketException closed) {
      // The server may close before its answer is read; it must not have taken the body.
      assertThat(sent).isPositive();
    }
    assertThat(sent).as("bytes until the refusal").isLessThan(32_000_000);
    assertThat(server.user("alice").send("GET", "/conversations").body().get("conversations"))
        .isEmpty();
  }

  @Test
  void slowBodiesAndFollowersHoldNoThread() throws Exception {
    List<AutoCloseable> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 2 * THREADS; i++) {
        Socket socket = connect();
        slow.add(socket);
        write(socket, (head("Content-Length: 100") + "{").getBytes(StandardCharsets.US_ASCII));
        slow.add(server.user("user " + i).follow("/events"));
      }
      ChatClient quick = server.user("quick");
      // Sooner than slow requests time out.
      Duration soon = Duration.ofSeconds(15);
      quick.send(quick.request("/conversations").timeout(soon).build()).expect(200);
    } finally {
      for (AutoCloseable each : slow) {
        each.close();
      }
    }
  }

  @Test
  void anOwnerHasABoundedNumberOfFollowers() throws Exception {
    ChatClient alice = server.user("alice");
    List<Followed> all = new ArrayList<>();
    try {
      for (int i = 0; i < Live.MOST_PER_OWNER; i++) {
        all.add(alice.follow("/events"));
      }
      assertThat(alice.send("GET", "/events").expect(429).problem())
          .isEqualTo("too-many-followers");
      try (Followed bob = server.user("bob").follow("/events")) {
        bob.await("no state", event -> event.name().equals("state"));
      }
    } finally {
      all.forEach(Followed::close);
    }
  }

  @Test
  void aBodyMustBeJsonAndSayIt() throws Exception {
    ChatClient alice = server.user("alice");
    assertThat(alice.send("POST", "/conversations").expect(415).problem())
        .isEqualTo("unsupported-media-type");
    assertThat(
            alice
                .send("POST", "/conversations", out -> out.writeString("a text"))
                .expect(400)
                .problem())
        .isEqualTo("invalid-request");
  }
}
