package io.conversationstore.hybrid;

import io.conversationstore.AppendCondition;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Cursor;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.MessageQuery;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.SearchHit;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreState;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.json.ModelJson;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.FaultProxy.CutPoint;
import io.conversationstore.testkit.Generators;
import io.conversationstore.testkit.ReferenceStore;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One random sequence on a node and on the model. Single-threaded. */
final class RandomRun {

  private static final List<String> IDS = List.of("default", "session-1", "O'Brien/..", "\uFF5E|");
  private static final int MESSAGES = 14;

  private final Generators random;
  private final Testbed bed;
  private final ConversationStore model = ReferenceStore.create(Clock.systemUTC());
  private final List<Owner> owners;
  private final List<String> log = new ArrayList<>();
  private ConversationStore node;
  private @Nullable RuntimeException refusal;

  RandomRun(long seed, Testbed bed) {
    this.random = Generators.seeded(seed);
    this.bed = bed;
    String tenant = "random-" + UUID.randomUUID();
    this.owners = List.of(Owner.of(tenant, "alice"), Owner.of(tenant, "bob"));
    if (random.oneIn(4)) {
      bed.goDown();
      log.add("down before the start");
    }
    this.node = bed.node("node");
  }

  ConversationStore node() {
    return node;
  }

  void steps(int count) {
    for (int i = 0; i < count; i++) {
      if (random.oneIn(12)) {
        fault();
      }
      Owner owner = random.oneIn(3) ? owners.get(1) : owners.get(0);
      try {
        step(owner, random.oneOf(IDS));
        // There are no other writers, so the database has no reason to refuse acknowledged changes.
        List<StoreState.Rejected> rejected = node.state().rejected();
        if (!rejected.isEmpty()) {
          throw new AssertionError("rejected: " + rejected);
        }
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError(
            "step "
                + i
                + ": "
                + e
                + "\nsteps so far:\n  "
                + String.join("\n  ", log)
                + "\nstate: "
                + node.state(),
            e);
      }
    }
  }

  private void fault() {
    int kind = number(8);
    log.add("fault " + kind);
    switch (kind) {
      case 0, 1, 2 -> bed.comeBack();
      case 3 -> bed.goDown();
      case 4 -> bed.proxy().setMode(FaultProxy.Mode.RESET);
      case 5 -> bed.cutWrite(CutPoint.BEFORE_FORWARD);
      case 6 -> bed.cutWrite(CutPoint.AFTER_REPLY);
      default -> {
        if (random.oneIn(2)) {
          bed.proxy().cutBeforeCommit();
        } else {
          bed.proxy().cutAfterCommit();
        }
      }
    }
  }

  private int number(int bound) {
    return random.random().nextInt(bound);
  }

  private void step(Owner owner, String id) {
    int kind = number(100);
    log.add(owner.userId() + " " + id + " " + kind);
    if (kind < 12) {
      NewConversation conversation = random.conversation(id);
      both(store -> fact(store.createIfAbsent(owner, conversation)));
    } else if (kind < 14) {
      strictCreate(owner, random.conversation(id));
    } else if (kind < 40) {
      List<Message> turn = turn();
      log.add("  " + turn.stream().map(m -> String.valueOf(m.id()).substring(34)).toList());
      both(store -> facts(store.append(owner, id, turn, AppendCondition.always())));
    } else if (kind < 42) {
      conditional(owner, id);
    } else if (kind < 47) {
      UUID message = messageId(number(MESSAGES));
      MessageEdit edit = MessageEdit.of(random.content());
      both(store -> fact(store.edit(owner, id, message, edit)));
    } else if (kind < 53) {
      UUID message = messageId(number(MESSAGES));
      both(store -> store.deleteMessage(owner, id, message));
    } else if (kind < 57) {
      both(store -> store.delete(owner, id));
    } else if (kind < 62) {
      ConversationUpdate update = random.update();
      both(store -> fact(store.update(owner, id, update)));
    } else if (kind < 67) {
      save(owner, id);
    } else if (kind < 71) {
      preferences(owner, id);
    } else if (kind < 72) {
      both(store -> store.erase(owner).owner());
    } else if (kind < 75) {
      node.close();
      node = bed.node("node");
    } else {
      read(owner, id, kind);
    }
  }

