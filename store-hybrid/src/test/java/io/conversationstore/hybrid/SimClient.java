package io.conversationstore.hybrid;

import io.conversationstore.AppendCondition;
import io.conversationstore.Appended;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Cursor;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.ParkedChange;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.Provenance;
import io.conversationstore.StoreOperator;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.hybrid.SimHistory.Op;
import io.conversationstore.hybrid.SimHistory.Outcome;
import io.conversationstore.hybrid.SimStep.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** Performs a client's steps on a node, one after the other, and records the answers. */
final class SimClient {

  static final List<Owner> OWNERS = List.of(Owner.of("acme", "alice"), Owner.of("acme", "bob"));
  static final List<String> CONVERSATIONS = List.of("default", "session-1", "O'Brien/..");

  private static final Set<Kind> NO_WRITES =
      EnumSet.of(
          Kind.READ,
          Kind.WALK,
          Kind.READ_PREFERENCES,
          Kind.RETAIN,
          Kind.RETRY_PARKED,
          Kind.DISCARD_PARKED);

  /** In milliseconds. */
  private static final int OLDEST_KEPT = 1_500;

  private static final long MILLI = 1_000_000;
  private static final long LONGEST_THOUGHT = 800 * MILLI;

  private final SimThreads threads;
  private final SimHistory history;
  private final SimReads reads;
  private final SimNode node;
  private final List<SimStep> steps;

  SimClient(SimThreads threads, SimHistory history, SimNode node, List<SimStep> steps) {
    this.threads = threads;
    this.history = history;
    this.reads = new SimReads(history);
    this.node = node;
    this.steps = List.copyOf(steps);
  }

  void run() {
    for (SimStep step : steps) {
      threads.sleep(Math.max(0, step.at() * MILLI - threads.now()));
      ConversationStore store = node.store();
      if (store != null) {
        call(step, store);
      }
    }
  }

  private void call(SimStep step, ConversationStore store) {
    Op op =
        new Op(
            step,
            OWNERS.get(step.owner()),
            CONVERSATIONS.get(step.conversation()),
            threads.now(),
            node.hadContact());
    op.alone = node.isAlone();
    op.withoutSettings = !node.isConfigured() && !node.isAlone();
    op.onEvicted = node.isGatedAndEvicted(op.owner, op.conversation);
    history.ops.add(op);
    threads.mark(step.seed(), op);
    history.event(threads.now(), "begin " + step);
    SimThreads.Life life = node.life();
    try {
      threads.within(life, () -> op.outcome = outcome(op, store));
    } catch (SimThreads.Ended end) {
      if (!life.isOver()) {
        throw end;
      }
    }
    op.end = threads.now();
    history.event(threads.now(), "end " + op);
  }

  private Outcome outcome(Op op, ConversationStore store) {
    try {
      act(op, store);
      return Outcome.ACKNOWLEDGED;
    } catch (StoreUnavailableException e) {
      boolean nothingDone =
          e instanceof UnknownWhileOfflineException && e.getSuppressed().length == 0;
      return nothingDone ? Outcome.REFUSED : Outcome.UNKNOWN;
    } catch (ConversationStoreException e) {
      return Outcome.REFUSED;
    }
  }

  static UUID messageId(int step, int index) {
    return new UUID(step * 0x1_0000L + 0x7000, 0x8000_0000_0000_0000L + index);
  }

  static String text(int step) {
    return "s" + step;
  }

  private static List<Message> turn(int step) {
    List<Message> turn = new ArrayList<>();
    for (int i = 0; i <= step % 3 / 2; i++) {
      turn.add(Message.user(text(step) + "." + i).withId(messageId(step, i)));
    }
    return turn;
  }

  private void act(Op op, ConversationStore store) {
    SimStep step = op.step;
    Owner owner = op.owner;
    String id = op.conversation;
    UUID target = messageId(step.target(), 0);
    switch (step.kind()) {
      case CREATE_IF_ABSENT -> store.createIfAbsent(owner, NewConversation.ofId(id));
      case CREATE -> store.create(owner, NewConversation.ofId(id));
      case APPEND -> append(op, store, turn(step.number()));
      case GROW -> grow(op, store);
      case CLASH -> append(op, store, List.of(Message.user(text(step.number())).withId(target)));
      case RETRY -> append(op, store, turn(step.target()));
      case EDIT -> store.edit(owner, id, target, MessageEdit.text(text(step.number())));
      case DELETE_MESSAGE -> op.wasThere = store.deleteMessage(owner, id, target);
      case RENAME ->
          store.update(owner, id, ConversationUpdate.touch().withTitle(text(step.number())));
      case PREFER ->
          store.updatePreferences(
              owner, PreferencesUpdate.none().withSelectedModel(text(step.number())));
      case DELETE -> op.wasThere = store.delete(owner, id);
      case ERASE -> store.erase(owner);
      case SAVE -> save(op, store);
      case PREFER_CHAT ->
          store.updatePreferences(owner, PreferencesUpdate.none().withActiveConversation(id));
      case READ_PREFERENCES -> reads.preferences(op, store.preferences(owner));
      case RETAIN -> retain(op, store.operator());
      case RETRY_PARKED -> endParked(op, store.operator(), true);
      case DISCARD_PARKED -> endParked(op, store.operator(), false);
      case READ -> read(op, store);
      case WALK -> walk(op, store);
      default -> throw new IllegalStateException("not a client's step: " + step);
    }
  }

