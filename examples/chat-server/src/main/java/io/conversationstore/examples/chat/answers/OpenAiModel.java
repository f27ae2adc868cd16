package io.conversationstore.examples.chat.answers;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Asks an endpoint that speaks OpenAI's protocol for chat completions, streamed. */
public final class OpenAiModel implements ChatModel {

  private static final String DATA = "data:";
  private static final String DONE = "[DONE]";
  private static final Duration LONGEST = Duration.ofMinutes(5);

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
  private final URI endpoint;
  private final String key;
  private final String model;

  /**
   * A model behind an endpoint.
   *
   * @param baseUrl without {@code /chat/completions}
   */
  public OpenAiModel(String baseUrl, String key, String model) {
    this.endpoint = URI.create(baseUrl.replaceFirst("/+$", "") + "/chat/completions");
    this.key = key;
    this.model = model;
  }

  @Override
  public String name() {
    return model;
  }

  @Override
  public @Nullable TokenUsage answer(List<StoredMessage> history, Output output)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(endpoint)
            .timeout(LONGEST)
            .header("Authorization", "Bearer " + key)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(Json.text(out -> write(out, history))))
            .build();
    HttpResponse<Stream<String>> response =
        client.send(request, HttpResponse.BodyHandlers.ofLines());
    try (Stream<String> lines = response.body()) {
      if (response.statusCode() != 200) {
        throw new IOException("the endpoint answered with status " + response.statusCode());
      }
      return read(lines.iterator(), output);
    }
  }

  private static @Nullable TokenUsage read(Iterator<String> lines, Output output)
      throws IOException {
    TokenUsage usage = null;
    while (lines.hasNext()) {
      String line = lines.next();
      if (!line.startsWith(DATA)) {
        continue;
      }
      String data = line.substring(DATA.length()).strip();
      if (data.equals(DONE)) {
        return usage;
      }
      JsonNode chunk = Json.parse(data);
      JsonNode counted = chunk.path("usage");
      if (counted.isObject()) {
        usage =
            TokenUsage.of(
                counted.path("prompt_tokens").asLong(), counted.path("completion_tokens").asLong());
      }
      String piece = chunk.path("choices").path(0).path("delta").path("content").asText("");
      if (!piece.isEmpty() && !output.text(piece)) {
        return usage;
      }
    }
    throw new IOException("the endpoint ended the answer without saying that it is complete");
  }

  private void write(JsonGenerator out, List<StoredMessage> history) throws IOException {
    out.writeStartObject();
    out.writeStringField("model", model);
    out.writeBooleanField("stream", true);
    out.writeObjectFieldStart("stream_options");
    out.writeBooleanField("include_usage", true);
    out.writeEndObject();
    out.writeArrayFieldStart("messages");
    for (StoredMessage message : history) {
      writeMessage(out, message);
    }
    out.writeEndArray();
    out.writeEndObject();
  }

  /** Fields of the protocol only: an endpoint may refuse others. */
  private static void writeMessage(JsonGenerator out, StoredMessage message) throws IOException {
    out.writeStartObject();
    out.writeStringField("role", message.role().wireName());
    out.writeStringField("content", message.text());
    if (!message.toolCalls().isEmpty()) {
      out.writeFieldName("tool_calls");
      ModelJson.writeToolCalls(out, message.toolCalls());
    }
    if (message.role() == Role.TOOL && message.message().toolCallId() != null) {
      out.writeStringField("tool_call_id", message.message().toolCallId());
    }
    out.writeEndObject();
  }
}
