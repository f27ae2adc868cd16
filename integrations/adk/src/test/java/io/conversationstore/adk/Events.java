package io.conversationstore.adk;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.adk.JsonBaseModel;
import com.google.adk.events.Event;
import com.google.adk.events.EventActions;
import com.google.adk.events.EventCompaction;
import com.google.adk.events.ToolConfirmation;
import com.google.adk.sessions.State;
import com.google.genai.types.Blob;
import com.google.genai.types.CodeExecutionResult;
import com.google.genai.types.Content;
import com.google.genai.types.CustomMetadata;
import com.google.genai.types.ExecutableCode;
import com.google.genai.types.FileData;
import com.google.genai.types.FinishReason;
import com.google.genai.types.FunctionCall;
import com.google.genai.types.FunctionResponse;
import com.google.genai.types.GenerateContentResponseUsageMetadata;
import com.google.genai.types.GroundingChunk;
import com.google.genai.types.GroundingChunkWeb;
import com.google.genai.types.GroundingMetadata;
import com.google.genai.types.Language;
import com.google.genai.types.Outcome;
import com.google.genai.types.Part;
import com.google.genai.types.StringList;
import com.google.genai.types.Transcription;
import com.google.genai.types.VideoMetadata;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Events of every kind. */
final class Events {

  private Events() {}

  static Event.Builder event() {
    return Event.builder()
        .id(Event.generateEventId())
        .invocationId("e-" + UUID.randomUUID())
        .author("user")
        .timestamp(1_764_550_000_123L);
  }

  /** ADK compares arrays of bytes by identity, so events with bytes are compared as JSON. */
  static void assertEqual(String what, Event actual, Event expected) {
    boolean bytes =
        expected.content().flatMap(Content::parts).orElse(List.of()).stream()
            .anyMatch(
                each ->
                    each.thoughtSignature().isPresent()
                        || each.inlineData().flatMap(Blob::data).isPresent());
    if (bytes) {
      assertThat(JsonBaseModel.getMapper().<JsonNode>valueToTree(actual))
          .as(what)
          .isEqualTo(JsonBaseModel.getMapper().<JsonNode>valueToTree(expected));
    } else {
      assertThat(actual).as(what).isEqualTo(expected);
    }
  }

  static Event text(String text) {
    return event().content(Content.fromParts(Part.fromText(text))).build();
  }

  static Event changing(Map<String, Object> delta) {
    return event().actions(EventActions.builder().stateDelta(delta).build()).build();
  }

  private static Event of(String author, String role, Part... parts) {
    return event()
        .author(author)
        .content(Content.builder().role(role).parts(List.of(parts)).build())
        .build();
  }

  /** Values of every type that a state, arguments or a result may have. */
  static Map<String, Object> values() {
    Map<String, Object> values = new HashMap<>();
    values.put("text", "grün \ud83d\ude00 \"quoted\"");
    values.put("U+0000", "a\u0000b");
    values.put("lone surrogate", "a\ud800b");
    values.put("true", true);
    values.put("int", 7);
    values.put("smallLong", 7L);
    values.put("long", Long.MAX_VALUE);
    values.put("fraction", 0.1);
    values.put("wholeDouble", 2.0);
    values.put("negativeZero", -0.0);
    values.put("tiny", 4.9e-324);
    values.put("nan", Double.NaN);
    values.put("float", 0.1f);
    values.put("short", (short) 3);
    values.put("byte", (byte) -1);
    values.put("char", 'c');
    values.put("bigInteger", BigInteger.TEN.pow(40));
    values.put("bigDecimal", new BigDecimal("1.500"));
    values.put("instant", Instant.parse("2026-01-01T00:00:00.123456789Z"));
    values.put("duration", Duration.ofMillis(1_500));
    values.put("uuid", UUID.nameUUIDFromBytes(new byte[] {1}));
    values.put("uri", URI.create("https://example.com/a"));
    values.put("unit", TimeUnit.HOURS);
    values.put("list", new ArrayList<>(Arrays.asList(1, null, "two", List.of(3.5))));
    values.put("set", new LinkedHashSet<>(List.of("b", "a")));
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("z", 1);
    map.put("a", null);
    map.put("$Long", "7");
    values.put("map", map);
    values.put("numbered", Map.of(1, "one"));
    values.put("$dollar", "key");
    values.put("empty", Map.of());
    values.put("", "empty key");
    return values;
  }

