package io.conversationstore.cli.format;

import java.util.Arrays;
import java.util.Optional;

/** The formats that can be read. */
public enum ImportFormat {
  /** The project's own JSON Lines. */
  PROJECT("jsonl"),
  /** Chat messages of model APIs, a conversation per line or in a JSON array. */
  CHAT("chat"),
  /** ShareGPT, a conversation per line or in a JSON array. */
  SHAREGPT("sharegpt"),
  /** One file of conversations by their ids, as programs without a store keep it. */
  CONVERSATIONS("conversations-json"),
  /** ChatGPT's export. */
  CHATGPT("chatgpt"),
  /** Claude's export. */
  CLAUDE("claude"),
  /** Open WebUI's export. */
  OPEN_WEBUI("openwebui"),
  /** LibreChat's export. */
  LIBRECHAT("librechat");

  private final String word;

  ImportFormat(String word) {
    this.word = word;
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
    return switch (this) {
      case PROJECT -> new ProjectLinesReader();
      case CHAT, SHAREGPT, CONVERSATIONS -> new RecordReader(new ChatMapper(), shape);
      case CHATGPT -> new RecordReader(new ChatGptMapper(), shape);
      case CLAUDE -> new RecordReader(new ClaudeMapper(), shape);
      case OPEN_WEBUI -> new RecordReader(new OpenWebUiMapper(), shape);
      case LIBRECHAT -> new RecordReader(new LibreChatMapper(), shape);
    };
  }
}
