package io.conversationstore.cli.format;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.conversationstore.json.Json;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Recognizes the format of a file by the names in its first record, and whether it has a record per
 * line. Reads only the beginning of the file.
 */
public final class FormatDetector {

  /** So many bytes of the beginning are enough. */
  public static final int BEGINNING = 1 << 20;

  /**
   * The format and the shape of a file.
   *
   * @param format the format; conversations by their ids if nothing names another
   * @param shape where its records are
   */
  public record Detected(ImportFormat format, Shape shape) {}

  private FormatDetector() {}

  /**
   * Looks at the beginning of a file.
   *
   * @param name the file's name; an end of {@code .jsonl} or {@code .ndjson} counts
   * @param beginning its first bytes
   * @throws IllegalArgumentException if it is not JSON
   */
  public static Detected detect(String name, byte[] beginning) {
    String lower = name.toLowerCase(Locale.ROOT);
    boolean named = lower.endsWith(".jsonl") || lower.endsWith(".ndjson");
    Names names = new Names();
    try {
      names.read(beginning);
    } catch (IOException e) {
      throw new IllegalArgumentException(name + " cannot be read", e);
    }
    if (names.first == null || !names.first.isStructStart()) {
      throw new IllegalArgumentException(
          name + " is not a file of conversations: it is not JSON or JSON Lines");
    }
    boolean lines = names.first == JsonToken.START_OBJECT && (named || names.another);
    return new Detected(
        names.format(),
        lines ? Shape.LINES : names.isOneConversation() ? Shape.ONE : Shape.DOCUMENT);
  }

  /** The field names in the first record. */
  private static final class Names {

    private static final int DEEPEST = 6;

    /** Fields that only a single conversation has at the top. */
    private static final Set<String> OF_ONE =
        Set.of("messages", "mapping", "chat_messages", "chat", "role");

    private final Set<String> names = new HashSet<>();
    private final Set<String> top = new HashSet<>();
    private @Nullable JsonToken first;
    private boolean another;

    void read(byte[] beginning) throws IOException {
      try (JsonParser parser = Json.parser(new ByteArrayInputStream(withoutMark(beginning)))) {
        first = parser.nextToken();
        int depth = 0;
        for (JsonToken token = first; token != null; token = parser.nextToken()) {
          if (token.isStructStart()) {
            depth++;
          } else if (token.isStructEnd()) {
            depth--;
            if (depth == 0) {
              another = parser.nextToken() == JsonToken.START_OBJECT;
              return;
            }
          } else if (token == JsonToken.FIELD_NAME && depth <= DEEPEST) {
            names.add(parser.currentName());
            if (depth == 1) {
              top.add(parser.currentName());
            }
          }
        }
      } catch (JsonProcessingException cutOffOrBroken) {
        // The beginning ends within a record, or the reader will report the place.
        another = false;
      }
    }

    private static byte[] withoutMark(byte[] bytes) {
      boolean marked = bytes.length >= 3 && bytes[0] == (byte) 0xEF && bytes[1] == (byte) 0xBB;
      return marked ? java.util.Arrays.copyOfRange(bytes, 3, bytes.length) : bytes;
    }

    boolean has(String name) {
      return names.contains(name);
    }

    boolean isOneConversation() {
      return first == JsonToken.START_OBJECT && top.stream().anyMatch(OF_ONE::contains);
    }

    ImportFormat format() {
      if (has(ProjectLines.HEADER)) {
        return ImportFormat.PROJECT;
      }
      if (has("mapping") && (has("current_node") || has("children") || has("parent"))) {
        return ImportFormat.CHATGPT;
      }
      if (has("chat_messages") && has("sender")) {
        return ImportFormat.CLAUDE;
      }
      if (has("chat") && (has("childrenIds") || has("parentId") || has("currentId"))) {
        return ImportFormat.OPEN_WEBUI;
      }
      if (has("messages") && (has("isCreatedByUser") || has("parentMessageId"))) {
        return ImportFormat.LIBRECHAT;
      }
      if (has("conversations") && has("from") && has("value")) {
        return ImportFormat.SHAREGPT;
      }
      boolean records = first == JsonToken.START_ARRAY || another || isOneConversation();
      return records && has("role") && has("messages")
          ? ImportFormat.CHAT
          : ImportFormat.CONVERSATIONS;
    }
  }
}