  static Map<String, Event> all() {
    Map<String, Event> all = new LinkedHashMap<>();
    all.put("text of the user", of("user", "user", Part.fromText("One chai latte, please")));
    all.put("text of an agent", of("barista", "model", Part.fromText("Coming")));
    all.put("several texts", of("barista", "model", Part.fromText("a"), Part.fromText("")));
    all.put(
        "text that no store holds",
        of("barista", "model", Part.fromText("a\u0000b\ud800"), Part.fromText("c")));
    all.put("no content", event().build());
    all.put(
        "content without parts", event().content(Content.builder().role("user").build()).build());
    all.put("empty parts", event().content(Content.builder().parts(List.of()).build()).build());
    all.put(
        "content without a role",
        event().content(Content.builder().parts(List.of(Part.fromText("x"))).build()).build());
    all.put("an empty part", of("user", "user", Part.builder().build()));
    all.put(
        "a thought with its signature",
        of(
            "barista",
            "model",
            Part.builder()
                .text("the guest wants tea")
                .thought(true)
                .thoughtSignature(new byte[] {0, -1, 5})
                .build(),
            Part.builder().text("Tea?").thoughtSignature(new byte[] {}).build()));
    all.put("calls between texts", calls());
    all.put("a call without an id and arguments", of("a", "model", call(null, "now", null)));
    all.put("a call without a name", of("a", "model", call("1", null, Map.of("a", 1))));
    all.put("arguments of every type", of("a", "model", call("1", "f", values())));
    all.put("one result", of("a", "user", result("1", "f", Map.of("result", "rain"))));
    all.put(
        "several results",
        of(
            "a",
            "user",
            result("1", "f", Map.of("result", "rain")),
            result("2", "f", Map.of()),
            result(null, "g", null),
            result("4", null, values())));
    all.put(
        "results between other parts",
        of(
            "user",
            "user",
            Part.fromText("first"),
            result("1", "f", Map.of("ok", true)),
            Part.fromText("second"),
            result("2", "f", Map.of("ok", false))));
    all.put("a result beside code", of("a", "user", code(), result("1", "f", Map.of("ok", true))));
    all.put("media", media());
    all.put(
        "code and its result",
        of(
            "a",
            "model",
            code(),
            Part.builder()
                .codeExecutionResult(
                    CodeExecutionResult.builder()
                        .outcome(new Outcome(Outcome.Known.OUTCOME_OK))
                        .output("42")
                        .build())
                .build()));
    all.put(
        "a part with metadata",
        of("a", "model", Part.builder().text("x").partMetadata(values()).build()));
    all.put("actions", actions());
    all.put("every field", everyField());
    all.put("an id that is no UUID", event().id("event-1").build());
    all.put(
        "an upper-case UUID",
        event().id(UUID.randomUUID().toString().toUpperCase(Locale.ROOT)).build());
    return all;
  }

  static Event calls() {
    return of(
        "weather",
        "model",
        Part.fromText("I look"),
        call("c1", "weather", Map.of("place", "Rome")),
        Part.fromText("and there"),
        call("c2", "weather", Map.of("place", "Oslo")),
        call("c3", "weather", Map.of()));
  }

  private static Part call(String id, String name, Map<String, Object> arguments) {
    FunctionCall.Builder call = FunctionCall.builder();
    if (id != null) {
      call.id(id);
    }
    if (name != null) {
      call.name(name);
    }
    if (arguments != null) {
      call.args(arguments);
    }
    return Part.builder().functionCall(call.build()).build();
  }

  private static Part result(String id, String name, Map<String, Object> response) {
    FunctionResponse.Builder result = FunctionResponse.builder();
    if (id != null) {
      result.id(id);
    }
    if (name != null) {
      result.name(name);
    }
    if (response != null) {
      result.response(response);
    }
    return Part.builder().functionResponse(result.build()).build();
  }

