package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.StoreFigures;
import io.conversationstore.TableSize;
import io.conversationstore.spi.EngineFailureException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an operator sees of pool, calls and tables. */
class FiguresTest {

  @Test
  void timesAreThoseOfTheLatestCalls() {
    CallTimes times = new CallTimes();
    assertThat(times.figures()).isEmpty();
    for (int i = 1; i <= 2_000; i++) {
      times.add("find", Duration.ofMillis(i).toNanos(), i % 1_000 == 0);
    }
    times.add("append", 7, false);
    assertThat(times.figures())
        .containsExactly(
            new StoreFigures.Calls(
                "append", 1, 0, Duration.ofNanos(7), Duration.ofNanos(7), Duration.ofNanos(7)),
            new StoreFigures.Calls(
                "find",
                2_000,
                2,
                Duration.ofMillis(1_488),
                Duration.ofMillis(1_990),
                Duration.ofMillis(2_000)));
  }

  @Test
  void poolCallsAndTablesOfAStore() {
    PostgresOptions options =
        Databases.create().options().withPoolSize(1, 3).withSlowCallLog(Duration.ZERO);
    try (ConversationStore store = PostgresStore.open(options)) {
      store.create(ALICE, NewConversation.ofId("c"));
      store.append(ALICE, "c", Message.user("x".repeat(100_000)));
      store.find(ALICE, "c");
      StoreFigures figures = store.operator().figures();
      assertThat(figures.pool()).isNotNull();
      assertThat(figures.pool().most()).isEqualTo(3);
      assertThat(figures.pool().waiting()).isZero();
      assertThat(figures.calls())
          .extracting(StoreFigures.Calls::kind, StoreFigures.Calls::count)
          .contains(tuple("find", 1L), tuple("MessagesAppended", 1L));
      List<TableSize> sizes = store.operator().tableSizes();
      assertThat(sizes)
          .extracting(TableSize::table)
          .contains("conversations", "messages", "owners");
      assertThat(sizes)
          .filteredOn(size -> size.table().equals("messages"))
          .singleElement()
          .satisfies(size -> assertThat(size.tableBytes()).isGreaterThanOrEqualTo(8_192))
          .satisfies(size -> assertThat(size.indexBytes()).isGreaterThanOrEqualTo(8_192));
    }
  }

  @Test
  void figuresAreThereWhileTheDatabaseIsNot() {
    try (ConversationStore store =
        PostgresStore.open(PostgresOptions.at("127.0.0.1", 1, "d").withLogin("u", "p"))) {
      assertThatThrownBy(() -> store.find(ALICE, "c")).isInstanceOf(EngineFailureException.class);
      assertThatThrownBy(() -> store.operator().tableSizes())
          .isInstanceOf(EngineFailureException.class);
      StoreFigures figures = store.operator().figures();
      assertThat(figures.pool()).isNotNull();
      assertThat(figures.calls())
          .extracting(StoreFigures.Calls::kind, StoreFigures.Calls::failed)
          .contains(tuple("find", 1L));
    }
  }
}
