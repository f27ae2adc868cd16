package io.conversationstore.jsonfile;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.StoredMessage;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.Handshake;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.Settlement;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.OwnerState;
import io.conversationstore.spi.State.PreferencesState;
import io.conversationstore.spi.Transitions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Makes random steps of the local part of a hybrid store: states from a database, and changes that
 * wait for it. Text of the mirror begins with a marker of its owner and epoch. Pending text begins
 * with a marker of its owner and of the number of its erasures queued before. Not thread-safe.
 */
final class MirrorWorkload {
  static final List<Owner> OWNERS = List.of(Owner.of("acme", "alice"), Owner.of("acme", "bob"));
  static final List<String> CONVERSATIONS = List.of("default", "a/b");
  static final int MESSAGES = 12;
  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
  private static final UUID NODE = new UUID(1, 1);

  private final RandomGenerator random;
  private final MirrorHistory history;
  private final long[] epochs = new long[OWNERS.size()];
  private final long[] versions = new long[OWNERS.size() * CONVERSATIONS.size()];
  private long counter;
  private long position;

  MirrorWorkload(RandomGenerator random, MirrorHistory history) {
    this.random = random;
    this.history = history;
  }

  static UUID messageId(int number) {
    return new UUID(0x4000L, 0x8000_0000_0000_0000L + number);
  }

  static String mirrored(Owner owner, long epoch) {
    return marker("mirror", owner, epoch);
  }

  static String waiting(Owner owner, int erasure) {
    return marker("queue", owner, erasure);
  }

  /** The marker holds everything twice: a bit flip on a disk cannot turn it into another marker. */
  private static String marker(String kind, Owner owner, long number) {
    String what = OWNERS.indexOf(owner) + "-" + number;
    return kind + "-" + what + "-" + what + "-";
  }

  MirrorStep next() {
    if (!history.isBound() || random.nextInt(25) == 0) {
      counter++;
      return new MirrorStep.Remember(
          new Handshake(new UUID(2, 2), new UUID(3, 3), counter - 1, counter, NOW),
          random.nextInt(1_000));
    }
    int kind = random.nextInt(100);
    if (kind < 45) {
      return rows();
    } else if (kind < 50) {
      int owner = random.nextInt(OWNERS.size());
      epochs[owner]++;
      return new MirrorStep.Mirror(
          List.of(new OwnerState(OWNERS.get(owner), epochs[owner])), null, null);
    } else if (kind < 53) {
      return new MirrorStep.Reset();
    } else if (kind < 56) {
      return new MirrorStep.Evict(NOW, random.nextInt(3_000));
    } else if (kind < 80) {
      return new MirrorStep.Enqueue(change());
    }
    List<Settlement> settlements = new ArrayList<>();
    for (Change change : history.pending(1 + random.nextInt(3))) {
      settlements.add(settlement(change));
    }
    return settlements.isEmpty() ? rows() : new MirrorStep.Settle(settlements);
  }

  private Settlement settlement(Change change) {
    Settlement.Kind[] kinds = Settlement.Kind.values();
    Settlement.Kind kind = kinds[random.nextInt(2) == 0 ? 0 : random.nextInt(kinds.length)];
    if (change.stamp().epoch() < history.epoch(change.owner())) {
      // A database drops changes made before an erasure.
      kind = Settlement.Kind.DROPPED;
    }
    long epoch = ChangeStamp.PRESENT_EPOCH;
    if (change instanceof Change.OwnerErased && kind == Settlement.Kind.DRAINED) {
      epoch = ++epochs[OWNERS.indexOf(change.owner())];
    }
    long generation = 1L + random.nextInt(3);
    Map<String, Long> generations =
        change instanceof Change.ConversationCreated created
            ? Map.of(created.conversationId(), generation)
            : Map.of();
    Instant landed = random.nextInt(4) == 0 ? NOW.plusSeconds(random.nextInt(100)) : null;
    return new Settlement(change.id(), kind, epoch, generations, landed, "because", NOW);
  }

  private MirrorStep rows() {
    int o = random.nextInt(OWNERS.size());
    int c = random.nextInt(CONVERSATIONS.size());
    Owner owner = OWNERS.get(o);
    String id = CONVERSATIONS.get(c);
    long version = ++versions[o * CONVERSATIONS.size() + c];
    long generation = 1 + version / 12;
    List<State> states = new ArrayList<>();
    ConversationState created =
        Transitions.created(
            owner,
            NewConversation.ofId(id).withTitle(text(mirrored(owner, epochs[o]))),
            id,
            epochs[o],
            generation,
            NOW,
            NODE);
    State.Live live = version % 12 == 11 ? null : created.requireLive();
    states.add(
        new ConversationState(owner, id, epochs[o], generation, version, live, MESSAGES, NODE));
    for (int i = random.nextInt(4); i > 0; i--) {
      states.add(message(owner, id, epochs[o], generation, version));
    }
    if (random.nextInt(4) == 0) {
      String model = text(mirrored(owner, epochs[o]));
      states.add(new PreferencesState(owner, epochs[o], version, null, 0, null, model, NOW));
    }
    FeedPosition at = random.nextBoolean() ? new FeedPosition("p" + ++position) : null;
    return new MirrorStep.Mirror(states, at, at == null ? null : NOW.plusSeconds(position));
  }

  private MessageState message(Owner owner, String id, long epoch, long generation, long version) {
    int number = random.nextInt(MESSAGES);
    UUID messageId = messageId(number);
    StoredMessage stored = null;
    if (random.nextInt(4) > 0) {
      Message message = Message.user(text(mirrored(owner, epoch))).withId(messageId);
      stored = new StoredMessage(id, messageId, number + 1L, NOW, null, message);
    }
    return new MessageState(
        owner, id, epoch, generation, version, number + 1L, messageId, "d" + number, stored);
  }

  private Change change() {
    Owner owner = OWNERS.get(random.nextInt(OWNERS.size()));
    String id = CONVERSATIONS.get(random.nextInt(CONVERSATIONS.size()));
    long epoch = history.epoch(owner);
    ChangeStamp stamp = new ChangeStamp(new UUID(5, random.nextLong()), owner, epoch, NOW, NODE);
    String text = text(waiting(owner, history.queuedErasures(owner)));
    ConversationRef ref = ConversationRef.live(id);
    return switch (random.nextInt(9)) {
      case 0, 1 ->
          new Change.ConversationCreated(stamp, NewConversation.ofId(id).withTitle(text), false);
      case 2 ->
          new Change.ConversationUpdated(stamp, ref, ConversationUpdate.touch().withTitle(text));
      case 3 -> new Change.ConversationDeleted(stamp, ref);
      case 4 ->
          new Change.PreferencesPut(
              stamp, PreferencesUpdate.none().withSelectedModel(text), ConversationRef.LIVE);
      case 5 -> new Change.OwnerErased(stamp);
      default ->
          new Change.MessagesAppended(
              stamp,
              ref,
              List.of(NewMessage.of(new UUID(6, random.nextLong()), Message.user(text))),
              AppendCondition.always(),
              false);
    };
  }

  private String text(String marker) {
    return marker + Long.toString(random.nextLong(), 36).repeat(random.nextInt(12));
  }
}
