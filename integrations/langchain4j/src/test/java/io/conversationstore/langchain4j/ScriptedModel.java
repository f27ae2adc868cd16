package io.conversationstore.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * A model in process. It asks for the weather of each place that a question names after {@code
 * weather:}, at once, and answers with the results; every other question it answers with its number
 * of known messages. It refuses what models refuse: a call without results, and the reverse.
 */
final class ScriptedModel implements ChatModel {

  private final AtomicInteger calls = new AtomicInteger();

  @Override
  public ChatResponse doChat(ChatRequest request) {
    List<ChatMessage> messages = request.messages();
    requireWholeCalls(messages);
    return ChatResponse.builder().aiMessage(answer(messages)).build();
  }

  private AiMessage answer(List<ChatMessage> messages) {
    ChatMessage last = messages.get(messages.size() - 1);
    if (last instanceof ToolExecutionResultMessage) {
      int first = messages.size();
      while (messages.get(first - 1) instanceof ToolExecutionResultMessage) {
        first--;
      }
      return AiMessage.from(
          messages.subList(first, messages.size()).stream()
              .map(each -> ((ToolExecutionResultMessage) each).text())
              .collect(Collectors.joining(", ")));
    }
    String question = ((UserMessage) last).singleText();
    if (!question.startsWith("weather:")) {
      return AiMessage.builder()
          .text("answer to " + question)
          .thinking("a thought")
          .attributes(Map.of("signature", "s", "number", 7L))
          .build();
    }
    List<ToolExecutionRequest> requests = new ArrayList<>();
    for (String place : question.substring("weather:".length()).split(",")) {
      requests.add(
          ToolExecutionRequest.builder()
              .id("call_" + calls.incrementAndGet())
              .name("weather")
              .arguments("{\"place\": \"" + place + "\"}")
              .build());
    }
    return AiMessage.from("I look", requests);
  }

  private static void requireWholeCalls(List<ChatMessage> messages) {
    List<String> open = new ArrayList<>();
    for (ChatMessage message : messages) {
      if (message instanceof ToolExecutionResultMessage result) {
        if (!open.remove(result.id())) {
          throw new IllegalArgumentException("a result without its call");
        }
      } else if (!open.isEmpty()) {
        throw new IllegalArgumentException("a call without its result");
      } else if (message instanceof AiMessage answer) {
        answer.toolExecutionRequests().forEach(call -> open.add(call.id()));
      }
    }
  }
}
