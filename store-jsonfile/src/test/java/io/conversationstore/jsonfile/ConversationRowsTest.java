package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The order by creation time is made once, until it may be another one. */
class ConversationRowsTest {
  private final ConversationRows rows = new ConversationRows();

  private static MessageRow row(long seq, long createdMicros) {
    Place place = new Place(1, 100 * seq, 50, 7);
    return new MessageRow(
        new UUID(0, seq), seq, 1, createdMicros, MessageRow.NEVER, true, place, null);
  }

  @Test
  void theOrderIsKeptUntilItChanges() {
    rows.put(row(1, 30));
    rows.put(row(2, 10));
    rows.put(row(3, 30));
    int[] order = rows.byTime();
    assertThat(order).containsExactly(1, 0, 2);
    assertThat(rows.byTime()).isSameAs(order);
    rows.put(row(2, 10).deleted(99));
    assertThat(rows.byTime()).isSameAs(order);
    rows.put(row(2, 40));
    assertThat(rows.byTime()).containsExactly(0, 2, 1);
    rows.put(row(4, 5));
    assertThat(rows.byTime()).containsExactly(3, 0, 2, 1);
    rows.startGeneration(1);
    assertThat(rows.byTime()).isEmpty();
  }
}
