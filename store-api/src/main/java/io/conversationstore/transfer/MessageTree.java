package io.conversationstore.transfer;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A conversation as a tree of messages, each linked to the one that it answers ({@code mapping} in
 * exports of ChatGPT). A rewritten message begins another branch; one branch is shown.
 */
final class MessageTree {

  private MessageTree() {}

  /** Whether a value is such a tree: objects keyed by id, each with a parent or children. */
  static boolean is(JsonNode mapping) {
    if (!mapping.isObject() || mapping.isEmpty()) {
      return false;
    }
    for (JsonNode node : mapping) {
      if (!node.has("message") || !(node.has("parent") || node.has("children"))) {
        return false;
      }
    }
    return true;
  }

  /**
   * The messages of the shown branch, from its root; nodes without a message or content are left
   * out.
   *
   * @param current the last node of the branch; if missing, the last node of the tree is used
   */
  static List<JsonNode> shown(JsonNode mapping, @Nullable String current) {
    String id = current;
    if (id == null || !mapping.has(id)) {
      for (var names = mapping.fieldNames(); names.hasNext(); ) {
        id = names.next();
      }
    }
    Deque<JsonNode> branch = new ArrayDeque<>();
    Set<String> seen = new HashSet<>();
    while (id != null && mapping.has(id) && seen.add(id)) {
      branch.addFirst(mapping.get(id).path("message"));
      id = mapping.get(id).path("parent").textValue();
    }
    List<JsonNode> messages = new ArrayList<>();
    for (JsonNode message : branch) {
      if (message.isObject() && !isBlank(message)) {
        messages.add(message);
      }
    }
    return messages;
  }

  private static boolean isBlank(JsonNode message) {
    JsonNode parts = message.path("content").path("parts");
    for (JsonNode part : parts) {
      if (!part.isTextual() || !part.textValue().isEmpty()) {
        return false;
      }
    }
    return parts.isArray();
  }
}
