package io.conversationstore.examples.chat.story;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.conversationstore.json.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;

/** A user of the API. Thread-safe. */
public final class ChatClient {

  private static final Duration LONGEST = Duration.ofSeconds(30);

  private final HttpClient http;
  private final String base;
  private final List<String> headers;

  /** A client of a server on this machine, with these headers in each request. */
  public ChatClient(HttpClient http, int port, String... headers) {
    this.http = http;
    this.base = "http://127.0.0.1:" + port;
    this.headers = List.of(headers);
  }

  /** A client for a user. */
  public static ChatClient of(int port, String user) {
    return new ChatClient(HttpClient.newHttpClient(), port, "X-User", user);
  }

  /**
   * An answer of the server.
   *
   * @param body missing unless it is JSON
   */
  public record Reply(int status, HttpResponse<String> response, JsonNode body) {

    /** The value of a header, or an empty text. */
    public String header(String name) {
      return response.headers().firstValue(name).orElse("");
    }

    /** The kind of the problem, or an empty text. */
    public String problem() {
      return body.path("type").asText("").replaceFirst("^.*:", "");
    }

    /**
     * This reply.
     *
     * @throws IOException if it has another status
     */
    public Reply expect(int wanted) throws IOException {
      if (status != wanted) {
        throw new IOException(
            response.request().method()
                + " "
                + response.request().uri().getPath()
                + " answered "
                + status
                + " "
                + problem()
                + " instead of "
                + wanted);
      }
      return this;
    }
  }

  /** Sends a request with further headers, as name, value, name, value. */
  public Reply send(String method, String path, Json.Writer body, String... more)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = request(path, more);
    request.header("Content-Type", "application/json");
    request.method(method, HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)));
    return send(request.build());
  }

  /** Sends a request without a body. */
  public Reply send(String method, String path, String... more)
      throws IOException, InterruptedException {
    return send(request(path, more).method(method, HttpRequest.BodyPublishers.noBody()).build());
  }

  /** Sends a request as it is. */
  public Reply send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
    boolean json = response.headers().firstValue("Content-Type").orElse("").contains("json");
    JsonNode body = json ? Json.parse(response.body()) : MissingNode.getInstance();
    return new Reply(response.statusCode(), response, body);
  }

  /** A request with the headers of this client and more. */
  public HttpRequest.Builder request(String path, String... more) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path)).timeout(LONGEST);
    for (int i = 0; i < headers.size(); i += 2) {
      request.header(headers.get(i), headers.get(i + 1));
    }
    for (int i = 0; i < more.length; i += 2) {
      request.header(more[i], more[i + 1]);
    }
    return request;
  }

  /** Follows events. */
  public Followed follow(String path) throws IOException, InterruptedException {
    HttpResponse<java.util.stream.Stream<String>> response =
        http.send(request(path).build(), HttpResponse.BodyHandlers.ofLines());
    if (response.statusCode() != 200) {
      response.body().close();
      throw new IOException("GET " + path + " answered " + response.statusCode());
    }
    return new Followed(response.body());
  }

  // The requests that several clients send

  /** Appends a message of the user, and creates the conversation if there is none. */
  public Reply append(String conversation, String text, String key)
      throws IOException, InterruptedException {
    return send(
        "POST",
        "/conversations/" + conversation + "/messages",
        out -> {
          out.writeStartObject();
          out.writeBooleanField("create", true);
          out.writeArrayFieldStart("messages");
          out.writeStartObject();
          out.writeStringField("role", "user");
          out.writeStringField("content", text);
          out.writeEndObject();
          out.writeEndArray();
          out.writeEndObject();
        },
        "Idempotency-Key",
        key);
  }

  /** Asks a question, and creates the conversation if there is none. */
  public Reply ask(String conversation, String question, String key)
      throws IOException, InterruptedException {
    return send(
        "POST",
        "/conversations/" + conversation + "/answers",
        out -> {
          out.writeStartObject();
          out.writeBooleanField("create", true);
          out.writeStringField("title", question);
          out.writeStringField("question", question);
          out.writeEndObject();
        },
        "Idempotency-Key",
        key);
  }

  /** Changes a field of a conversation. */
  public Reply patch(String path, String field, String value, String... more)
      throws IOException, InterruptedException {
    return send(
        "PATCH",
        path,
        out -> {
          out.writeStartObject();
          out.writeStringField(field, value);
          out.writeEndObject();
        },
        more);
  }
}
