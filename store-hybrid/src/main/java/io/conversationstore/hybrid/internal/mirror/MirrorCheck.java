package io.conversationstore.hybrid.internal.mirror;

import io.conversationstore.Owner;
import io.conversationstore.hybrid.internal.connection.RowOrder;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.LocalStore.MirroredMessage;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Finds committed rows that cannot belong to the same database history as this node's copy. Storing
 * them would displace rows that only the copy still has. Reads no content. Thread-safe.
 */
final class MirrorCheck {

  private final LocalStore local;

  MirrorCheck(LocalStore local) {
    this.local = local;
  }

  /** The unit of withholding: a conversation, or an owner's preferences. */
  private record Group(Owner owner, @Nullable String conversation) {
    static Group of(State state) {
      return new Group(state.owner(), state.conversationId());
    }
  }

  private record Place(Group conversation, long epoch, long generation, long seq) {}

  /** All of these rows that belong to a conversation with a contradicting row. */
  List<State> contradicting(List<? extends State> states) {
    Look look = new Look();
    Set<Group> groups = new HashSet<>();
    for (State state : states) {
      if (state.accept(look)) {
        groups.add(Group.of(state));
      }
    }
    return groups.isEmpty()
        ? List.of()
        : states.stream().<State>map(s -> s).filter(s -> groups.contains(Group.of(s))).toList();
  }

  /** One pass over the copy; caches the rows it read. */
  private final class Look implements State.Visitor<Boolean, RuntimeException> {
    private final Map<Group, Optional<ConversationState>> headers = new HashMap<>();
    private final Map<Place, UUID> given = new HashMap<>();

    @Override
    public Boolean owner(OwnerState state) {
      return false;
    }

    @Override
    public Boolean conversation(ConversationState header) {
      ConversationState there = header(header.owner(), header.id());
      return there != null && RowOrder.contradict(header, there);
    }

    @Override
    public Boolean preferences(PreferencesState preferences) {
      return RowOrder.contradict(preferences, local.preferences(preferences.owner()));
    }

    private @Nullable ConversationState header(Owner owner, String id) {
      return headers
          .computeIfAbsent(
              new Group(owner, id),
              group -> Optional.ofNullable(local.find(owner, id).conversation()))
          .orElse(null);
    }

    @Override
    public Boolean message(MessageState message) {
      UUID id = message.messageId();
      Place place =
          new Place(Group.of(message), message.epoch(), message.generation(), message.seq());
      UUID other = given.putIfAbsent(place, id);
      if (other != null && !other.equals(id)) {
        return true;
      }
      MirroredMessage there =
          local
              .mirroredAt(message.owner(), message.conversationId(), message.seq())
              .filter(row -> row.epoch() == message.epoch())
              .filter(row -> row.generation() == message.generation())
              .orElse(null);
      if (there == null) {
        return false;
      }
      return !there.messageId().equals(id)
          || (message.isLive() && isLater(message, there) && isDeletedAlone(message, there));
    }

    private static boolean isLater(MessageState message, MirroredMessage there) {
      return message.version() >= there.version();
    }

    /** If the conversation is deleted too, the versions in the copy are not the database's. */
    private boolean isDeletedAlone(MessageState message, MirroredMessage there) {
      ConversationState header = header(message.owner(), message.conversationId());
      return !there.live()
          && (header == null || (header.isLive() && header.generation() == message.generation()));
    }
  }
}
