package io.conversationstore.springai;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import reactor.core.publisher.Flux;

/**
 * Answers as scripted, and refuses what real models refuse: calls without results, and results
 * without calls.
 */
final class ScriptedModel implements ChatModel {

  private final Queue<AssistantMessage> script = new ArrayDeque<>();
  private final List<List<Message>> prompts = new ArrayList<>();

  void answers(String text) {
    script.add(
        AssistantMessage.builder()
            .content(text)
            .properties(Map.of("finishReason", "STOP"))
            .build());
  }

  void calls(AssistantMessage.ToolCall... calls) {
    script.add(AssistantMessage.builder().content(null).toolCalls(List.of(calls)).build());
  }

  List<Message> lastPrompt() {
    return prompts.get(prompts.size() - 1);
  }

  @Override
  public ChatOptions getOptions() {
    return ToolCallingChatOptions.builder().build();
  }

  @Override
  public ChatResponse call(Prompt prompt) {
    List<Message> messages = List.copyOf(prompt.getInstructions());
    requirePairs(messages);
    prompts.add(messages);
    return new ChatResponse(List.of(new Generation(script.remove())));
  }

  @Override
  public Flux<ChatResponse> stream(Prompt prompt) {
    return Flux.defer(() -> Flux.just(call(prompt)));
  }

  private static void requirePairs(List<Message> messages) {
    List<String> open = List.of();
    for (Message message : messages) {
      if (message instanceof ToolResponseMessage results) {
        List<String> left = new ArrayList<>(open);
        results
            .getResponses()
            .forEach(
                result -> {
                  if (!left.remove(result.id())) {
                    throw new AssertionError("a result without its call " + result.id());
                  }
                });
        open = left;
        continue;
      }
      if (!open.isEmpty() && message.getMessageType() != MessageType.SYSTEM) {
        throw new AssertionError("calls without results: " + open);
      }
      open =
          message instanceof AssistantMessage assistant
              ? assistant.getToolCalls().stream().map(AssistantMessage.ToolCall::id).toList()
              : open;
    }
    if (!open.isEmpty()) {
      throw new AssertionError("calls without results at the end: " + open);
    }
  }
}