  private void read(Owner owner, String id, int kind) {
    if (kind < 79) {
      both(store -> store.find(owner, id).map(RandomRun::fact).orElse("none"));
      UUID message = messageId(number(MESSAGES));
      both(store -> store.findMessage(owner, id, message).map(RandomRun::fact).orElse("none"));
    } else if (kind < 85) {
      int count = 1 + number(12);
      both(store -> facts(store.last(owner, id, count)));
    } else if (kind < 90) {
      Direction direction = random.oneOf(List.of(Direction.values()));
      int limit = 1 + number(5);
      both(store -> facts(walk(store, owner, id, MessageQuery.of(direction, limit))));
      UUID start = messageId(number(MESSAGES));
      MessageQuery from = MessageQuery.of(direction, limit);
      MessageQuery query = random.oneIn(2) ? from.withStartAt(start) : from.withStartBeyond(start);
      both(store -> facts(walk(store, owner, id, query)));
    } else if (kind < 92) {
      SearchQuery query =
          SearchQuery.of(random.query())
              .withConversationId(random.oneIn(3) ? id : null)
              .withLimit(1 + number(4));
      both(store -> searched(store, owner, query));
      ConversationQuery filtered =
          random.oneIn(2)
              ? ConversationQuery.all()
                  .withTitleContaining(random.oneOf(List.of("upp", "E", "\u00E9")))
              : ConversationQuery.all().withMetadata("key" + number(10), random.oneIn(2));
      both(store -> listed(store, owner, filtered.withLimit(1 + number(4))));
    } else if (kind < 93) {
      both(store -> store.count(owner));
      both(
          store ->
              store.read(owner, id).messages().stream()
                  .map(entry -> entry.message().id() + " " + ModelJson.digest(entry.message()))
                  .toList());
    } else if (kind < 95) {
      both(store -> store.preferences(owner));
    } else {
      both(store -> picture(store, owner));
    }
  }

  private void strictCreate(Owner owner, NewConversation conversation) {
    try {
      both(store -> fact(store.create(owner, conversation)));
    } catch (StoreUnavailableException notNow) {
      // Outcome unknown: check once the database is back.
      boolean happened =
          onceBack(() -> node.find(owner, String.valueOf(conversation.id())).isPresent());
      if (happened) {
        model.createIfAbsent(owner, conversation);
      }
    }
  }

  private void conditional(Owner owner, String id) {
    List<Message> turn = List.of(message(number(MESSAGES)));
    AppendCondition condition =
        random.oneIn(2)
            ? AppendCondition.ifEmpty()
            : AppendCondition.ifLastIs(messageId(number(MESSAGES)));
    try {
      both(store -> facts(store.append(owner, id, turn, condition)));
    } catch (StoreUnavailableException notNow) {
      onceBack(
          () -> {
            both(store -> facts(store.append(owner, id, turn, condition)));
            return true;
          });
    }
  }

  /** Makes a call that needs the database, which may be lost again under load. */
  private <T> T onceBack(Supplier<T> call) {
    for (int tries = 1; ; tries++) {
      log.add("  not now");
      bed.comeBack();
      Testbed.awaitDrained(node);
      try {
        return call.get();
      } catch (StoreUnavailableException again) {
        if (tries == 50) {
          throw again;
        }
      }
    }
  }

  private void save(Owner owner, String id) {
    List<ConversationDocument> documents = new ArrayList<>();
    documents.add(document(id));
    String other = random.oneOf(IDS);
    if (!other.equals(id)) {
      documents.add(document(other));
    }
    both(
        store -> {
          store.save(owner, documents);
          return "saved";
        });
  }

  private ConversationDocument document(String id) {
    Map<UUID, Message> messages = new LinkedHashMap<>();
    for (int i = number(4); i > 0; i--) {
      int index = number(MESSAGES);
      Message message = random.oneIn(3) ? message(index + MESSAGES) : message(index);
      messages.put(messageId(index), message.withId(messageId(index)));
    }
    return ConversationDocument.of(random.conversation(id), List.copyOf(messages.values()));
  }

