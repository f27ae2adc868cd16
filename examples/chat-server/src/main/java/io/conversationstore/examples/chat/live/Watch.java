package io.conversationstore.examples.chat.live;

import io.conversationstore.ConversationStore;
import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import io.conversationstore.StoreUnavailableException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes changes to followers, on one thread: the state of the store, the fields of a
 * conversation after a write here, and writes of other servers. Thread-safe.
 */
public final class Watch implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(Watch.class);
  private static final Duration HEARTBEAT = Duration.ofSeconds(15);

  private final ConversationStore store;
  private final Live live;
  private final OtherServers others;
  private final BiFunction<StoreState, Owner, Event> describe;
  private final Map<Owner, String> states = new HashMap<>();
  private final Map<Place, Boolean> waiting = new ConcurrentHashMap<>();
  private final AutoCloseable modes;
  private final ScheduledExecutorService thread =
      new ScheduledThreadPoolExecutor(
          1,
          work -> {
            Thread named = new Thread(work, "watch");
            named.setDaemon(true);
            return named;
          },
          new ThreadPoolExecutor.DiscardPolicy());

  private record Place(Owner owner, String conversation) {}

  /**
   * Begins to watch.
   *
   * @param growsHere whether a message is an answer that grows on this server
   * @param describe makes the event about the state, as an owner may see it
   */
  public Watch(
      ConversationStore store,
      Live live,
      Duration pollInterval,
      Predicate<UUID> growsHere,
      BiFunction<StoreState, Owner, Event> describe) {
    this.store = store;
    this.live = live;
    this.others = new OtherServers(store, live, growsHere);
    this.describe = describe;
    every(pollInterval, others::look);
    every(pollInterval, this::sendStates);
    every(HEARTBEAT, live::heartbeat);
    this.modes = store.onStateChange(state -> soon(this::sendStates));
  }

  private void every(Duration interval, Runnable work) {
    long millis = interval.toMillis();
    ScheduledFuture<?> unused =
        thread.scheduleWithFixedDelay(() -> guarded(work), millis, millis, TimeUnit.MILLISECONDS);
  }

  /** A conversation was written to here: its followers get its present fields soon. */
  public void changed(Owner owner, String conversation) {
    Place place = new Place(owner, conversation);
    if (live.hasFollowers(owner) && waiting.putIfAbsent(place, true) == null) {
      soon(() -> refresh(place));
    }
  }

  private void soon(Runnable work) {
    thread.execute(() -> guarded(work));
  }

  private void refresh(Place place) {
    waiting.remove(place);
    store
        .find(place.owner, place.conversation)
        .ifPresent(found -> live.toOwner(place.owner, Event.conversation(found)));
  }

  private void sendStates() {
    StoreState state = store.state();
    states.keySet().retainAll(live.owners());
    for (Owner owner : live.owners()) {
      Event event = describe.apply(state, owner);
      if (!event.data().equals(states.put(owner, event.data()))) {
        live.toOwner(owner, event);
      }
    }
  }

  /** A task that throws would never run again. */
  private static void guarded(Runnable work) {
    try {
      work.run();
    } catch (StoreUnavailableException away) {
      log.debug("followers hear of this later: {}", away.getMessage());
    } catch (RuntimeException unexpected) {
      log.error("followers may have missed a change", unexpected);
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
    try {
      modes.close();
    } catch (Exception unexpected) {
      log.error("the listener of the store was not removed", unexpected);
    }
  }
}
