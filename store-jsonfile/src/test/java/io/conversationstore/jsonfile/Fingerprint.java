package io.conversationstore.jsonfile;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.MessageQuery;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.StoreEngine;
import java.util.Map;
import java.util.TreeMap;

/**
 * All that a store shows of some owners, in a form equal for the model and for files: one entry for
 * each conversation with its messages in order, one for the remains of each possibly deleted
 * conversation, and one for the other data of each owner.
 */
final class Fingerprint {
  private static final int MOST = 1_000;

  private Fingerprint() {}

  /**
   * @param engine under the store; shows the records of deleted conversations and erased owners
   */
  static Map<String, String> of(ConversationStore store, StoreEngine engine) {
    Map<String, String> all = new TreeMap<>();
    for (Owner owner : Workload.OWNERS) {
      String name = owner.tenantId() + "/" + owner.userId();
      for (Conversation c : store.list(owner, ConversationQuery.all().withLimit(MOST))) {
        StringBuilder text = new StringBuilder();
        text.append(c.generation()).append('|').append(c.title()).append('|').append(c.status());
        text.append('|').append(c.settings()).append('|').append(c.metadata());
        text.append('|').append(c.tags()).append('|').append(c.pinned());
        text.append('|').append(c.createdAt()).append('|').append(c.updatedAt());
        text.append('|').append(c.messageCount()).append('|').append(c.usage());
        for (StoredMessage m : store.messages(owner, c.id(), MessageQuery.first(MOST)).items()) {
          text.append('\n').append(m.seq()).append(' ').append(m.id()).append(' ');
          text.append(m.createdAt()).append(' ').append(m.editedAt()).append(' ').append(m.role());
          text.append(' ').append(m.text());
        }
        all.put(name + ": " + c.id(), text.toString());
      }
      for (String id : Workload.CONVERSATIONS) {
        Found found = engine.find(owner, id);
        ConversationState header = found.conversation();
        String last = header == null ? "never" : header.generation() + "/" + header.lastSeq();
        all.put(name + ", trace of " + id, "epoch " + found.ownerEpoch() + ", " + last);
      }
      all.put(name + ", preferences", store.preferences(owner).toString());
      all.put(name, store.count(owner).toString());
    }
    return all;
  }

  /**
   * Whether each conversation is as before or as after a step over many of them that stopped
   * midway.
   */
  static boolean isBetween(
      Map<String, String> actual, Map<String, String> before, Map<String, String> after) {
    if (!actual.keySet().equals(before.keySet()) || !actual.keySet().equals(after.keySet())) {
      return false;
    }
    return actual.entrySet().stream()
        .filter(entry -> entry.getKey().contains(": ") || entry.getKey().contains(", "))
        .allMatch(
            entry ->
                entry.getValue().equals(before.get(entry.getKey()))
                    || entry.getValue().equals(after.get(entry.getKey())));
  }
}
