package io.conversationstore.hybrid.internal.support;

import io.conversationstore.spi.Change;
import java.util.List;
import java.util.Set;

/** The conversations that changes are about. */
public final class ConversationIds {

  private ConversationIds() {}

  /** Collects the ids of the changes' conversations. */
  public static void collect(List<Change> changes, Set<String> ids) {
    for (Change change : changes) {
      if (change instanceof Change.Bulk bulk) {
        collect(bulk.changes(), ids);
      } else if (change instanceof Change.ConversationCreated create) {
        ids.add(create.conversationId());
      } else if (change.ref() != null) {
        ids.add(change.ref().id());
      }
    }
  }
}
