package io.conversationstore.examples.chat.live;

import io.conversationstore.Owner;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** The followers of each owner. Thread-safe; calls return at once. */
public final class Live implements AutoCloseable {

  /** Followers of one owner at a time. */
  public static final int MOST_PER_OWNER = 20;

  private final Map<Owner, List<Follower>> followers = new ConcurrentHashMap<>();

  /** Somebody who follows the list of an owner, and the messages of one conversation. */
  public static final class Follower {
    private final Owner owner;
    private final @Nullable String conversation;
    private volatile @Nullable EventStream stream;

    private Follower(Owner owner, @Nullable String conversation) {
      this.owner = owner;
      this.conversation = conversation;
    }

    /** Sends one event to this follower. */
    public void send(Event event) {
      send(event.bytes());
    }

    private void send(byte[] event) {
      EventStream to = stream;
      if (to != null) {
        to.send(event);
      }
    }

    /** From here on, events go to this stream. */
    public void connect(EventStream to) {
      stream = to;
    }
  }

  /**
   * Adds a follower.
   *
   * @param conversation whose messages it follows, or null
   * @return null if the owner has too many
   */
  public @Nullable Follower join(Owner owner, @Nullable String conversation) {
    Follower follower = new Follower(owner, conversation);
    List<Follower> all =
        followers.compute(
            owner,
            (key, present) -> {
              List<Follower> list = present == null ? new CopyOnWriteArrayList<>() : present;
              if (list.size() < MOST_PER_OWNER) {
                list.add(follower);
              }
              return list;
            });
    return all.contains(follower) ? follower : null;
  }

  /** Removes a follower. */
  public void leave(Follower follower) {
    followers.computeIfPresent(
        follower.owner,
        (key, list) -> {
          list.remove(follower);
          return list.isEmpty() ? null : list;
        });
  }

  /** Sends to all followers of an owner. */
  public void toOwner(Owner owner, Event event) {
    List<Follower> all = followers.get(owner);
    if (all != null) {
      byte[] bytes = event.bytes();
      all.forEach(follower -> follower.send(bytes));
    }
  }

  /** Sends to the followers of a conversation. */
  public void toConversation(Owner owner, String conversation, Event event) {
    List<Follower> all = followers.get(owner);
    if (all != null) {
      byte[] bytes = event.bytes();
      for (Follower follower : all) {
        if (conversation.equals(follower.conversation)) {
          follower.send(bytes);
        }
      }
    }
  }

  boolean hasFollowers(Owner owner) {
    return followers.containsKey(owner);
  }

  Set<Owner> owners() {
    return Set.copyOf(followers.keySet());
  }

  /** The conversations whose messages somebody follows. */
  Set<String> conversations(Owner owner) {
    Set<String> found = ConcurrentHashMap.newKeySet();
    for (Follower follower : followers.getOrDefault(owner, List.of())) {
      if (follower.conversation != null) {
        found.add(follower.conversation);
      }
    }
    return found;
  }

  void heartbeat() {
    followers.values().forEach(all -> all.forEach(each -> each.send(Event.HEARTBEAT)));
  }

  /** Disconnects everybody. */
  @Override
  public void close() {
    for (List<Follower> all : followers.values()) {
      for (Follower follower : all) {
        EventStream stream = follower.stream;
        if (stream != null) {
          stream.close();
        }
      }
    }
  }
}
