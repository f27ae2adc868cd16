package io.conversationstore.transfer;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.Message;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.DerivedIds;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A conversation that is being read. Its messages are passed on immediately; only their ids from
 * the file are kept (about 80 bytes each), to find duplicates. For one thread.
 */
final class OpenConversation {

  private final String id;
  private final ObjectNode fields = JsonNodeFactory.instance.objectNode();
  private final Set<UUID> givenIds = new HashSet<>();
  private long ordinal;

  OpenConversation(String id) {
    this.id = id;
  }

  String id() {
    return id;
  }

  /** The fields read so far, without messages. */
  ObjectNode fields() {
    return fields;
  }

  /**
   * Gives a message its identity: its id from the file, else one derived from its content and its
   * place in the whole conversation, independent of the batch size. An id already used by an
   * earlier message is kept in the metadata: nothing is overwritten.
   */
  Entry identified(Entry entry) {
    Message message = entry.message();
    UUID given = message.id();
    if (given != null && !givenIds.add(given)) {
      Map<String, @Nullable Object> metadata = new HashMap<>(message.metadata());
      metadata.putIfAbsent("id", given.toString());
      message = message.withId(null).withMetadata(metadata);
    }
    long place = ordinal++;
    if (message.id() == null) {
      message = message.withId(DerivedIds.of(id, place, ModelJson.digest(message)));
    }
    return Entry.of(message).withCreatedAt(entry.createdAt());
  }
}
