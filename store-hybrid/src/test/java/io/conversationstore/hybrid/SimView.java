package io.conversationstore.hybrid;

import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.spi.MirroredRows;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import io.conversationstore.spi.StoreEngine;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What the database, a node's copy or a former one held at a time. */
final class SimView {

  private static final int ALL = 1_000;

  private record Id(Owner owner, String conversation) {}

  private final Map<Owner, Long> epochs = new HashMap<>();
  private final Map<Owner, PreferencesState> preferences = new HashMap<>();
  private final Map<Id, ConversationState> headers = new HashMap<>();
  private final Map<String, MessageState> messages = new HashMap<>();

  /** What is there now; of messages those that live. */
  static SimView ofDatabase(StoreEngine database) {
    SimView view = new SimView();
    for (Owner owner : SimClient.OWNERS) {
      PreferencesState preferred = database.preferences(owner);
      view.epochs.put(owner, preferred.epoch());
      view.preferences.put(owner, preferred);
      for (String id : SimClient.CONVERSATIONS) {
        ConversationState header = database.find(owner, id).conversation();
        if (header != null) {
          view.headers.put(new Id(owner, id), header);
          if (header.isLive()) {
            view.add(database.messages(owner, id, Direction.FORWARD, null, ALL).slice().items());
          }
        }
      }
    }
    return view;
  }

  /** What a copy holds, deleted rows included. */
  static SimView ofCopy(MirroredRows rows) {
    SimView view = new SimView();
    for (OwnerState state : rows.mirroredOwners()) {
      Owner owner = state.owner();
      view.epochs.put(owner, state.epoch());
      view.preferences.put(owner, rows.preferences(owner));
      for (String id : rows.mirroredConversations(owner)) {
        Optional<ConversationState> header = rows.mirroredConversation(owner, id);
        if (header.isPresent()) {
          view.headers.put(new Id(owner, id), header.get());
          view.add(rows.mirroredMessages(owner, id, 0, ALL));
        }
      }
    }
    return view;
  }

  private void add(List<MessageState> rows) {
    for (MessageState row : rows) {
      messages.put(SimHistory.message(row.owner(), row.conversationId(), row.messageId()), row);
    }
  }

  /** Whether the database has all that a copy knows. */
  boolean isWithin(SimView database) {
    return headers.entrySet().stream()
            .allMatch(row -> isWithin(row.getValue(), database.headers.get(row.getKey())))
        && preferences.entrySet().stream()
            .allMatch(
                row ->
                    row.getValue().epoch() < database.epoch(row.getKey())
                        || row.getValue().version()
                            <= database.preferences.get(row.getKey()).version())
        && epochs.entrySet().stream()
            .allMatch(row -> row.getValue() <= database.epoch(row.getKey()));
  }

  private static boolean isWithin(ConversationState mine, @Nullable ConversationState theirs) {
    return theirs != null
        && (mine.epoch() < theirs.epoch()
            || mine.generation() < theirs.generation()
            || (mine.generation() == theirs.generation() && mine.version() <= theirs.version()));
  }

  long epoch(Owner owner) {
    return epochs.getOrDefault(owner, 0L);
  }

  @Nullable ConversationState header(Owner owner, String conversation) {
    return headers.get(new Id(owner, conversation));
  }

  boolean hasLive(Owner owner, String conversation) {
    ConversationState header = header(owner, conversation);
    return header != null && header.isLive();
  }

  /** Whether a generation of an epoch has ended, according to this view. */
  boolean hasEnded(Owner owner, String conversation, long epoch, long generation) {
    ConversationState header = header(owner, conversation);
    return epoch(owner) > epoch
        || (header != null
            && header.epoch() == epoch
            && (header.generation() > generation
                || (header.generation() == generation && !header.isLive())));
  }

  @Nullable MessageState message(Owner owner, String conversation, UUID id) {
    return messages.get(SimHistory.message(owner, conversation, id));
  }

  boolean hasLiveMessage(Owner owner, String conversation, UUID id) {
    MessageState message = message(owner, conversation, id);
    return message != null && message.isLive();
  }

  boolean hasText(Owner owner, String conversation, UUID id, String text) {
    MessageState message = message(owner, conversation, id);
    return message != null && message.isLive() && message.requireLive().text().equals(text);
  }

  boolean hasTitle(Owner owner, String conversation, String title) {
    ConversationState header = header(owner, conversation);
    return header != null && header.isLive() && header.requireLive().title().equals(title);
  }

  boolean hasModel(Owner owner, String model) {
    PreferencesState preferred = preferences.get(owner);
    return preferred != null && Objects.equals(preferred.selectedModel(), model);
  }
}
