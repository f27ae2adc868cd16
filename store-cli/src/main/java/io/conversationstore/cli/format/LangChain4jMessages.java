package io.conversationstore.cli.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** The JSON that LangChain4j makes of its messages, in the chat-message shape. */
final class LangChain4jMessages {
  private LangChain4jMessages() {}

  /** The message in the chat-message shape; unchanged if it is not one of LangChain4j. */
  static ObjectNode toChat(ObjectNode given) {
    return switch (given.path("type").asText()) {
      case "USER" -> user(given.deepCopy());
      case "AI" -> answer(given.deepCopy());
      case "TOOL_EXECUTION_RESULT" -> result(given.deepCopy());
      default -> given;
    };
  }

  private static ObjectNode user(ObjectNode message) {
    if (message.path("contents").isArray()) {
      ArrayNode parts = message.putArray("content");
      for (JsonNode part : message.remove("contents")) {
        JsonNode text = part.path("text");
        parts.add(text.isTextual() ? text : part);
      }
    }
    return message;
  }

  private static ObjectNode answer(ObjectNode message) {
    ArrayNode parts = message.putArray("content");
    JsonNode thinking = message.remove("thinking");
    if (thinking != null && thinking.isTextual()) {
      parts.addObject().put("type", "thinking").put("thinking", thinking.textValue());
    }
    JsonNode text = message.remove("text");
    if (text != null && text.isTextual()) {
      parts.add(text.textValue());
    }
    JsonNode requests = message.remove("toolExecutionRequests");
    if (requests != null && !requests.isEmpty()) {
      ArrayNode calls = message.putArray("tool_calls");
      for (JsonNode request : requests) {
        ObjectNode call = calls.addObject().put("type", "function");
        call.set("id", request.path("id"));
        ObjectNode function = call.putObject("function");
        function.set("name", request.path("name"));
        function.set("arguments", request.path("arguments"));
      }
    }
    return message;
  }

  private static ObjectNode result(ObjectNode message) {
    message.put("type", "tool");
    move(message, "id", "tool_call_id");
    move(message, "toolName", "name");
    move(message, "isError", "is_error");
    return message;
  }

  private static void move(ObjectNode message, String from, String to) {
    JsonNode value = message.remove(from);
    if (value != null && !value.isNull()) {
      message.set(to, value);
    }
  }
}
