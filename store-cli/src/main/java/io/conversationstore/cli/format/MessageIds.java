package io.conversationstore.cli.format;

import io.conversationstore.Message;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.DerivedIds;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The ids of the messages of one conversation, the same at each import of the same file. For one
 * thread.
 */
final class MessageIds {

  private final String conversation;
  private final Set<UUID> given = new HashSet<>();
  private long ordinal;

  MessageIds(String conversation) {
    this.conversation = conversation;
  }

  /**
   * The message with its own id, or else one derived from conversation, place and content. An id
   * that an earlier message has is kept in the metadata: nothing is overwritten.
   */
  ImportedMessage identified(ImportedMessage imported) {
    Message message = imported.message();
    UUID own = message.id();
    if (own != null && !given.add(own)) {
      Map<String, @Nullable Object> metadata = new HashMap<>(message.metadata());
      metadata.putIfAbsent("id", own.toString());
      message = message.withId(null).withMetadata(metadata);
    }
    long place = ordinal++;
    if (message.id() == null) {
      message = message.withId(DerivedIds.of(conversation, place, ModelJson.digest(message)));
    }
    return imported.withMessage(message);
  }

  /**
   * An id for a conversation without one, derived from its place in the file and its messages: two
   * equal conversations of a file stay two, and other files do not join it.
   */
  static String ofConversation(long place, List<ImportedMessage> messages) {
    StringBuilder digests = new StringBuilder();
    messages.forEach(each -> digests.append(ModelJson.digest(each.message())));
    return DerivedIds.of("an imported conversation", place, digests.toString()).toString();
  }
}
