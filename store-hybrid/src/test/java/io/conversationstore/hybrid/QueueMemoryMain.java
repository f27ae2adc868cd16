package io.conversationstore.hybrid;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Cursor;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.StoredMessage;
import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.postgres.PostgresOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * A node with little memory that cannot reach its database: it accepts more messages than fit into
 * its heap, reads them in every way, reopens, and sends them once its input reports that the
 * database is back. Fails on a wrong answer. Arguments: URL, user, password, directory, number of
 * conversations, messages per conversation, characters per message, messages of a conversation that
 * is saved as a whole, pages to read of each walk.
 */
final class QueueMemoryMain {

  static final Owner ALICE = Owner.of("acme", "alice");
  static final String BACK = "back";
  static final String WAITING = "waiting for the database";
  private static final String NEEDLE = "needle";
  private static final int PAGE = 200;

  private final String[] arguments;
  private final int conversations;
  private final int messages;
  private final int length;
  private final int saved;
  private final int pages;
  private ConversationStore store;

  private QueueMemoryMain(String[] arguments) {
    this.arguments = arguments;
    this.conversations = Integer.parseInt(arguments[4]);
    this.messages = Integer.parseInt(arguments[5]);
    this.length = Integer.parseInt(arguments[6]);
    this.saved = Integer.parseInt(arguments[7]);
    this.pages = Integer.parseInt(arguments[8]);
    this.store = open();
  }

  public static void main(String[] arguments) throws Exception {
    QueueMemoryMain node = new QueueMemoryMain(arguments);
    try {
      node.run();
    } finally {
      node.store.close();
    }
  }