  private static void append(Op op, ConversationStore store, List<Message> turn) {
    turn.forEach(message -> op.messages.add(message.id()));
    store.append(op.owner, op.conversation, turn, AppendCondition.always());
  }

  private void grow(Op op, ConversationStore store) {
    List<Message> turn = turn(op.step.number());
    turn.forEach(message -> op.messages.add(message.id()));
    NewConversation ifAbsent = NewConversation.ofId(op.conversation);
    try {
      Appended appended = store.append(op.owner, ifAbsent, turn, AppendCondition.always());
      if (appended.created() && !appended.changed()) {
        history.wrong.add("diverged: " + op + " has created a conversation and changed nothing");
      }
    } catch (ConversationNotFoundException notThere) {
      history.wrong.add("lost: " + op + " does not find what it creates");
      throw notThere;
    }
  }

  /** The other conversation of a save. */
  static String second(SimStep save) {
    return CONVERSATIONS.get((save.conversation() + 1) % CONVERSATIONS.size());
  }

  /** Two conversations, all or none. */
  private static void save(Op op, ConversationStore store) {
    List<Message> turn = turn(op.step.number());
    turn.forEach(message -> op.messages.add(message.id()));
    Message other = Message.user(text(op.step.number())).withId(messageId(op.step.number(), 9));
    String second = second(op.step);
    store.save(
        op.owner,
        List.of(
            ConversationDocument.of(NewConversation.ofId(op.conversation), turn),
            ConversationDocument.of(NewConversation.ofId(second), List.of(other))));
  }

  private void retain(Op op, StoreOperator operator) {
    long age = 1L + threads.random().nextInt(OLDEST_KEPT);
    op.wasThere = operator.deleteMessagesOlderThan(Duration.ofMillis(age)) > 0;
  }

  /** Retries or discards the oldest parked change. */
  private void endParked(Op op, StoreOperator operator, boolean again) {
    List<ParkedChange> parked = operator.parked();
    if (!parked.isEmpty()) {
      UUID change = parked.get(0).rejected().changeId();
      history.byOperator.add(change);
      op.wasThere = again ? operator.retryParked(change) : operator.discardParked(change);
      history.endedByOperator.computeIfAbsent(change, key -> new HashSet<>()).add(node.number());
    }
  }

  private void read(Op op, ConversationStore store) {
    Page<StoredMessage> page;
    int events = history.events();
    try {
      page = store.messages(op.owner, op.conversation, MessageQuery.last(200));
    } catch (ConversationNotFoundException | UnknownWhileOfflineException missing) {
      reads.missing(op, missing instanceof UnknownWhileOfflineException, threads.now());
      throw missing;
    }
    List<StoredMessage> messages = page.items();
    boolean fromDatabase = page.provenance().source() != Provenance.Source.LOCAL_FILES;
    Set<UUID> ofDatabase = fromDatabase ? ids(messages) : Set.of();
    boolean complete = page.provenance().complete();
    reads.listed(op, messages, complete, fromDatabase, ofDatabase, true, 0, threads.now());
    Optional<Conversation> found = store.find(op.owner, op.conversation);
    // Nothing happened in between, so both answers are from the same state.
    if (events == history.events()
        && found.isPresent()
        && found.get().provenance().complete()
        && !reads.isSentByTwo(op)
        && !reads.isRetentionOpen(op)
        && found.get().provenance().source() == page.provenance().source()
        && found.get().messageCount() != messages.size()) {
      history.wrong.add(
          "doubled: "
              + op
              + " counts "
              + found.get().messageCount()
              + " messages and lists "
              + messages.size());
    }
  }

  /** Reads page by page with pauses. */
  private void walk(Op op, ConversationStore store) {
    List<StoredMessage> all = new ArrayList<>();
    MessageQuery query = MessageQuery.first(1 + threads.random().nextInt(3));
    boolean complete = true;
    boolean fromDatabase = false;
    Set<UUID> ofDatabase = new HashSet<>();
    int sure = 0;
    try {
      while (true) {
        Page<StoredMessage> page = store.messages(op.owner, op.conversation, query);
        all.addAll(page.items());
        complete &= page.provenance().complete();
        if (page.provenance().source() != Provenance.Source.LOCAL_FILES) {
          fromDatabase = true;
          ofDatabase.addAll(ids(page.items()));
        }
        sure = page.provenance().complete() ? sure : all.size();
        op.firstPage = Math.min(op.firstPage, threads.now());
        op.lastPage = threads.now();
        Cursor next = page.cursor();
        if (next == null || !page.hasMore()) {
          break;
        }
        query = query.withCursor(next);
        threads.sleep(threads.random().nextLong(LONGEST_THOUGHT));
      }
    } catch (CursorExpiredException deleted) {
      history.event(threads.now(), "the walk of " + op.step.number() + " has expired");
      return;
    }
    reads.listed(op, all, complete, fromDatabase, ofDatabase, false, sure, threads.now());
  }

  private static Set<UUID> ids(List<StoredMessage> messages) {
    return messages.stream().map(StoredMessage::id).collect(Collectors.toSet());
  }

  static boolean isWrite(Kind kind) {
    return !kind.isFault() && !NO_WRITES.contains(kind);
  }
}
