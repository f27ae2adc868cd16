package io.conversationstore.cli.format;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/** The formats that can be written. */
public enum ExportFormat {
  /** The project's own JSON Lines: everything. */
  PROJECT("jsonl"),
  /** Chat messages of model APIs, a conversation per line. */
  CHAT("chat"),
  /** One JSON object of conversations by their ids: everything of one owner. */
  CONVERSATIONS("conversations-json"),
  /** A table of messages. */
  CSV("csv"),
  /** Markdown for people. */
  MARKDOWN("markdown"),
  /** A page for people. */
  HTML("html");

  private final String word;

  ExportFormat(String word) {
    this.word = word;
  }

  /** The name on the command line. */
  public String word() {
    return word;
  }

  /** The format with this name; empty if there is none. */
  public static Optional<ExportFormat> ofWord(String word) {
    return Arrays.stream(values()).filter(each -> each.word.equals(word)).findFirst();
  }

  /** Whether a file can hold conversations of several owners. */
  public boolean holdsOwners() {
    return this == PROJECT || this == CSV;
  }

  /**
   * A writer to a stream, which it flushes and does not close.
   *
   * @param now the time of the export
   */
  public ConversationWriter writer(OutputStream out, Instant now) throws IOException {
    return switch (this) {
      case PROJECT -> new ProjectLinesWriter(out, now);
      case CHAT -> new ChatLinesWriter(out);
      case CONVERSATIONS -> new ConversationsJsonWriter(out);
      case CSV -> new CsvWriter(out);
      case MARKDOWN -> new MarkdownWriter(out);
      case HTML -> new HtmlWriter(out);
    };
  }
}
