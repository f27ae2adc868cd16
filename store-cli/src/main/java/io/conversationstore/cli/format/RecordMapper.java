package io.conversationstore.cli.format;

import java.util.function.Consumer;

/** Converts the records of a format to conversations. Stateless. */
interface RecordMapper {

  /**
   * Converts a record.
   *
   * @param into receives its conversations
   * @throws IllegalArgumentException if it is not a conversation of the format; the text names the
   *     field, never its value
   */
  void map(SourceRecord record, Consumer<MappedConversation> into);
}
