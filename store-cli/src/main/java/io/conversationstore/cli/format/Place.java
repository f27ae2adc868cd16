package io.conversationstore.cli.format;

import org.jspecify.annotations.Nullable;

/**
 * A place in a file, for a report about a bad record. Immutable.
 *
 * @param file its name
 * @param line from 1; 0 if the file does not have a record per line
 * @param offset of the first byte of the record, from 0; -1 if the source has no bytes
 * @param record the number of the record in the file, from 1; 0 for the file itself
 * @param conversation the id of the conversation, if it is known
 * @param message the number of the message in its conversation, from 1; 0 for the whole one
 */
public record Place(
    String file, long line, long offset, long record, @Nullable String conversation, long message) {

  /** The place of a file as a whole. */
  static Place of(String file) {
    return new Place(file, 0, 0, 0, null, 0);
  }

  /** The place of a conversation in a source that has no bytes, such as a table. */
  static Place ofConversation(String source, long number, String id) {
    return new Place(source, 0, -1, number, id, 0);
  }

  /** The file alone. */
  public Place withoutConversation() {
    return of(file);
  }

  Place withConversation(@Nullable String id) {
    return new Place(file, line, offset, record, id, 0);
  }

  Place withMessage(long number) {
    return new Place(file, line, offset, record, conversation, number);
  }

  /** The place in words. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(file);
    if (line > 0) {
      text.append(", line ").append(line);
    } else if (record > 0 && offset >= 0) {
      text.append(", record ").append(record).append(" at byte ").append(offset);
    }
    if (conversation != null) {
      text.append(", conversation ").append(conversation);
    }
    if (message > 0) {
      text.append(", message ").append(message);
    }
    return text.toString();
  }
}
