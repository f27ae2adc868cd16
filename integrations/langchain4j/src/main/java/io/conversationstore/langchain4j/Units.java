package io.conversationstore.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a window that stay together: one message, or an answer that calls tools with all of
 * their results. Models refuse a call without its results and a result without its call, so a call
 * that lacks a result is left out with its results, and so is a result without a call.
 */
final class Units {

  private Units() {}

  /** The units of a window, oldest first. */
  static List<List<Entry>> of(List<Entry> entries) {
    List<List<Entry>> units = new ArrayList<>();
    int next = 0;
    while (next < entries.size()) {
      Entry first = entries.get(next++);
      if (first.message() instanceof AiMessage answer && answer.hasToolExecutionRequests()) {
        List<Entry> results = new ArrayList<>();
        while (next < entries.size()
            && entries.get(next).message() instanceof ToolExecutionResultMessage) {
          results.add(entries.get(next++));
        }
        addCall(units, first, answer, results);
      } else if (!(first.message() instanceof ToolExecutionResultMessage)) {
        units.add(List.of(first));
      }
    }
    return units;
  }

  private static void addCall(
      List<List<Entry>> units, Entry call, AiMessage answer, List<Entry> results) {
    boolean[] taken = new boolean[results.size()];
    for (ToolExecutionRequest request : answer.toolExecutionRequests()) {
      int index = 0;
      while (index < taken.length && (taken[index] || !answers(request, results.get(index)))) {
        index++;
      }
      if (index == taken.length) {
        return;
      }
      taken[index] = true;
    }
    List<Entry> unit = new ArrayList<>();
    unit.add(call);
    for (int i = 0; i < taken.length; i++) {
      if (taken[i]) {
        unit.add(results.get(i));
      }
    }
    units.add(unit);
  }

  /** By id; models without ids of calls are matched by the tool's name. */
  private static boolean answers(ToolExecutionRequest request, Entry entry) {
    ToolExecutionResultMessage result = (ToolExecutionResultMessage) entry.message();
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
