package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.json.Json;

/** Tool calls in the words of programs. */
final class ToolCalls {

  private ToolCalls() {}

  /**
   * Brings the tool calls of a message to the shape of the model. Arguments that are text stay as
   * they are, to the byte.
   *
   * @param contentIsCall whether the content is a call as text, as in ShareGPT
   * @throws IllegalArgumentException if a call has no name
   */
  static void normalize(ObjectNode message, boolean contentIsCall) {
    ArrayNode calls = message.arrayNode();
    for (JsonNode call : message.path("tool_calls")) {
      calls.add(call(call));
    }
    JsonNode legacy = message.remove("function_call");
    if (legacy != null && legacy.isObject()) {
      calls.add(call(legacy));
    }
    if (contentIsCall && message.path("content").isTextual()) {
      JsonNode call = json(message.path("content").textValue());
      if (call.isObject() && call.path("name").isTextual()) {
        calls.add(call(call));
        message.putNull("content");
      }
    }
    message.remove("tool_calls");
    if (!calls.isEmpty()) {
      message.set("tool_calls", calls);
    }
  }

  private static JsonNode json(String text) {
    try {
      return Json.parse(text);
    } catch (IllegalArgumentException notJson) {
      return com.fasterxml.jackson.databind.node.MissingNode.getInstance();
    }
  }

  private static ObjectNode call(JsonNode given) {
    if (!given.isObject()) {
      throw new IllegalArgumentException("tool_calls must be an array of objects");
    }
    JsonNode function = given.path("function").isObject() ? given.path("function") : given;
    String name = function.path("name").textValue();
    if (!Fields.isName(name)) {
      throw new IllegalArgumentException("a tool call has no name");
    }
    JsonNode arguments = function.path("arguments");
    for (String other : new String[] {"args", "input", "parameters"}) {
      arguments = arguments.isMissingNode() ? function.path(other) : arguments;
    }
    ObjectNode call = ((ObjectNode) given).objectNode();
    call.put("id", given.path("id").asText(""));
    String type = given.path("type").textValue();
    if (Fields.isName(type) && given.path("function").isObject()) {
      call.put("type", type);
    }
    ObjectNode called = call.putObject("function");
    called.put("name", name);
    called.put(
        "arguments", arguments.isMissingNode() || arguments.isNull() ? "" : Fields.json(arguments));
    return call;
  }
}