  private ConversationStore open() {
    PostgresOptions database =
        PostgresOptions.url(arguments[0])
            .withLogin(arguments[1], arguments[2])
            .withPoolSize(0, 2)
            .withPoolTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(5))
            .withNetworkTimeouts(Duration.ofSeconds(20), Duration.ofSeconds(20));
    JsonFileOptions files =
        JsonFileOptions.in(Path.of(arguments[3]))
            .withDurability(Durability.INTERVAL)
            .withSyncInterval(Duration.ofMillis(20))
            .withCacheBytes(8 << 20)
            .withSegmentBytes(16 << 20);
    return HybridStore.open(
        database,
        files,
        HybridOptions.defaults().withProbes(Duration.ofMillis(50), Duration.ofMillis(200)));
  }

  static String id(int conversation) {
    return "chat-" + conversation;
  }

  /** Each contains its number; one contains the searched word. */
  static String text(int message, int length) {
    String start = message + (message == 3 ? " " + NEEDLE + " " : " ");
    return start + "x".repeat(length);
  }

  private void run() throws Exception {
    fill();
    say("filled");
    readAll();
    StoredMessage fifth = first(id(0), 6).get(5);
    equal("edited 5", store.edit(ALICE, id(0), fifth.id(), MessageEdit.text("edited 5")).text());
    UUID sixth = first(id(0), 7).get(6).id();
    equal(true, store.deleteMessage(ALICE, id(0), sixth));
    store.close();
    store = open();
    say("reopened");
    readAll();
    equal("edited 5", first(id(0), 6).get(5).text());
    equal("7", number(first(id(0), 7).get(6)));
    say(WAITING);
    equal(BACK, new String(System.in.readNBytes(BACK.length()), StandardCharsets.US_ASCII));
    Testbed.await("there are statistics", this::hasStatistics);
    long end = System.nanoTime() + Duration.ofMinutes(3).toNanos();
    long seen = Long.MAX_VALUE;
    for (long left = pending(); left > 0; left = pending()) {
      // The drain yields to callers: while one reads all the time, it hardly progresses.
      if (left < seen - seen / 4) {
        seen = left;
        equal(String.valueOf(messages - 1), number(store.last(ALICE, id(0), 1).get(0)));
      }
      if (System.nanoTime() > end) {
        throw new AssertionError("not drained: " + store.state());
      }
      LockSupport.parkNanos(20_000_000);
    }
    say("drained");
  }

  private static void say(String what) {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    long used = (runtime.totalMemory() - runtime.freeMemory()) >> 20;
    System.out.println(what);
    System.out.println(
        "  " + used + " MiB in use, " + runtime.maxMemory() / (1 << 20) + " at most");
  }

  private void fill() {
    for (int c = 0; c < conversations; c++) {
      store.createIfAbsent(ALICE, NewConversation.ofId(id(c)));
    }
    for (int i = 0; i < messages; i++) {
      for (int c = 0; c < conversations; c++) {
        store.append(ALICE, id(c), Message.user(text(i, length)));
      }
    }
    if (saved > 0) {
      List<Message> all = new ArrayList<>();
      for (int i = 0; i < saved; i++) {
        all.add(Message.user(text(i, length)));
      }
      store.save(ALICE, ConversationDocument.of(NewConversation.ofId("saved"), all));
    }
  }

  private long pending() {
    return store.state().pending().changes();
  }

  private List<StoredMessage> first(String id, int count) {
    return store.messages(ALICE, id, MessageQuery.first(count)).items();
  }

  private static String number(StoredMessage message) {
    String text = message.text();
    return text.startsWith("edited ") ? text.substring(7) : text.substring(0, text.indexOf(' '));
  }

  private void readAll() {
    List<StoredMessage> last = store.last(ALICE, id(0), 20);
    equal(20, last.size());
    equal(text(messages - 1, length), last.get(19).text());
    int held = store.find(ALICE, id(0)).orElseThrow().messageCount() == messages ? 0 : 1;
    long inChats = (long) messages * conversations - held;
    List<Integer> expected = new ArrayList<>();
    for (int i = 0; i < messages; i++) {
      if (held == 0 || i != 6) {
        expected.add(i);
      }
    }
    Function<MessageQuery, Page<StoredMessage>> read = query -> store.messages(ALICE, id(0), query);
    equal(begin(expected), walk(MessageQuery.first(PAGE), read));
    Collections.reverse(expected);
    equal(begin(expected), walk(MessageQuery.last(PAGE), read));
    say("walked");
    equal(inChats + saved, store.count(ALICE).messages());
    equal(
        conversations + (saved > 0 ? 1 : 0),
        store.list(ALICE, ConversationQuery.all().withLimit(Page.MAX_LIMIT)).size());
    equal(
        conversations + (saved > 0 ? 1 : 0),
        store.search(ALICE, SearchQuery.of(NEEDLE).withLimit(Page.MAX_LIMIT)).size());
    say("searched");
    long history = walk(MessageQuery.first(PAGE), query -> store.history(ALICE, query)).size();
    equal(Math.min(inChats + saved, (long) pages * PAGE), history);
    equal(100, store.history(ALICE, MessageQuery.last(100)).size());
    if (saved > 0) {
      equal(text(saved - 1, length), store.last(ALICE, "saved", 20).get(19).text());
    }
    say("read");
  }

  private List<Integer> begin(List<Integer> numbers) {
    return numbers.subList(0, Math.min(numbers.size(), pages * PAGE));
  }

  /** The numbers of the messages in the order listed by a walk. */
  private List<Integer> walk(
      MessageQuery start, Function<MessageQuery, Page<StoredMessage>> reader) {
    List<Integer> numbers = new ArrayList<>();
    MessageQuery query = start;
    for (int read = 1; ; read++) {
      Page<StoredMessage> page = reader.apply(query);
      List<StoredMessage> items = new ArrayList<>(page.items());
      if (start.direction() == MessageQuery.Direction.BACKWARD) {
        Collections.reverse(items);
      }
      items.forEach(message -> numbers.add(Integer.valueOf(number(message))));
      Cursor next = page.hasMore() ? page.cursor() : null;
      if (next == null || read == pages) {
        return numbers;
      }
      query = query.withCursor(next);
    }
  }

  private boolean hasStatistics() {
    try {
      long expected = (long) messages * conversations - 1 + saved;
      equal(expected, store.operator().statistics("acme").messages());
      return true;
    } catch (StoreUnavailableException notYet) {
      return false;
    }
  }

  private static void equal(Object expected, Object found) {
    if (!expected.toString().equals(found.toString())) {
      String text = expected + " was expected, not " + found;
      throw new AssertionError(text.substring(0, Math.min(2_000, text.length())));
    }
  }
}
