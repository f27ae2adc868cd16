package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.RetentionSchedule;
import io.conversationstore.StoreState.Mode;
import io.conversationstore.hybrid.internal.support.ThreadScheduler;
import io.conversationstore.jsonfile.JsonFileStore;
import io.conversationstore.testkit.ManualTimer;
import io.conversationstore.testkit.TestPostgres;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Retention by schedule runs in the database, and only while the node uses it. */
class HybridRetentionTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final Instant LONG_AGO = Instant.parse("2001-02-03T04:05:06Z");

  /** Longer than the first wait of any node. */
  private static final Duration FIRST = Duration.ofSeconds(12);

  private final Testbed bed = Testbed.withSchema(TestPostgres.shared());

  @AfterEach
  void close() {
    bed.close();
  }

  /** Each node has a registry of circuit breakers of its own. */
  private static HybridOptions week() {
    return HybridOptions.defaults()
        .withRetention(RetentionSchedule.OFF.withMessageAge(Duration.ofDays(7)));
  }

  private static void saveOld(ConversationStore store, String id) {
    store.save(
        ALICE,
        ConversationDocument.ofEntries(
            NewConversation.ofId(id),
            List.of(Entry.of(Message.user("old")).withCreatedAt(LONG_AGO))));
  }

  private static List<String> runs(InfoLines info) {
    return info.lines().stream().filter(line -> line.startsWith("Retention")).toList();
  }

  @Test
  void row_0_5_whileTheDatabaseIsAwayNothingRunsAndAfterwardsItDoes() {
    ManualTimer timer = new ManualTimer();
    ConversationStore node = bed.node("a", week(), timer);
    Testbed.awaitDrained(node);
    saveOld(node, "a");
    bed.goDown(node);
    try (InfoLines info = InfoLines.taken();
        Warnings warnings = Warnings.counted()) {
      timer.advance(Duration.ofHours(5));
      assertThat(runs(info)).isEmpty();
      assertThat(warnings.count()).as("the outage was reported before").isZero();
      assertThat(node.last(ALICE, "a", 10)).hasSize(1);
      bed.comeBack();
      Testbed.awaitDrained(node);
      timer.advance(ClaimsInUse.AWAY.plus(FIRST));
      assertThat(warnings.count()).isZero();
      assertThat(runs(info)).containsExactly("Retention: 1 messages deleted");
    }
    assertThat(node.last(ALICE, "a", 10)).isEmpty();
  }

  @Test
  void row_0_5_twoNodesDoOneRun() {
    ManualTimer first = new ManualTimer();
    ManualTimer second = new ManualTimer();
    ConversationStore one = bed.node("a", week(), first);
    ConversationStore two = bed.node("b", week(), second);
    Testbed.awaitDrained(one);
    Testbed.awaitDrained(two);
    saveOld(one, "a");
    try (InfoLines info = InfoLines.taken()) {
      second.advance(FIRST);
      assertThat(runs(info)).hasSize(1);
      saveOld(two, "b");
      first.advance(FIRST);
      second.advance(FIRST);
      assertThat(runs(info)).hasSize(1);
      assertThat(one.last(ALICE, "a", 10)).isEmpty();
      assertThat(one.last(ALICE, "b", 10)).hasSize(1);
    }
    assertThat(one.state().mode()).isEqualTo(Mode.ONLINE);
  }

  @Test
  void aDirectoryThatWaitsForItsDatabaseRunsNothing() {
    ManualTimer timer = new ManualTimer();
    ConversationStore node = bed.node("a", HybridOptions.defaults());
    Testbed.awaitDrained(node);
    saveOld(node, "a");
    node.close();
    try (ConversationStore waiting =
            HybridStore.withoutDatabase(
                JsonFileStore.openEngine(bed.files("a")),
                bed.files("a"),
                week(),
                new ThreadScheduler(),
                timer);
        InfoLines info = InfoLines.taken()) {
      timer.advance(Duration.ofDays(1));
      assertThat(runs(info)).isEmpty();
      assertThat(waiting.last(ALICE, "a", 10)).hasSize(1);
    }
  }
}
