package io.conversationstore.hybrid.internal.adoption;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.MessageEdit;
import io.conversationstore.StoredMessage;
import io.conversationstore.hybrid.internal.restore.ConversationOffer;
import io.conversationstore.hybrid.internal.restore.OfferedChanges;
import io.conversationstore.hybrid.internal.support.ContentSize;
import io.conversationstore.spi.BatchRefusedException;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.ConversationUpdated;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.DerivedIds;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.LocalStore.Met;
import io.conversationstore.spi.LocalStore.Placed;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.MessageState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the messages of some unmet conversations and records the {@code seq} that the database gave
 * them. Single-threaded, single use.
 */
final class AdoptedMessages {

  private static final Logger LOG = LoggerFactory.getLogger(AdoptedMessages.class);

  /** Messages per append. */
  private static final int APPEND = 100;

  /** Messages that fill a batch. */
  private static final int BATCH = 1_000;

  /** Characters and bytes of content that fill a batch: 4 MiB. */
  private static final long MAX_CONTENT = 4L << 20;

  /** A conversation being sent. */
  private static final class Sending {
    private final ConversationState unmet;
    private final ConversationState there;
    private final boolean withoutFile;
    private final List<Placed> places = new ArrayList<>();
    private ConversationState header;

    Sending(ConversationState unmet, ConversationState there, boolean withoutFile) {
      this.withoutFile = withoutFile;
      this.unmet = unmet;
      this.there = there;
      this.header = there;
    }

    /** Messages of an imported file have no ids of their own; their ids are derived. */
    boolean isWanted(MessageState message) {
      boolean live = message.isLive() && message.generation() == ConversationRef.LIVE;
      return live
          && !(withoutFile
              && DerivedIds.of(unmet.id(), message.seq() - 1, message.digest())
                  .equals(message.messageId()));
    }

    ConversationRef ref() {
      return new ConversationRef(there.id(), there.generation());
    }

    /** Whether the database's conversation is the local one and not another with the same id. */
    boolean isSame() {
      return unmet.createdBy().equals(there.createdBy());
    }
  }

  /** A change of a batch and the messages it appends. */
  private record Part(Sending of, Change change, List<MessageState> messages) {}

  private final PrimaryStore primary;
  private final LocalStore local;
  private final OfferedChanges changes;
  private final List<Sending> conversations = new ArrayList<>();
  private final List<Part> batch = new ArrayList<>();
  private int messages;
  private long content;
  private final List<State> others = new ArrayList<>();

  AdoptedMessages(PrimaryStore primary, LocalStore local, OfferedChanges changes) {
    this.primary = primary;
    this.local = local;
    this.changes = changes;
  }

  /**
   * Adds a conversation that the database has.
   *
   * @param there live
   * @param withoutFile whether to leave out messages that came from an imported file
   */
  void add(ConversationState unmet, ConversationState there, boolean withoutFile) {
    conversations.add(new Sending(unmet, there, withoutFile));
  }

  /** Sends all messages and, for conversations new to the database, later field values. */
  void send() {
    conversations.forEach(this::send);
    flush();
  }

  /** Updates for the local copy. */
  List<Met> met() {
    return conversations.stream().map(one -> new Met(one.header, one.places)).toList();
  }

  /** Rows of the database whose contents differ from the local rows. */
  List<State> others() {
    return others;
  }

  private void send(Sending one) {
    long seq = 0;
    List<MessageState> page;
    do {
      page = local.mirroredMessages(one.unmet.owner(), one.unmet.id(), seq, APPEND);
      List<MessageState> live = new ArrayList<>();
      for (MessageState message : page) {
        seq = message.seq();
        if (one.isWanted(message)) {
          live.add(message);
        }
      }
      append(one, live);
    } while (!page.isEmpty());
    if (one.isSame()) {
      fields(one);
    }
  }

  private void append(Sending one, List<MessageState> page) {
    int from = 0;
    while (from < page.size()) {
      int to = from;
      long bytes = 0;
      while (to < page.size() && (to == from || bytes < MAX_CONTENT)) {
        bytes += ContentSize.of(page.get(to++));
      }
      List<MessageState> some = List.copyOf(page.subList(from, to));
      batch.add(new Part(one, appended(one, some), some));
      for (MessageState message : some) {
        Instant editedAt = message.requireLive().editedAt();
        if (editedAt != null) {
          batch.add(new Part(one, edited(one, message, editedAt), List.of()));
        }
      }
      messages += some.size();
      content += bytes;
      if (messages >= BATCH || content >= MAX_CONTENT) {
        flush();
      }
      from = to;
    }
  }

  private MessagesAppended appended(Sending one, List<MessageState> page) {
    List<NewMessage> news = new ArrayList<>();
    for (MessageState message : page) {
      StoredMessage stored = message.requireLive();
      news.add(
          new NewMessage(
              message.messageId(),
              stored.message().withId(message.messageId()),
              message.digest(),
              stored.createdAt()));
    }
    Instant at = one.unmet.requireLive().updatedAt();
    UUID id = id(one, "appended", page.get(0).messageId(), at);
    return new MessagesAppended(
        changes.stamp(id, one.unmet.owner(), one.there.epoch(), at),
        one.ref(),
        news,
        AppendCondition.always(),
        false);
  }

  private MessageEdited edited(Sending one, MessageState message, Instant at) {
    UUID id = id(one, "edited", message.messageId(), at);
    return new MessageEdited(
        changes.stamp(id, one.unmet.owner(), one.there.epoch(), at),
        one.ref(),
        message.messageId(),
        MessageEdit.of(message.requireLive().message().content()));
  }

