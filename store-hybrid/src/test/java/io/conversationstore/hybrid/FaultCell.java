package io.conversationstore.hybrid;

import io.conversationstore.Conversation;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreState;
import io.conversationstore.StoredMessage;
import io.conversationstore.testkit.ReferenceStore;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One fault during one operation: calls before it, the operation, more calls, and the recovery.
 * Acknowledged calls are repeated on a model; at the end database, node and local copy must hold
 * the same as the model. Single-threaded.
 */
final class FaultCell {

  /** The operation that the fault hits. */
  enum Operation {
    APPEND,
    BATCH,
    EDIT,
    DELETE,
    ERASE,
    READ,
    LIST,
    SEARCH,
    DRAIN,
    FEED
  }

  private static final String CHAT = "chat";
  private static final String OTHER = "other";

  private final Testbed bed;
  private final ConversationStore node;
  private final Faults faults;
  private final Owner owner = Owner.of("faults", UUID.randomUUID().toString());
  private final ConversationStore model = ReferenceStore.create(Clock.systemUTC());
  private final FaultTally tally;

  FaultCell(Testbed bed, ConversationStore node, Faults faults, FaultTally tally) {
    this.bed = bed;
    this.node = node;
    this.faults = faults;
    this.tally = tally;
  }

  void run(Faults.Kind fault, Operation operation) {
    UUID edited = UUID.randomUUID();
    UUID deleted = UUID.randomUUID();
    write(store -> store.createIfAbsent(owner, NewConversation.ofId(CHAT)));
    write(store -> store.createIfAbsent(owner, NewConversation.ofId(OTHER)));
    append("before");
    Message toEdit = Message.user("to be edited").withId(edited);
    Message toDelete = Message.user("to be deleted").withId(deleted);
    write(store -> store.append(owner, CHAT, toEdit, toDelete));
    if (operation == Operation.DRAIN) {
      bed.goDown(node);
      append("pending");
      write(store -> store.deleteMessage(owner, CHAT, deleted));
      write(store -> store.createIfAbsent(owner, NewConversation.ofId("made offline")));
      Message message = Message.user("pending too").withId(UUID.randomUUID());
      write(store -> store.append(owner, "made offline", message));
    } else {
      Testbed.awaitDrained(node);
    }
    if (operation == Operation.FEED) {
      Message message = Message.user("of another node").withId(UUID.randomUUID());
      faults.direct().append(owner, OTHER, message);
      model.append(owner, OTHER, message);
    }
    faults.begin(fault, operation);
    during(operation, edited, deleted);
    if (operation != Operation.ERASE) {
      append("after");
    }
    faults.end(fault);
    Testbed.awaitDrained(node);
    append("last");
    compare(fault + " x " + operation);
  }

  private void during(Operation operation, UUID edited, UUID deleted) {
    switch (operation) {
      case APPEND -> append("during");
      case BATCH -> {
        Message first = Message.user("first of two").withId(UUID.randomUUID());
        Message second = Message.assistant("second of two").withId(UUID.randomUUID());
        write(store -> store.append(owner, CHAT, first, second));
      }
      case EDIT -> write(store -> store.edit(owner, CHAT, edited, MessageEdit.text("edited")));
      case DELETE -> {
        write(store -> store.deleteMessage(owner, CHAT, deleted));
        write(store -> store.delete(owner, OTHER));
      }
      case ERASE -> {
        write(store -> store.erase(owner));
        write(store -> store.createIfAbsent(owner, NewConversation.ofId(CHAT)));
      }
      case READ -> read(store -> texts(store, CHAT));
      case LIST -> read(store -> store.list(owner, ConversationQuery.all()).items().size());
      case SEARCH -> read(store -> store.search(owner, SearchQuery.of("edited")).items().size());
      case DRAIN, FEED -> {
        // The fault hits the node's own work.
      }
    }
  }

  private void append(String text) {
    Message message = Message.user(text).withId(UUID.randomUUID());
    write(store -> store.append(owner, CHAT, message));
  }

  /** A write that must be acknowledged, because the node knows everything it needs. */
  private void write(Consumer<ConversationStore> call) {
    call.accept(node);
    call.accept(model);
    tally.acknowledged();
  }

  /** A read that must give the model's answer. */
  private void read(Function<ConversationStore, Object> call) {
    Object answer = call.apply(node);
    Object expected = call.apply(model);
    if (!answer.equals(expected)) {
      throw new AssertionError("expected " + expected + " but read " + answer);
    }
  }

  private void compare(String cell) {
    List<String> expected = picture(model);
    List<String> database = picture(faults.direct());
    tally.compare(cell, expected, database);
    tally.same(cell + ", the node", expected, pictureInUse());
    Instant now = Instant.now();
    Testbed.await("the copy has followed", () -> isCopyAsOf(now));
    bed.goDown();
    try {
      tally.same(cell + ", the local copy", database, picture(node));
    } finally {
      bed.comeBack();
    }
    Testbed.awaitDrained(node);
    if (!node.state().rejected().isEmpty()) {
      throw new AssertionError(cell + ": rejected " + node.state().rejected());
    }
  }

  private boolean isCopyAsOf(Instant time) {
    StoreState.Mirror mirror = node.state().mirror();
    return mirror != null && mirror.asOf() != null && mirror.asOf().isAfter(time);
  }

  /**
   * The node's view while it uses the database. A node that falls back on a busy machine may show a
   * copy that still lacks another node's message.
   */
  private List<String> pictureInUse() {
    while (true) {
      Testbed.awaitDrained(node);
      StoreState before = node.state();
      List<String> picture = picture(node);
      StoreState after = node.state();
      if (before.mode() == StoreState.Mode.ONLINE
          && after.mode() == before.mode()
          && after.since().equals(before.since())) {
        return picture;
      }
    }
  }

  /** Every message at its place, and the counts. */
  private List<String> picture(ConversationStore store) {
    List<String> picture = new ArrayList<>();
    List<String> ids =
        store.list(owner, ConversationQuery.all()).items().stream()
            .map(Conversation::id)
            .sorted()
            .toList();
    for (String id : ids) {
      picture.add(id);
      for (StoredMessage message : store.last(owner, id, 1_000)) {
        picture.add(id + " " + message.id() + " " + message.text());
      }
    }
    picture.add("counts " + store.count(owner));
    return picture;
  }

  private List<String> texts(ConversationStore store, String id) {
    return store.last(owner, id, 1_000).stream().map(StoredMessage::text).toList();
  }
}