  private void preferences(Owner owner, String id) {
    PreferencesUpdate update = PreferencesUpdate.none();
    if (random.oneIn(2)) {
      update = update.withSelectedModel(random.oneIn(3) ? null : random.name());
    }
    if (random.oneIn(2)) {
      update = update.withActiveConversation(random.oneIn(4) ? null : id);
    }
    PreferencesUpdate made = update;
    both(store -> store.updatePreferences(owner, made));
  }

  private List<Message> turn() {
    Map<UUID, Message> turn = new LinkedHashMap<>();
    for (int i = number(3); i >= 0; i--) {
      int index = number(MESSAGES);
      Message message = random.oneIn(15) ? message(index + MESSAGES) : message(index);
      turn.put(messageId(index), message.withId(messageId(index)));
    }
    return List.copyOf(turn.values());
  }

  /** The fixed content of this number. */
  private static Message message(int index) {
    return Generators.seeded(index).message().withId(messageId(index));
  }

  private static UUID messageId(int index) {
    return new UUID(0x0190_0000_0000_7000L, 0x8000_0000_0000_0000L + index);
  }

  /** Makes the call on the node and, if it answers, on the model. */
  private void both(Function<ConversationStore, Object> call) {
    refusal = null;
    Object answer = answer(node, call);
    RuntimeException refused = refusal;
    Object expected = answer(model, call);
    if (answer.equals("not known now")) {
      boolean fits =
          expected.equals("not there")
              || expected.equals("none")
              || expected.equals(List.of())
              || expected.equals(false);
      if (!fits) {
        throw new AssertionError("not known now, but the model says " + expected);
      }
    } else if (!answer.equals(expected)) {
      Object less = expected;
      Object more = answer;
      if (expected instanceof Map<?, ?> before && answer instanceof Map<?, ?> after) {
        less = without(before, after);
        more = without(after, before);
      }
      throw new AssertionError("expected " + less + "\n but got " + more, refused);
    }
  }

  private static Map<?, ?> without(Map<?, ?> all, Map<?, ?> same) {
    Map<Object, Object> rest = new LinkedHashMap<>(all);
    rest.entrySet().removeAll(same.entrySet());
    return rest;
  }

  private Object answer(ConversationStore store, Function<ConversationStore, Object> call) {
    try {
      return call.apply(store);
    } catch (UnknownWhileOfflineException e) {
      return "not known now";
    } catch (StoreUnavailableException e) {
      throw e;
    } catch (ConversationNotFoundException | MessageNotFoundException e) {
      refusal = e;
      return "not there";
    } catch (RuntimeException e) {
      refusal = e;
      return e.getClass().getSimpleName();
    }
  }

  /** The data of the model. */
  Map<String, List<String>> expected() {
    return picture(model);
  }

  /** All data of the owners in a store, without times. */
  Map<String, List<String>> picture(ConversationStore store) {
    Map<String, List<String>> picture = new TreeMap<>();
    for (Owner owner : owners) {
      picture.putAll(picture(store, owner));
    }
    return picture;
  }

  private static Map<String, List<String>> picture(ConversationStore store, Owner owner) {
    Map<String, List<String>> picture = new TreeMap<>();
    String user = owner.userId();
    picture.put(user + " counts", List.of(store.count(owner) + " " + store.preferences(owner)));
    Map<String, List<String>> byConversation = new TreeMap<>();
    boolean mayRepeat = mayRepeat(store);
    List<StoredMessage> history = new ArrayList<>();
    Cursor cursor = null;
    Page<StoredMessage> page;
    do {
      page = store.history(owner, MessageQuery.of(Direction.FORWARD, 7).withCursor(cursor));
      history.addAll(page.items());
      cursor = page.cursor();
    } while (page.hasMore());
    for (StoredMessage message : mayRepeat ? once(history) : history) {
      byConversation
          .computeIfAbsent(message.conversationId(), key -> new ArrayList<>())
          .add(fact(message));
    }
    // Messages with given times are not in the order of seq: compared as a set.
    byConversation.forEach(
        (id, messages) -> {
          Collections.sort(messages);
          picture.put(user + " history " + id, messages);
        });
    for (String word : List.of("hello", "name", "\u6771\u4EAC", "u0000")) {
      SearchQuery query = SearchQuery.of(word).withLimit(mayRepeat ? Page.MAX_LIMIT : 5);
      picture.put(user + " search " + word, searched(store, owner, query));
    }
    // Changes sent between two pages may change the order of use.
    int limit = mayRepeat ? Page.MAX_LIMIT : 2;
    List<Conversation> listed = walk(store, owner, ConversationQuery.all().withLimit(limit));
    picture.put(user + " list", listed.stream().map(RandomRun::fact).sorted().toList());
    for (Conversation conversation : listed) {
      List<String> messages = new ArrayList<>();
      messages.add(store.find(owner, conversation.id()).map(RandomRun::fact).orElse("none"));
      messages.addAll(facts(store.last(owner, conversation.id(), 1_000)));
      picture.put(user + " " + conversation.id(), messages);
    }
    return picture;
  }

