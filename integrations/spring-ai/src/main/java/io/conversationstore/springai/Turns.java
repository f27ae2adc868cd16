package io.conversationstore.springai;

import java.util.ArrayList;
import java.util.List;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;

/**
 * Which messages a model can be given: models refuse tool calls without results, and the reverse.
 */
final class Turns {

  private Turns() {}

  /**
   * The messages from the first user message on; all of them if there is none, as in a long turn
   * with many tool calls.
   */
  static List<Message> fromUserMessage(List<Message> messages) {
    for (int i = 0; i < messages.size(); i++) {
      if (messages.get(i).getMessageType() == MessageType.USER) {
        return messages.subList(i, messages.size());
      }
    }
    return messages;
  }

  /**
   * The messages without tool calls that lack a result, their other results, and results that lack
   * a call.
   *
   * @param keepOpen whether calls at the end stay, because their results are on the way
   */
  static List<Message> answered(List<Message> messages, boolean keepOpen) {
    List<Message> kept = new ArrayList<>();
    int i = 0;
    while (i < messages.size()) {
      Message message = messages.get(i);
      if (message instanceof AssistantMessage assistant && assistant.hasToolCalls()) {
        int end = i + 1;
        List<String> open = new ArrayList<>();
        assistant.getToolCalls().forEach(call -> open.add(call.id()));
        while (end < messages.size()
            && messages.get(end) instanceof ToolResponseMessage results
            && answers(results, open)) {
          results.getResponses().forEach(result -> open.remove(result.id()));
          end++;
        }
        if (open.isEmpty() || (keepOpen && end == messages.size())) {
          kept.addAll(messages.subList(i, end));
        }
        i = end;
      } else {
        if (message.getMessageType() != MessageType.TOOL) {
          kept.add(message);
        }
        i++;
      }
    }
    return kept;
  }

  private static boolean answers(ToolResponseMessage results, List<String> open) {
    List<String> calls = new ArrayList<>(open);
    for (ToolResponse result : results.getResponses()) {
      if (!calls.remove(result.id())) {
        return false;
      }
    }
    return true;
  }
}
