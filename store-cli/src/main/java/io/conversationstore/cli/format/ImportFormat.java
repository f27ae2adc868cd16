package io.conversationstore.cli.format;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;

/** The formats that can be read. */
public enum ImportFormat {
  /** The project's own JSON Lines. */
  PROJECT("jsonl", shape -> new ProjectLinesReader()),
  /** Chat messages of model APIs, a conversation per line or in a JSON array. */
  CHAT("chat", new ChatMapper()),
  /** ShareGPT, a conversation per line or in a JSON array. */
  SHAREGPT("sharegpt", new ChatMapper()),
  /** One file of conversations by their ids, as programs without a store keep it. */
  CONVERSATIONS("conversations-json", new ChatMapper()),
  /** ChatGPT's export. */
  CHATGPT("chatgpt", new ChatGptMapper()),
  /** Claude's export. */
  CLAUDE("claude", new ClaudeMapper()),
  /** Open WebUI's export. */
  OPEN_WEBUI("openwebui", new OpenWebUiMapper()),
  /** LibreChat's export. */
  LIBRECHAT("librechat", new LibreChatMapper());

  private final String word;
  private final Function<Shape, FormatReader> readers;

  ImportFormat(String word, Function<Shape, FormatReader> readers) {
    this.word = word;
    this.readers = readers;
  }

  ImportFormat(String word, RecordMapper mapper) {
    this(word, shape -> new RecordReader(mapper, shape));
  }

  /** The name on the command line. */
  public String word() {
    return word;
  }

  /** The format with this name; empty if there is none. */
  public static Optional<ImportFormat> ofWord(String word) {
    return Arrays.stream(values()).filter(each -> each.word.equals(word)).findFirst();
  }

  /** A reader of files of this shape. */
  public FormatReader reader(Shape shape) {
    return readers.apply(shape);
  }
}
