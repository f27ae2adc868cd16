package io.conversationstore.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a window that stay together: one message, or an answer that calls tools with all of
 * their results. Models refuse a call without its results and a result without its call, so a call
 * that lacks a result is left out with its results, and so is a result without a call. Results
 * follow their call also where another writer's message is stored between them.
 */
final class Units {

  private final List<Entry> entries;
  private final boolean[] taken;

  private Units(List<Entry> entries) {
    this.entries = entries;
    this.taken = new boolean[entries.size()];
  }

  /** The units of a window, oldest first. */
  static List<List<Entry>> of(List<Entry> entries) {
    Units units = new Units(entries);
    List<List<Entry>> found = new ArrayList<>();
    for (int i = 0; i < entries.size(); i++) {
      ChatMessage message = entries.get(i).message();
      if (message instanceof AiMessage answer && answer.hasToolExecutionRequests()) {
        List<Entry> unit = units.ofCall(i, answer.toolExecutionRequests());
        if (!unit.isEmpty()) {
          found.add(unit);
        }
      } else if (!(message instanceof ToolExecutionResultMessage)) {
        found.add(List.of(entries.get(i)));
      }
    }
    return found;
  }

  /** The call with its results in the order in which they were stored; empty if one is missing. */
  private List<Entry> ofCall(int call, List<ToolExecutionRequest> requests) {
    List<Integer> results = new ArrayList<>();
    for (ToolExecutionRequest request : requests) {
      int result = findResult(call, request);
      if (result < 0) {
        // The results stay taken: they belong to no later call.
        return List.of();
      }
      taken[result] = true;
      results.add(result);
    }
    List<Entry> unit = new ArrayList<>();
    unit.add(entries.get(call));
    results.stream().sorted().forEach(result -> unit.add(entries.get(result)));
    return unit;
  }

  /** The next result of this request; -1 if there is none before a call of the same id. */
  private int findResult(int call, ToolExecutionRequest request) {
    for (int i = call + 1; i < entries.size(); i++) {
      ChatMessage message = entries.get(i).message();
      if (message instanceof ToolExecutionResultMessage result) {
        if (!taken[i] && answers(request, result)) {
          return i;
        }
      } else if (isEmpty(request.id()) || callsAgain(message, request)) {
        return -1;
      }
    }
    return -1;
  }

  private static boolean callsAgain(ChatMessage message, ToolExecutionRequest request) {
    return message instanceof AiMessage answer
        && answer.toolExecutionRequests().stream()
            .anyMatch(other -> Objects.equals(other.id(), request.id()));
  }

  /** By id; models without ids of calls are matched by the tool's name. */
  private static boolean answers(ToolExecutionRequest request, ToolExecutionResultMessage result) {
    if (isEmpty(request.id()) || isEmpty(result.id())) {
      return isEmpty(request.id()) == isEmpty(result.id())
          && (request.name() == null || request.name().equals(result.toolName()));
    }
    return request.id().equals(result.id());
  }

  private static boolean isEmpty(@Nullable String id) {
    return id == null || id.isEmpty();
  }
}
