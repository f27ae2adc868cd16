package io.conversationstore.adk;

import com.google.adk.events.Event;
import com.google.adk.sessions.GetSessionConfig;
import com.google.adk.sessions.Session;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.StoredMessage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Makes sessions of conversations. Thread-safe. */
final class SessionReader {

  /**
   * A read of the events after a time ends at so many events in a row that are earlier. Events of
   * several nodes are not quite in the order of their times.
   */
  private static final int EARLIER_IN_A_ROW = 100;

  private static final int FEW = 2 * KeptState.SNAPSHOT_AFTER;

  private final KeptState state;
  private final Unknown unknown;

  SessionReader(ConversationStore store, Unknown unknown) {
    this.state = new KeptState(store, SharedStates::isOfSession);
    this.unknown = unknown;
  }

  /** Which events of a session are wanted. */
  record Wanted(int last, @Nullable Instant from) {

    static final Wanted ALL = new Wanted(Integer.MAX_VALUE, null);
    static final Wanted NONE = new Wanted(0, null);

    static Wanted of(GetSessionConfig config) {
      int last = config.numRecentEvents().orElse(Integer.MAX_VALUE);
      if (last < 0) {
        throw new IllegalArgumentException("numRecentEvents must be 0 or more, but was " + last);
      }
      return new Wanted(last, config.afterTimestamp().orElse(null));
    }

    private int firstPage() {
      return from == null ? Math.max(FEW, Math.min(last, Page.MAX_LIMIT)) : FEW;
    }

    /** Whether the messages hold all events that are wanted. */
    private boolean isMetBy(List<StoredMessage> messages) {
      if (EventMessages.count(messages) >= last) {
        return true;
      }
      int earlier = 0;
      for (StoredMessage message : messages) {
        if (!isEarlier(message)) {
          break;
        }
        earlier++;
      }
      return earlier >= EARLIER_IN_A_ROW;
    }

    private boolean isEarlier(StoredMessage message) {
      return from != null && Instant.ofEpochMilli(EventMessages.timestamp(message)).isBefore(from);
    }

    private List<Event> of(List<StoredMessage> messages) {
      int begin = messages.size();
      int events = 0;
      while (begin > 0 && events < last) {
        begin--;
        events += EventMessages.begins(messages.get(begin)) ? 1 : 0;
      }
      List<Event> found = EventMessages.read(messages.subList(begin, messages.size()));
      found.removeIf(each -> from != null && Instant.ofEpochMilli(each.timestamp()).isBefore(from));
      return found;
    }
  }

  /** The session of this conversation, with its own state over the shared ones. */
  Session read(
      String appName,
      String userId,
      Owner owner,
      Conversation header,
      Wanted wanted,
      Map<String, Object> shared) {
    Optional<KeptState.Folded> folded = unknown.ask(() -> read(owner, header, wanted));
    Map<String, Object> values = new ConcurrentHashMap<>(shared);
    values.putAll(folded.map(KeptState.Folded::values).orElseGet(() -> KeptState.snapshot(header)));
    List<StoredMessage> messages = folded.map(each -> each.tail().messages()).orElse(List.of());
    return Session.builder(header.id())
        .appName(appName)
        .userId(userId)
        .state(values)
        .events(new ArrayList<>(wanted.of(messages)))
        .lastUpdateTime(lastUpdate(header, messages))
        .build();
  }

  private KeptState.Folded read(Owner owner, Conversation header, Wanted wanted) {
    KeptState.Folded folded = state.read(owner, header, wanted.firstPage());
    Tail tail = folded.tail();
    while (!tail.isComplete() && !wanted.isMetBy(tail.messages())) {
      tail.extend();
    }
    return folded;
  }

  private static Instant lastUpdate(Conversation header, List<StoredMessage> messages) {
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (EventMessages.begins(messages.get(i))) {
        return Instant.ofEpochMilli(EventMessages.timestamp(messages.get(i)));
      }
    }
    return header.updatedAt();
  }
}
