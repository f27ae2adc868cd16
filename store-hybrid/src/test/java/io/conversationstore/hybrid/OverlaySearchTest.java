package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStore;
import io.conversationstore.Cursor;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageNotFoundException;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.Page;
import io.conversationstore.SearchHit;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreLimits;
import io.conversationstore.hybrid.internal.mirror.MissedStates;
import io.conversationstore.hybrid.internal.overlay.OverlayReader;
import io.conversationstore.hybrid.internal.support.BaseLocks;
import io.conversationstore.hybrid.internal.support.ThreadScheduler;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.json.ModelJson;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.StoreEngine;
import io.conversationstore.spi.UuidV7;
import io.conversationstore.testkit.Generators;
import io.conversationstore.testkit.ManualClock;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Hits with pending changes laid over a working store equal those of a store that has applied them.
 * Pending changes stay pending here, unlike in a whole node.
 */
class OverlaySearchTest {

  private static final Owner OWNER = Owner.of("acme", "alice");
  private static final List<String> IDS = List.of("a", "\uD83D\uDE00", "\uFF5E");
  private static final List<String> WORDS = List.of("apple", "pear", "plum");

  private final Path root = TestDirectories.create();
  private final ManualClock clock =
      ManualClock.ticking(Instant.parse("2026-01-01T00:00:00Z"), Duration.ofMillis(1));
  private final UuidV7 ids = new UuidV7(clock, new Random(1));

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void row_5_9_pendingChangesChangeHits(long seed) {
    Generators random = Generators.seeded(seed);
    try (LocalStore model = engine("model");
        LocalStore base = engine("base");
        LocalStore local = engine("local")) {
      AtomicReference<Consumer<Change>> goesTo =
          new AtomicReference<>(change -> base.apply(change, ApplyMode.LIVE));
      DefaultConversationStore expected =
          front(recorded(model, change -> goesTo.get().accept(change)));
      OverlayReader reader =
          new OverlayReader(
              local,
              new MissedStates(),
              change -> false,
              new BaseLocks(new ThreadScheduler()),
              () -> {});
      DefaultConversationStore actual = front(overlaid(reader, base));
      for (int i = 0; i < 40; i++) {
        step(random, expected);
      }
      compare(expected, actual);
      goesTo.set(local::enqueue);
      for (int i = 0; i < 30; i++) {
        step(random, expected);
        if (i % 5 == 0) {
          compare(expected, actual);
        }
      }
      compare(expected, actual);
    } finally {
      TestDirectories.delete(root);
    }
  }

  private LocalStore engine(String name) {
    return JsonFileStore.openEngine(JsonFileOptions.in(root.resolve(name)).withClock(clock, ids));
  }

  private DefaultConversationStore front(StoreEngine engine) {
    return new DefaultConversationStore(engine, StoreLimits.DEFAULT, clock, ids, ids.get());
  }

  private static void step(Generators random, ConversationStore store) {
    String id = random.oneOf(IDS);
    UUID message = new UUID(0x7000L, 0x8000_0000_0000_0000L + random.random().nextInt(12));
    int kind = random.random().nextInt(20);
    try {
      if (kind < 4) {
        store.createIfAbsent(OWNER, NewConversation.ofId(id));
      } else if (kind < 12) {
        store.append(OWNER, id, Message.user(text(random)), Message.assistant(text(random)));
      } else if (kind < 14) {
        NewConversation header = NewConversation.ofId(id);
        Message saved = Message.user(text(random)).withId(message);
        store.save(OWNER, ConversationDocument.of(header, List.of(saved)));
      } else if (kind < 17) {
        store.edit(OWNER, id, message, MessageEdit.text(text(random)));
      } else if (kind < 19) {
        store.deleteMessage(OWNER, id, message);
      } else {
        store.delete(OWNER, id);
      }
    } catch (ConversationNotFoundException | MessageNotFoundException notThere) {
      assertThat(kind).as("only what needs something may fail").isGreaterThanOrEqualTo(4);
    }
  }

  private static String text(Generators random) {
    return random.oneOf(WORDS) + " " + random.oneOf(WORDS);
  }

  private static void compare(ConversationStore expected, ConversationStore actual) {
    for (String query : List.of("apple", "pear plum")) {
      for (String in : new String[] {null, "a", "\uFF5E"}) {
        for (int limit : new int[] {1, 3, 1_000}) {
          SearchQuery asked = SearchQuery.of(query).withConversationId(in).withLimit(limit);
          assertThat(found(actual, asked)).as("%s", asked).isEqualTo(found(expected, asked));
        }
      }
    }
  }

  private static List<String> found(ConversationStore store, SearchQuery query) {
    List<String> facts = new ArrayList<>();
    Cursor cursor = null;
    Page<SearchHit> page;
    do {
      try {
        page = store.search(OWNER, query.withCursor(cursor));
      } catch (ConversationNotFoundException e) {
        return List.of("not there");
      }
      assertThat(page.hasMore() && page.size() != query.limit()).isFalse();
      for (SearchHit hit : page) {
        facts.add(
            String.join(
                " ",
                hit.message().conversationId(),
                hit.message().id().toString(),
                ModelJson.digest(hit.message().message()),
                hit.matches().toString()));
      }
      cursor = page.cursor();
    } while (page.hasMore());
    return facts;
  }

  /** The engine, reporting the changes it applied. */
  private static StoreEngine recorded(StoreEngine engine, Consumer<Change> applied) {
    return proxy(
        (method, arguments) -> {
          Object answer = call(engine, method, arguments);
          if (method.getName().equals("apply")) {
            applied.accept((Change) arguments[0]);
          }
          return answer;
        });
  }

  /** The engine with pending changes laid over its search. */
  private static StoreEngine overlaid(OverlayReader reader, StoreEngine base) {
    return proxy(
        (method, arguments) ->
            method.getName().equals("search")
                ? reader.search(
                    base,
                    (Owner) arguments[0],
                    (MessageFilter) arguments[1],
                    (Position.InHistory) arguments[2],
                    (int) arguments[3])
                : call(base, method, arguments));
  }

  private interface Handler {
    Object handle(Method method, Object[] arguments) throws Throwable;
  }

  private static StoreEngine proxy(Handler handler) {
    return (StoreEngine)
        Proxy.newProxyInstance(
            OverlaySearchTest.class.getClassLoader(),
            new Class<?>[] {StoreEngine.class},
            (proxy, method, arguments) ->
                handler.handle(method, arguments == null ? new Object[0] : arguments));
  }

  private static Object call(StoreEngine engine, Method method, Object[] arguments)
      throws Throwable {
    try {
      return method.invoke(engine, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }
}
