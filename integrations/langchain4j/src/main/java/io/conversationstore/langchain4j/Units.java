package io.conversationstore.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.Predicate;

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
    List<Entry> unmatched = new ArrayList<>(results);
    List<Entry> matched = new ArrayList<>();
    for (ToolExecutionRequest request : answer.toolExecutionRequests()) {
      if (!take(unmatched, matched, result -> answers(request, result))) {
        return;
      }
    }
    List<Entry> unit = new ArrayList<>();
    unit.add(call);
    // In the order in which they were stored.
    results.stream().filter(result -> holds(matched, result)).forEach(unit::add);
    units.add(unit);
  }

  private static boolean holds(List<Entry> entries, Entry entry) {
    return entries.stream().anyMatch(each -> each == entry);
  }

  private static boolean take(
      List<Entry> from, List<Entry> to, Predicate<ToolExecutionResultMessage> test) {
    for (Iterator<Entry> entries = from.iterator(); entries.hasNext(); ) {
      Entry entry = entries.next();
      if (test.test((ToolExecutionResultMessage) entry.message())) {
        entries.remove();
        to.add(entry);
        return true;
      }
    }
    return false;
  }

  /** By id; models without ids of calls are matched by the tool's name. */
  private static boolean answers(ToolExecutionRequest request, ToolExecutionResultMessage result) {
    if (isEmpty(request.id()) || isEmpty(result.id())) {
      return isEmpty(request.id()) == isEmpty(result.id())
          && (request.name() == null || request.name().equals(result.toolName()));
    }
    return request.id().equals(result.id());
  }

  @SuppressWarnings("NullAway") // LangChain4j leaves ids out where the model gave none.
  private static boolean isEmpty(String id) {
    return id == null || id.isEmpty();
  }
}
