package io.conversationstore.cli.format;

import io.conversationstore.Conversation;
import io.conversationstore.Owner;
import io.conversationstore.Preferences;
import io.conversationstore.StoredMessage;
import java.io.IOException;

/**
 * Writes conversations in one format, one message at a time. The calls come as {@link #begin}, for
 * each conversation {@link #conversation}, its messages and {@link #endConversation}, and {@link
 * #end}. For one thread.
 */
public interface ConversationWriter {

  /** The file begins. */
  void begin() throws IOException;

  /** A conversation begins. */
  void conversation(Conversation conversation) throws IOException;

  /** A message of the conversation that has begun. */
  void message(StoredMessage message) throws IOException;

  /** The conversation is complete. */
  void endConversation() throws IOException;

  /** The preferences of an owner, after its conversations; most formats have no place for them. */
  default void preferences(Owner owner, Preferences preferences) throws IOException {}

  /** The file is complete; its stream is flushed, not closed. */
  void end() throws IOException;
}
