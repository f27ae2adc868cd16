package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationStore;
import io.conversationstore.CopyLimits;
import io.conversationstore.Message;
import io.conversationstore.MessageQuery;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreLimits;
import io.conversationstore.hybrid.internal.support.ThreadScheduler;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.jsonfile.MemoryDirectory;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.UuidV7;
import io.conversationstore.testkit.ReferencePrimary;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The copy's limit is the disk space of its files at every moment. */
class HybridCopyRoomTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final int CONVERSATIONS = 120;
  private static final int MESSAGES = 500;
  private static final int TEXT = 1_000;
  private static final long LIMIT = 10_000_000;

  private final MemoryDirectory directory = new MemoryDirectory();
  private final PrimaryStore primary = new ReferencePrimary(Clock.systemUTC());
  private final ConversationStore database =
      new DefaultConversationStore(
          primary,
          StoreLimits.DEFAULT,
          Clock.systemUTC(),
          new UuidV7(Clock.systemUTC(), new Random(1)),
          new UUID(1, 1));

  /** The database outlives its nodes. */
  private PrimaryStore shared() {
    return answering(PrimaryStore.class, primary, "close", null);
  }

  /** The same, except for one method. */
  private static <T> T answering(Class<T> type, T target, String name, Object answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              try {
                return method.getName().equals(name) ? answer : method.invoke(target, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            }));
  }

  private void fill() {
    for (int i = 0; i < CONVERSATIONS; i++) {
      append("c" + i, MESSAGES);
    }
  }

  private void append(String id, int messages) {
    database.createIfAbsent(ALICE, NewConversation.ofId(id));
    database.append(
        ALICE,
        id,
        IntStream.range(0, messages)
            .mapToObj(n -> Message.user(n + " of " + id + " " + "x".repeat(TEXT)))
            .toArray(Message[]::new));
  }

  private static JsonFileOptions files() {
    return JsonFileOptions.in(Path.of("memory")).withDurability(Durability.SYSTEM);
  }

  private static HybridOptions options(CopyLimits limits) {
    return HybridOptions.defaults()
        .withMirrorInterval(Duration.ofMillis(20))
        .withCopyLimits(limits);
  }

  private static void awaitFollowed(ConversationStore node) {
    Instant before = Instant.now();
    Testbed.await(
        "the feed was followed",
        () -> {
          Instant asOf = node.state().mirror().asOf();
          return asOf != null && asOf.isAfter(before);
        });
  }

  @Test
  void theFirstCopyOfALargeDatabaseStaysBelowTheLimit() {
    fill();
    AtomicInteger collections = new AtomicInteger();
    Interposed<LocalStore> local = new Interposed<>(LocalStore.class, directory.open(files()));
    local.before(
        (method, arguments) -> {
          if (method.getName().equals("collectGarbage")) {
            collections.incrementAndGet();
          }
        });
    CopyLimits limits = CopyLimits.NONE.withMaxBytes(LIMIT);
    try (ConversationStore node = HybridStore.over(shared(), local.engine(), options(limits))) {
      awaitFollowed(node);
      assertThat(node.count(ALICE).messages()).isEqualTo((long) CONVERSATIONS * MESSAGES);
    }
    // 60 MB were written.
    assertThat(collections.get()).isBetween(5, 40);
    assertThat(directory.peak()).isLessThan(LIMIT);
    try (ConversationStore alone =
        HybridStore.withoutDatabase(
            directory.open(files()), files(), options(limits), new ThreadScheduler())) {
      String last = "c" + (CONVERSATIONS - 1);
      assertThat(alone.messages(ALICE, last, MessageQuery.last(1_000)).items()).hasSize(MESSAGES);
      assertThat(alone.find(ALICE, last).orElseThrow().provenance().complete()).isTrue();
      assertThat(alone.find(ALICE, "c0").orElseThrow().provenance().complete()).isFalse();
    }
  }

  @Test
  void filesThatAreLargerThanTheLimitAtTheStartBecomeSmaller() {
    fill();
    HybridOptions all = options(CopyLimits.NONE);
    try (ConversationStore node = HybridStore.over(shared(), directory.open(files()), all)) {
      awaitFollowed(node);
    }
    assertThat(directory.size()).isGreaterThan(6 * LIMIT);
    HybridOptions some = options(CopyLimits.NONE.withMaxBytes(LIMIT));
    try (ConversationStore node = HybridStore.over(shared(), directory.open(files()), some)) {
      Testbed.await("garbage was collected", () -> directory.size() < LIMIT);
      assertThat(node.count(ALICE).messages()).isEqualTo((long) CONVERSATIONS * MESSAGES);
    }
  }

  @Test
  void withoutASettingTheCopyTakesAQuarterOfTheDiskAndSaysSo() {
    fill();
    directory.saysItHas(4 * LIMIT + 400_000);
    HybridOptions standard = options(HybridOptions.defaults().copyLimits());
    try (InfoLines info = InfoLines.taken();
        ConversationStore node = HybridStore.over(shared(), directory.open(files()), standard)) {
      assertThat(info.lines())
          .filteredOn(line -> line.contains("LOCAL_COPY_MB"))
          .singleElement()
          .asString()
          .contains("at most 10 MB (a quarter of the 40 MB", "or all", "LOCAL_COPY_DAYS");
      awaitFollowed(node);
      assertThat(node.state().mirror().coverage()).contains("in files of at most 100");
    }
    assertThat(directory.peak()).isLessThan(LIMIT);
  }

  @Test
  void aCopyOfAllSaysSoAtItsStart() {
    HybridOptions all = options(CopyLimits.NONE);
    try (InfoLines info = InfoLines.taken()) {
      HybridStore.over(shared(), directory.open(files()), all).close();
      assertThat(info.lines())
          .filteredOn(line -> line.contains("LOCAL_COPY_MB"))
          .singleElement()
          .asString()
          .contains("holds the whole database");
    }
  }

  private ConversationStore alone() {
    return HybridStore.withoutDatabase(
        directory.open(files()), files(), options(CopyLimits.NONE), new ThreadScheduler());
  }

  @Test
  void whatWaitsForTheDatabaseIsKeptHoweverSmallTheLimitIs() {
    HybridOptions small = options(CopyLimits.NONE.withMaxBytes(LIMIT / 10));
    append("c0", 1);
    try (ConversationStore node = HybridStore.over(shared(), directory.open(files()), small)) {
      awaitFollowed(node);
    }
    try (ConversationStore node = alone()) {
      for (int i = 0; i < 5_000; i++) {
        node.append(ALICE, "c0", Message.user(i + " waits " + "x".repeat(TEXT)));
      }
      assertThat(node.state().pending().changes()).isEqualTo(5_000);
    }
    for (int i = 1; i < 20; i++) {
      append("c" + i, MESSAGES);
    }
    try (ConversationStore node = HybridStore.over(shared(), directory.open(files()), small)) {
      Testbed.awaitDrained(node);
      awaitFollowed(node);
    }
    assertThat(database.find(ALICE, "c0").orElseThrow().messageCount()).isEqualTo(5_001);
  }

  @Test
  void aCopyGoesOnWhereGarbageCannotBeCollected() {
    fill();
    Object failed =
        CompletableFuture.failedFuture(
            new EngineFailureException(FailureKind.UNAVAILABLE, true, "of the test", null));
    LocalStore local =
        answering(LocalStore.class, directory.open(files()), "collectGarbage", failed);
    try (Warnings warnings = Warnings.counted();
        ConversationStore node =
            HybridStore.over(shared(), local, options(CopyLimits.NONE.withMaxBytes(LIMIT)))) {
      awaitFollowed(node);
      // One for each growth by a quarter.
      assertThat(warnings.count()).isBetween(1, 20);
    }
    try (ConversationStore node = alone()) {
      assertThat(node.count(ALICE).messages()).isEqualTo((long) CONVERSATIONS * MESSAGES);
    }
  }

  @Test
  void closingDoesNotWaitForACollection() {
    fill();
    AtomicInteger collections = new AtomicInteger();
    LocalStore local =
        answering(
            LocalStore.class,
            directory.open(files()),
            "collectGarbage",
            new CompletableFuture<Object>() {
              @Override
              public Object get() throws InterruptedException, ExecutionException {
                collections.incrementAndGet();
                return super.get();
              }
            });
    try (Warnings warnings = Warnings.counted()) {
      ConversationStore node =
          HybridStore.over(shared(), local, options(CopyLimits.NONE.withMaxBytes(LIMIT)));
      Testbed.await("it waits", () -> collections.get() > 0);
      node.append(ALICE, "c0", Message.user("calls go on"));
      node.close();
      // A pump still running by then would log a warning.
      assertThat(warnings.count()).isZero();
    }
  }
}
