package io.conversationstore.examples.chat.live;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds what changed since the last look, also by other servers: compares the conversations that
 * were used last, and the last messages of each conversation that somebody follows. Older changes
 * are seen at the next reload. The first look sends all of it: a follower may have read just before
 * another server wrote. Used by one thread.
 */
final class OtherServers {

  private static final Logger log = LoggerFactory.getLogger(OtherServers.class);
  private static final int CONVERSATIONS = 50;
  private static final int MESSAGES = 50;

  private final ConversationStore store;
  private final Live live;
  private final Predicate<UUID> growsHere;
  private final Map<Owner, Seen> seen = new HashMap<>();

  /** What the followers of an owner have been sent. */
  private static final class Seen {
    private Map<String, String> headers = new LinkedHashMap<>();
    private final Map<String, Map<UUID, StoredMessage>> messages = new HashMap<>();
    private final Map<String, String> tags = new HashMap<>();
  }

  OtherServers(ConversationStore store, Live live, Predicate<UUID> growsHere) {
    this.store = store;
    this.live = live;
    this.growsHere = growsHere;
  }

  /** Looks once at everything that is followed. */
  void look() {
    Set<Owner> owners = live.owners();
    seen.keySet().retainAll(owners);
    for (Owner owner : owners) {
      try {
        look(owner, seen.get(owner));
      } catch (StoreUnavailableException later) {
        // The next look compares with the same state, so nothing is missed.
        log.debug("other servers' writes are looked for later: {}", later.getMessage());
      }
    }
  }

  private void look(Owner owner, @Nullable Seen known) {
    Seen now = known == null ? new Seen() : known;
    List<Conversation> recent =
        store.list(owner, ConversationQuery.all().withLimit(CONVERSATIONS)).items();
    Map<String, String> headers = new LinkedHashMap<>();
    for (Conversation each : recent) {
      Event event = Event.conversation(each);
      headers.put(each.id(), event.data());
      if (!event.data().equals(now.headers.get(each.id()))) {
        live.toOwner(owner, event);
      }
    }
    for (String id : now.headers.keySet()) {
      if (!headers.containsKey(id) && store.find(owner, id).isEmpty()) {
        live.toOwner(owner, Event.deleted(id));
      }
    }
    now.headers = headers;
    Set<String> followed = live.conversations(owner);
    now.messages.keySet().retainAll(followed);
    now.tags.keySet().retainAll(followed);
    for (String id : followed) {
      lookInto(owner, id, now, headers.get(id));
    }
    seen.put(owner, now);
  }

  private void lookInto(Owner owner, String id, Seen now, @Nullable String header) {
    String tag = header;
    if (tag == null) {
      tag = store.find(owner, id).map(found -> Event.conversation(found).data()).orElse("");
    }
    if (tag.isEmpty() || Objects.equals(tag, now.tags.get(id))) {
      return;
    }
    Map<UUID, StoredMessage> before = now.messages.getOrDefault(id, Map.of());
    Map<UUID, StoredMessage> after = new LinkedHashMap<>();
    try {
      store.last(owner, id, MESSAGES).forEach(message -> after.put(message.id(), message));
    } catch (ConversationNotFoundException deleted) {
      return;
    }
    compare(owner, id, before, after);
    now.messages.put(id, after);
    now.tags.put(id, tag);
  }

  private void compare(
      Owner owner, String id, Map<UUID, StoredMessage> before, Map<UUID, StoredMessage> after) {
    List<StoredMessage> changed = new ArrayList<>();
    for (StoredMessage message : after.values()) {
      // The followers have more of an answer that grows here than the store.
      if (!message.equals(before.get(message.id())) && !growsHere.test(message.id())) {
        changed.add(message);
      }
    }
    if (!changed.isEmpty()) {
      live.toConversation(owner, id, Event.messages(id, changed));
    }
    // Messages that left at the front of a full window are not gone.
    boolean whole = after.size() < MESSAGES;
    StoredMessage first = after.isEmpty() ? null : after.values().iterator().next();
    for (StoredMessage message : before.values()) {
      boolean inWindow =
          whole || (first != null && !message.isPending() && message.seq() > first.seq());
      if (inWindow && !after.containsKey(message.id())) {
        live.toConversation(owner, id, Event.removed(id, message.id()));
      }
    }
  }
}