  private static UUID id(Sending one, String what, Object about, Instant at) {
    return OfferedChanges.id(
        one.unmet.owner(), what, one.unmet.id(), one.there.generation(), about, at);
  }

  /** Sends values that the create did not carry: status, later field times, last use. */
  private void fields(Sending one) {
    Live live = one.unmet.requireLive();
    Map<Instant, ConversationUpdate> updates = new TreeMap<>();
    live.fieldTimes()
        .forEach(
            (field, time) -> {
              ConversationUpdate update = updates.getOrDefault(time, ConversationUpdate.touch());
              updates.put(time, ConversationOffer.with(update, field, live));
            });
    if (live.status() != ConversationStatus.ACTIVE
        && !live.fieldTimes().containsKey(State.Fields.STATUS)) {
      updates.put(live.updatedAt(), ConversationUpdate.touch().withStatus(live.status()));
    }
    if (live.messageCount() == 0 && !live.updatedAt().equals(live.createdAt())) {
      updates.putIfAbsent(live.updatedAt(), ConversationUpdate.touch());
    }
    updates.forEach(
        (time, update) -> {
          UUID id = id(one, "fields", "", time);
          Change change =
              new ConversationUpdated(
                  changes.stamp(id, one.unmet.owner(), one.there.epoch(), time), one.ref(), update);
          batch.add(new Part(one, change, List.of()));
        });
  }

  /** Sends the batch and records the positions of its messages. */
  private void flush() {
    if (batch.isEmpty()) {
      return;
    }
    List<List<State>> applied = apply();
    Map<Sending, Map<UUID, MessageState>> there = new HashMap<>();
    for (int i = 0; i < applied.size(); i++) {
      Sending one = batch.get(i).of;
      Map<UUID, MessageState> rows = there.computeIfAbsent(one, key -> new HashMap<>());
      for (State state : applied.get(i)) {
        if (state instanceof MessageState message) {
          rows.merge(message.messageId(), message, AdoptedMessages::later);
        } else if (state instanceof ConversationState header
            && header.version() > one.header.version()) {
          one.header = header;
        }
      }
    }
    for (Part part : batch) {
      for (MessageState message : part.messages) {
        place(part.of, message, there.getOrDefault(part.of, Map.of()).get(message.messageId()));
      }
    }
    batch.clear();
    messages = 0;
    content = 0;
  }

  /**
   * Applies the batch. If it is refused, applies each change alone, and each message of a refused
   * append alone.
   */
  private List<List<State>> apply() {
    List<List<State>> states = new ArrayList<>();
    try {
      primary
          .applyAll(batch.stream().map(Part::change).toList())
          .forEach(applied -> states.add(applied.states()));
      return states;
    } catch (BatchRefusedException oneOfThem) {
      LOG.debug("The database rejected a batch; its changes are sent one at a time", oneOfThem);
    }
    batch.forEach(part -> states.add(alone(part)));
    return states;
  }

  private List<State> alone(Part part) {
    if (part.messages.size() < 2) {
      return changes.give(part.change).states();
    }
    try {
      return changes.tryToGive(part.change).states();
    } catch (EngineFailureException failure) {
      throw failure;
    } catch (ConversationStoreException | IllegalArgumentException oneOfThem) {
      LOG.debug("The database rejected an append; its messages are sent one at a time", oneOfThem);
    }
    List<State> states = new ArrayList<>();
    for (MessageState message : part.messages) {
      states.addAll(changes.give(appended(part.of, List.of(message))).states());
    }
    return states;
  }

  private static MessageState later(MessageState one, MessageState other) {
    return other.version() > one.version() ? other : one;
  }

  private void place(Sending one, MessageState mine, @Nullable MessageState answered) {
    MessageState there = answered;
    if (there == null) {
      // Dropped or refused: the database has the message in another form, or the queue keeps it.
      there =
          primary
              .message(mine.owner(), mine.conversationId(), mine.messageId())
              .filter(found -> found.generation() == one.there.generation())
              .orElse(null);
    }
    if (there == null) {
      return;
    }
    if (!there.isLive()) {
      others.add(there);
      return;
    }
    StoredMessage here = mine.requireLive();
    StoredMessage stored = there.requireLive();
    boolean sameContent =
        stored.message().content().equals(here.message().content())
            && there.digest().equals(mine.digest());
    if (!sameContent) {
      others.add(there);
    }
    boolean sameTimes =
        stored.createdAt().equals(here.createdAt())
            && (stored.editedAt() == null
                ? here.editedAt() == null
                : stored.editedAt().equals(here.editedAt()));
    long version = sameContent ? there.version() : 0;
    add(
        one.places,
        sameTimes
            ? new Placed(mine.seq(), there.seq(), 1, version, null, null)
            : new Placed(
                mine.seq(), there.seq(), 1, version, stored.createdAt(), stored.editedAt()),
        mine.seq());
  }

  /** Extends the previous stretch if the new message follows it both in the database and here. */
  private void add(List<Placed> places, Placed next, long seq) {
    Placed last = places.isEmpty() ? null : places.get(places.size() - 1);
    if (last != null
        && last.createdAt() == null
        && next.createdAt() == null
        && last.version() == next.version()
        && last.to() + last.count() == next.to()
        && last.from() + last.count() == seq) {
      places.set(
          places.size() - 1,
          new Placed(last.from(), last.to(), last.count() + 1, last.version(), null, null));
    } else {
      places.add(next);
    }
  }
}
