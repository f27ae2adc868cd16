package io.conversationstore.cli.format;

import java.util.List;

/**
 * A conversation that a record holds.
 *
 * @param header its header
 * @param messages in order; those without an id get a derived one
 * @param notes what is left out
 */
record MappedConversation(
    ConversationHeader header, List<ImportedMessage> messages, List<String> notes) {

  MappedConversation {
    messages = List.copyOf(messages);
    notes = List.copyOf(notes);
  }
}