  private static Part code() {
    return Part.builder()
        .executableCode(
            ExecutableCode.builder()
                .language(new Language(Language.Known.PYTHON))
                .code("print(6 * 7)")
                .build())
        .build();
  }

  private static Event media() {
    return of(
        "user",
        "user",
        Part.builder()
            .inlineData(
                Blob.builder()
                    .mimeType("image/png")
                    .displayName("logo")
                    .data(new byte[] {(byte) 0x89, 0, 1, 2, -3})
                    .build())
            .build(),
        Part.builder().inlineData(Blob.builder().data(new byte[] {}).build()).build(),
        Part.builder()
            .fileData(
                FileData.builder()
                    .mimeType("video/mp4")
                    .fileUri("gs://bucket/film.mp4")
                    .displayName("film")
                    .build())
            .videoMetadata(
                VideoMetadata.builder()
                    .startOffset(Duration.ofMillis(1_500))
                    .endOffset(Duration.ofSeconds(9))
                    .fps(23.5)
                    .build())
            .build(),
        Part.builder().fileData(FileData.builder().fileUri("gs://bucket/x").build()).build());
  }

  private static Event actions() {
    Map<String, Object> delta = values();
    delta.put("gone", State.REMOVED);
    delta.put("user:name", "Alice");
    delta.put("app:open", true);
    return event()
        .author("barista")
        .actions(
            EventActions.builder()
                .skipSummarization(true)
                .stateDelta(delta)
                .artifactDelta(Map.of("receipt.pdf", 3))
                .deletedArtifactIds(Set.of("old.pdf"))
                .transferToAgent("cashier")
                .escalate(false)
                .requestedAuthConfigs(Map.of("c1", values()))
                .requestedToolConfirmations(
                    Map.of(
                        "c1",
                        ToolConfirmation.builder()
                            .hint("Pay?")
                            .confirmed(false)
                            .payload(Map.of("amount", 12L))
                            .build(),
                        "c2",
                        ToolConfirmation.builder().hint(null).payload(7L).build()))
                .endOfAgent(true)
                .compaction(
                    EventCompaction.builder()
                        .startTimestamp(1)
                        .endTimestamp(2)
                        .compactedContent(
                            Content.builder()
                                .role("model")
                                .parts(List.of(Part.fromText("sum"), call("1", "f", values())))
                                .build())
                        .build())
                .build())
        .build();
  }

  private static Event everyField() {
    return calls().toBuilder()
        .longRunningToolIds(Set.of("c1", "c3"))
        .partial(false)
        .turnComplete(true)
        .errorCode(new FinishReason(FinishReason.Known.SAFETY))
        .errorMessage("stopped")
        .finishReason(new FinishReason("A_NEW_REASON"))
        .usageMetadata(
            GenerateContentResponseUsageMetadata.builder()
                .promptTokenCount(10)
                .candidatesTokenCount(5)
                .thoughtsTokenCount(2)
                .totalTokenCount(17)
                .cachedContentTokenCount(4)
                .build())
        .avgLogprobs(-0.25)
        .interrupted(false)
        .branch("root.weather")
        .groundingMetadata(
            GroundingMetadata.builder()
                .webSearchQueries(List.of("weather Rome"))
                .groundingChunks(
                    List.of(
                        GroundingChunk.builder()
                            .web(
                                GroundingChunkWeb.builder()
                                    .uri("https://example.com")
                                    .title("Weather")
                                    .build())
                            .build()))
                .build())
        .customMetadata(
            List.of(
                CustomMetadata.builder().key("k").stringValue("v\u0000").build(),
                CustomMetadata.builder().key("n").numericValue(0.1f).build(),
                CustomMetadata.builder().key("whole").numericValue(3f).build(),
                CustomMetadata.builder()
                    .key("l")
                    .stringListValue(StringList.builder().values(List.of("a", "b")).build())
                    .build()))
        .modelVersion("gemini-test")
        .inputTranscription(Transcription.builder().text("in").finished(true).build())
        .outputTranscription(Transcription.builder().text("out").build())
        .build();
  }
}