  private static List<Conversation> walk(
      ConversationStore store, Owner owner, ConversationQuery query) {
    // Changes sent between two pages may change the order of use.
    ConversationQuery made = mayRepeat(store) ? query.withLimit(Page.MAX_LIMIT) : query;
    List<Conversation> listed = new ArrayList<>();
    Cursor cursor = null;
    Page<Conversation> list;
    do {
      list = store.list(owner, made.withCursor(cursor));
      listed.addAll(list.items());
      cursor = list.cursor();
    } while (list.hasMore());
    return listed;
  }

  /** As a set: conversations with pending changes get other times in the database. */
  private static List<String> listed(
      ConversationStore store, Owner owner, ConversationQuery query) {
    return walk(store, owner, query).stream().map(RandomRun::fact).sorted().toList();
  }

  /** As a set: pending messages get other times in the database. */
  private static List<String> searched(ConversationStore store, Owner owner, SearchQuery query) {
    boolean mayRepeat = mayRepeat(store);
    List<StoredMessage> all = new ArrayList<>();
    Cursor cursor = null;
    Page<SearchHit> page;
    do {
      page = store.search(owner, query.withCursor(cursor));
      page.forEach(hit -> all.add(hit.message()));
      cursor = page.cursor();
    } while (page.hasMore());
    return facts(mayRepeat ? once(all) : all).stream().sorted().toList();
  }

  private static List<StoredMessage> walk(
      ConversationStore store, Owner owner, String id, MessageQuery query) {
    boolean mayRepeat = mayRepeat(store);
    List<StoredMessage> all = new ArrayList<>();
    Cursor cursor = null;
    Page<StoredMessage> page;
    do {
      page = store.messages(owner, id, cursor == null ? query : query.withCursor(cursor));
      all.addAll(query.direction() == Direction.FORWARD ? all.size() : 0, page.items());
      if (page.hasMore() && page.size() != query.limit()) {
        throw new AssertionError("a page of " + page.size() + " says that there is more");
      }
      cursor = page.cursor();
    } while (page.hasMore());
    return mayRepeat ? once(all) : all;
  }

  /** While pending messages are being sent, a page may repeat them. */
  private static boolean mayRepeat(ConversationStore store) {
    return store.state().pending().changes() > 0;
  }

  private static List<StoredMessage> once(List<StoredMessage> messages) {
    Map<String, StoredMessage> once = new LinkedHashMap<>();
    messages.forEach(m -> once.putIfAbsent(m.conversationId() + "/" + m.id(), m));
    return List.copyOf(once.values());
  }

  private static List<String> facts(List<StoredMessage> messages) {
    return messages.stream().map(RandomRun::fact).toList();
  }

  private static String fact(StoredMessage message) {
    return message.conversationId() + "/" + message.id() + "/" + digest(message);
  }

  private static String digest(StoredMessage message) {
    return ModelJson.digest(message.message()).substring(0, 8)
        + (message.editedAt() == null ? "" : " edited");
  }

  private static String fact(Conversation c) {
    return String.join(
        " ",
        c.id(),
        "title=" + c.title().hashCode(),
        "status=" + c.status(),
        "settings=" + c.settings().hashCode(),
        "metadata=" + c.metadata().hashCode(),
        "tags=" + c.tags().hashCode(),
        "pinned=" + c.pinned(),
        "expires=" + c.expiresAt(),
        "messages=" + c.messageCount(),
        "usage=" + c.usage());
  }
}
