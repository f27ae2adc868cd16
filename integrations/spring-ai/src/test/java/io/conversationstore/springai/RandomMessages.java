package io.conversationstore.springai;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.chat.messages.ToolResponseMessage.ToolResponse;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.Media;
import org.springframework.util.MimeTypeUtils;

/** Messages from a seed; texts are few, so that equal messages are frequent. */
final class RandomMessages {

  private RandomMessages() {}

  static Message any(Random random) {
    return switch (random.nextInt(6)) {
      case 0, 1 ->
          UserMessage.builder()
              .text(text(random))
              .media(media(random))
              .metadata(metadata(random))
              .build();
      case 2 -> SystemMessage.builder().text(text(random)).metadata(metadata(random)).build();
      case 3 -> calls(random);
      case 4 -> results(random);
      default ->
          AssistantMessage.builder()
              .content(random.nextInt(5) == 0 ? null : text(random))
              .properties(metadata(random))
              .media(media(random))
              .build();
    };
  }

  private static Message calls(Random random) {
    List<AssistantMessage.ToolCall> calls = new ArrayList<>();
    for (int i = 0; i <= random.nextInt(3); i++) {
      calls.add(new AssistantMessage.ToolCall("call_" + i, "function", "search", text(random)));
    }
    return AssistantMessage.builder().content(null).toolCalls(calls).build();
  }

  private static Message results(Random random) {
    List<ToolResponse> results = new ArrayList<>();
    for (int i = 0; i < random.nextInt(4); i++) {
      results.add(new ToolResponse("call_" + i, "search", text(random)));
    }
    return ToolResponseMessage.builder().responses(results).metadata(metadata(random)).build();
  }

  private static List<Media> media(Random random) {
    List<Media> media = new ArrayList<>();
    for (int i = random.nextInt(6); i > 3; i--) {
      Media.Builder builder = Media.builder().mimeType(MimeTypeUtils.IMAGE_PNG).name("picture");
      media.add(
          random.nextBoolean()
              ? builder.data(new byte[] {(byte) random.nextInt(2)}).build()
              : builder.data(random.nextBoolean() ? "https://example.org/x" : "AP8H").build());
    }
    return media;
  }

  private static Map<String, Object> metadata(Random random) {
    Map<String, Object> metadata = new HashMap<>();
    for (int i = random.nextInt(6); i > 2; i--) {
      metadata.put(random.nextInt(8) == 0 ? "spring-ai" : "key" + i, value(random, 0));
    }
    return metadata;
  }

  private static Object value(Random random, int depth) {
    return switch (random.nextInt(depth > 2 ? 8 : 10)) {
      case 0 -> random.nextInt();
      case 1 -> (long) random.nextInt(3);
      case 2 -> random.nextDouble() * 1e10;
      case 3 -> (double) random.nextInt(3);
      case 4 -> Instant.ofEpochMilli(random.nextInt(1_000));
      case 5 -> random.nextBoolean() ? MessageType.USER : MessageType.TOOL;
      case 6 -> random.nextFloat();
      case 7 -> text(random);
      case 8 -> List.of(value(random, depth + 1), value(random, depth + 1));
      default -> Map.of("a/" + random.nextInt(2), value(random, depth + 1));
    };
  }

  private static String text(Random random) {
    return List.of("", "yes", "no", "tea \uD83C\uDF75").get(random.nextInt(4));
  }
}
