package io.conversationstore.cli.format;

import io.conversationstore.Owner;
import io.conversationstore.Preferences;

/**
 * Receives the contents of a file in its order. Each conversation is a {@link #begin}, its
 * messages, and an {@link #end} or an {@link #abandon}. Called by one thread. An exception ends the
 * reading.
 */
public interface ImportHandler {

  /** A conversation begins. */
  void begin(ConversationHeader header, Place place);

  /**
   * A message of the conversation that has begun.
   *
   * @throws IllegalArgumentException if it cannot be stored; the reader reports and abandons the
   *     conversation
   */
  void message(ImportedMessage message, Place place);

  /** The conversation is complete. */
  void end();

  /**
   * The conversation cannot be read further. What was received of it must not be followed by other
   * messages: a later import of the mended file appends the rest in order.
   */
  void abandon();

  /** The preferences of an owner; its conversations came before. */
  void preferences(Owner owner, Preferences preferences);

  /** A record, or the rest of a file, that cannot be read. */
  void bad(Place place, String reason);

  /** Something that is not imported, and is no error. */
  void note(Place place, String note);
}
