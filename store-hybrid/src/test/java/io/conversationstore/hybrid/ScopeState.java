package io.conversationstore.hybrid;

import io.conversationstore.Owner;
import io.conversationstore.hybrid.SimHistory.Op;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.MessageDeleted;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.StoreEngine;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * The state reached by a history of a small scope, in words: equal for two histories that can only
 * continue alike. Messages are named by their order, and times are omitted.
 */
final class ScopeState {

  private final Map<UUID, Integer> messages = new HashMap<>();
  private final Map<String, Integer> texts = new HashMap<>();
  private final StringBuilder text = new StringBuilder();

  private ScopeState() {}

  /** The state of the database, and of the files and the network of the nodes. */
  static String of(SimHistory history, StoreEngine database, List<SimNode> nodes) {
    ScopeState state = new ScopeState();
    for (Op op : history.ops) {
      op.messages.forEach(message -> state.messages.putIfAbsent(message, state.messages.size()));
    }
    state.store(database);
    for (SimNode node : nodes) {
      state.text.append(node.link().isDown() ? " down" : " up");
      state.text.append(node.hadContact() ? " met" : " new");
      state.store(node.files());
      state.queue(node.files());
    }
    return state.text.toString();
  }

  private void store(StoreEngine store) {
    Owner owner = SimClient.OWNERS.get(0);
    text.append(" epoch ").append(store.preferences(owner).epoch());
    for (String id : SimClient.CONVERSATIONS.subList(0, 2)) {
      ConversationState header = store.find(owner, id).conversation();
      text.append(" [");
      if (header != null) {
        text.append(header.epoch()).append('.').append(header.generation());
        text.append(header.isLive() ? " live" : " deleted");
        messages.entrySet().stream()
            .sorted(Map.Entry.comparingByValue())
            .forEach(message -> message(store, owner, id, message.getKey()));
      }
      text.append(']');
    }
  }

  private void message(StoreEngine store, Owner owner, String id, UUID message) {
    store
        .message(owner, id, message)
        .ifPresent(
            state -> {
              text.append(' ').append(messages.get(message)).append(':').append(state.seq());
              text.append(state.isLive() ? "=" + textOf(state.requireLive().text()) : " deleted");
            });
  }

  private int textOf(String content) {
    return texts.computeIfAbsent(content, key -> texts.size());
  }

  private void queue(LocalStore files) {
    text.append(" queue");
    files.pending(Integer.MAX_VALUE, Long.MAX_VALUE).forEach(this::change);
  }

  private void change(Change change) {
    ConversationRef ref = change.ref();
    text.append(' ').append(change.getClass().getSimpleName()).append(change.stamp().epoch());
    if (ref != null) {
      text.append('/').append(ref.id()).append('/').append(ref.generation());
    }
    if (change instanceof Bulk bulk) {
      text.append('(');
      bulk.changes().forEach(this::change);
      text.append(')');
    } else if (change instanceof MessagesAppended append) {
      append.messages().stream().map(NewMessage::id).map(messages::get).forEach(this::name);
    } else if (change instanceof MessageEdited edit) {
      name(messages.get(edit.messageId()));
    } else if (change instanceof MessageDeleted delete) {
      name(messages.get(delete.messageId()));
    }
  }

  private void name(Integer message) {
    text.append('#').append(message);
  }
}
