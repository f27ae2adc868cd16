package io.conversationstore.examples.chat.story;

import io.conversationstore.examples.chat.Program;
import io.conversationstore.testkit.TestPostgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The server as a process of its own, which can be killed. */
final class ServerProcess implements AutoCloseable {

  private static final Pattern LISTENING = Pattern.compile("listening on http://[^:]*:(\\d+) .*");
  private static final String VARIABLES =
      "((DB|POSTGRES|STORAGE|DATABASE|DATA|LOCAL|OPENAI|CHAT|RETENTION)_).*";

  private final Process process;
  private final int port;

  private ServerProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts the server with these variables, and waits until it listens. */
  static ServerProcess start(Path root, Map<String, String> variables) throws IOException {
    Path log = root.resolve("server.log");
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx512m",
            "-cp",
            System.getProperty("java.class.path"),
            Program.class.getName());
    builder.environment().keySet().removeIf(name -> name.matches(VARIABLES));
    builder.environment().put("DATA_PATH", root.resolve("data").toString());
    builder.environment().put("CHAT_PORT", "0");
    builder.environment().putAll(variables);
    builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    Process process = builder.start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      Matcher listening = LISTENING.matcher(line);
      if (listening.matches()) {
        return new ServerProcess(process, Integer.parseInt(listening.group(1)));
      }
    }
    throw new IOException("the server did not start\n" + Files.readString(log));
  }

  /** The variable of the store for a database. */
  static Map<String, String> database(TestPostgres server, String name) {
    String password = URLEncoder.encode(server.password(), StandardCharsets.UTF_8);
    return Map.of(
        "DATABASE_URL",
        "postgresql://%s:%s@%s:%d/%s"
            .formatted(server.user(), password, server.host(), server.port(), name));
  }

  int port() {
    return port;
  }

  /** Ends it at once, as a crash would. */
  void kill() throws InterruptedException {
    process.toHandle().destroyForcibly();
    process.waitFor();
  }

  /** Asks it to end; returns whether it did in time. */
  boolean end() throws InterruptedException {
    process.destroy();
    return process.waitFor(60, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
