package io.conversationstore.examples.chat.story;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A headless Chromium, driven by its remote debugging protocol. Thread-safe. */
final class Browser implements AutoCloseable {

  private static final List<String> NAMES =
      List.of("chromium", "chromium-browser", "google-chrome");
  private static final JsonMapper JSON = new JsonMapper();
  private static final long LONGEST_S = 180;

  private final Process process;
  private final WebSocket socket;
  private final AtomicInteger ids = new AtomicInteger();
  private final Map<Integer, CompletableFuture<JsonNode>> calls;
  private final List<String> complaints;

  private Browser(Process process, WebSocket socket, Receiver receiver) {
    this.process = process;
    this.socket = socket;
    this.calls = receiver.calls;
    this.complaints = receiver.complaints;
  }

  /** Takes what the browser sends: answers, and complaints of its pages. */
  private static final class Receiver implements WebSocket.Listener {
    private final Map<Integer, CompletableFuture<JsonNode>> calls = new ConcurrentHashMap<>();
    private final List<String> complaints =
        java.util.Collections.synchronizedList(new ArrayList<>());
    private final StringBuilder part = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
      part.append(data);
      if (last) {
        JsonNode message = Json.parse(part.toString());
        part.setLength(0);
        take(message);
      }
      from.request(1);
      return CompletableFuture.completedFuture(null);
    }

    private void take(JsonNode message) {
      if (message.has("id")) {
        CompletableFuture<JsonNode> call = calls.remove(message.get("id").asInt());
        if (call != null) {
          call.complete(message);
        }
        return;
      }
      String method = message.path("method").asText();
      if (method.equals("Runtime.exceptionThrown")) {
        complaints.add(message.at("/params/exceptionDetails").toString());
      } else if (method.equals("Log.entryAdded")
          && message.at("/params/entry/source").asText().equals("security")) {
        complaints.add(message.at("/params/entry/text").asText());
      }
    }
  }

  /** The program, if this machine has one. */
  static Optional<Path> program() {
    return Stream.of(System.getenv("PATH").split(java.io.File.pathSeparator))
        .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  static Browser start(Path program, Path profile) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                program.toString(),
                "--headless=new",
                "--remote-debugging-port=0",
                "--user-data-dir=" + profile,
                "--no-first-run",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-backgrounding-occluded-windows",
                "--disable-renderer-backgrounding"));
    if (System.getProperty("user.name").equals("root")) {
      command.add("--no-sandbox");
    }
    command.add("about:blank");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    Path active = profile.resolve("DevToolsActivePort");
    Wait.until("the browser listens", () -> Files.exists(active) && Files.size(active) > 10);
    List<String> lines = Files.readAllLines(active);
    Receiver receiver = new Receiver();
    WebSocket socket =
        HttpClient.newHttpClient()
            .newWebSocketBuilder()
            .buildAsync(URI.create("ws://127.0.0.1:" + lines.get(0) + lines.get(1)), receiver)
            .get(LONGEST_S, TimeUnit.SECONDS);
    return new Browser(process, socket, receiver);
  }

  /** Opens a page in a tab of its own. */
  Tab open(String url) throws Exception {
    JsonNode target = call("", "Target.createTarget", Map.of("url", "about:blank")).get("targetId");
    JsonNode session =
        call("", "Target.attachToTarget", Map.of("targetId", target.asText(), "flatten", true))
            .get("sessionId");
    Tab tab = new Tab(this, session.asText());
    tab.begin(url);
    return tab;
  }

  /** Calls a method, in a session unless that is empty. */
  JsonNode call(String session, String method, Map<String, Object> parameters) throws Exception {
    int id = ids.incrementAndGet();
    CompletableFuture<JsonNode> answer = new CompletableFuture<>();
    calls.put(id, answer);
    Map<String, Object> request =
        new HashMap<>(Map.of("id", id, "method", method, "params", parameters));
    if (!session.isEmpty()) {
      request.put("sessionId", session);
    }
    String text = JSON.writeValueAsString(request);
    synchronized (socket) {
      socket.sendText(text, true).get(LONGEST_S, TimeUnit.SECONDS);
    }
    JsonNode message = answer.get(LONGEST_S, TimeUnit.SECONDS);
    if (message.has("error")) {
      throw new IOException(method + ": " + message.at("/error/message").asText());
    }
    return message.get("result");
  }

  /** Errors of scripts, and violations of the content security policy. */
  List<String> complaints() {
    return List.copyOf(complaints);
  }

  @Override
  public void close() {
    socket.abort();
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    process.onExit().join();
  }
}
