package io.conversationstore.adk;

import com.google.adk.models.BaseLlm;
import com.google.adk.models.BaseLlmConnection;
import com.google.adk.models.LlmRequest;
import com.google.adk.models.LlmResponse;
import com.google.genai.types.Content;
import com.google.genai.types.FunctionCall;
import com.google.genai.types.GenerateContentResponseUsageMetadata;
import com.google.genai.types.Part;
import io.reactivex.rxjava3.core.Flowable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * A model in process. It asks for the weather of each place that a question names after {@code
 * weather:}, all in one event, and answers with the results; to other questions it answers with the
 * number of questions that it was shown.
 */
final class ScriptedModel extends BaseLlm {

  /** Of all models, so that ids stay unique after a restart. */
  private static final AtomicInteger CALLS = new AtomicInteger();

  ScriptedModel() {
    super("scripted");
  }

  @Override
  public Flowable<LlmResponse> generateContent(LlmRequest request, boolean stream) {
    return Flowable.just(
        LlmResponse.builder()
            .content(Content.builder().role("model").parts(answer(request.contents())).build())
            .usageMetadata(
                GenerateContentResponseUsageMetadata.builder()
                    .promptTokenCount(10)
                    .candidatesTokenCount(5)
                    .totalTokenCount(15)
                    .build())
            .modelVersion("scripted-1")
            .build());
  }

  private List<Part> answer(List<Content> contents) {
    List<Part> last = contents.get(contents.size() - 1).parts().orElseThrow();
    if (last.get(0).functionResponse().isPresent()) {
      return List.of(
          Part.fromText(
              last.stream()
                  .map(each -> each.functionResponse().orElseThrow().response().orElseThrow())
                  .map(each -> String.valueOf(each.get("weather")))
                  .collect(Collectors.joining(", "))));
    }
    String question = last.get(0).text().orElseThrow();
    if (!question.startsWith("weather:")) {
      return List.of(
          Part.builder().text("a thought").thought(true).build(),
          Part.fromText("question " + questions(contents)));
    }
    List<Part> parts = new ArrayList<>();
    parts.add(Part.fromText("I look"));
    for (String place : question.substring("weather:".length()).split(",")) {
      parts.add(
          Part.builder()
              .functionCall(
                  FunctionCall.builder()
                      .id("call_" + CALLS.incrementAndGet())
                      .name("weather")
                      .args(Map.of("place", place))
                      .build())
              .build());
    }
    return parts;
  }

  private static long questions(List<Content> contents) {
    return contents.stream()
        .filter(each -> each.role().orElse("").equals("user"))
        .filter(each -> each.parts().orElseThrow().get(0).text().isPresent())
        .count();
  }

  @Override
  public BaseLlmConnection connect(LlmRequest request) {
    throw new UnsupportedOperationException("this model is not live");
  }
}
