package io.conversationstore.jsonfile.internal.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.jsonfile.internal.disk.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MessageTableTest {
  private static final int ROWS = 1_000;

  private static UUID id(int row) {
    return new UUID(row, 31L * row);
  }

  private static MessageTable table() {
    MessageTable table = new MessageTable();
    for (int i = 0; i < ROWS; i++) {
      Place place = new Place(1, i, 1, i);
      table.put(new MessageRow(id(i), i + 1, 1, i, MessageRow.NEVER, true, place, null));
    }
    return table;
  }

  /** Readers share a lock, so several may build the id lookup at once. */
  @Test
  void readersThatComeFirstTogetherFindAll() throws Exception {
    long[] rows = table().rows(place -> place);
    long[] changed = table().changed(place -> place);
    int readers = 4;
    ExecutorService threads = Executors.newFixedThreadPool(readers);
    try {
      for (int round = 0; round < 300; round++) {
        MessageTable table = MessageTable.of(rows, changed);
        CyclicBarrier together = new CyclicBarrier(readers);
        Callable<Integer> reader =
            () -> {
              together.await();
              return table.find(id(ROWS - 1));
            };
        List<Future<Integer>> found = new ArrayList<>();
        for (int i = 0; i < readers; i++) {
          found.add(threads.submit(reader));
        }
        for (Future<Integer> index : found) {
          assertThat(index.get()).isEqualTo(ROWS - 1);
        }
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** Like a compaction after 30 days; a quadratic cost would take minutes and block writes. */
  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aPurgeOfManyRowsTakesOneWayThroughThem() {
    int rows = 400_000;
    long[] packed = new long[6 * rows];
    long[] changed = new long[6 * rows];
    for (int i = 0; i < rows; i++) {
      long where = 1L << 32 | i;
      long[] row = {
        i + 1, id(i).getMostSignificantBits(), id(i).getLeastSignificantBits(), i, where, i
      };
      long[] change = {i + 1, 2, i, i % 2 == 0 ? 1 : 0, 0, 0};
      System.arraycopy(row, 0, packed, 6 * i, 6);
      System.arraycopy(change, 0, changed, 6 * i, 6);
    }
    MessageTable table = MessageTable.of(packed, changed);
    MessageTable view = table.frozen();
    MessageTable.Places places = new MessageTable.Places(rows);
    for (int i = 0; i < rows; i += 2) {
      places.set(i, new Place(-1, i, 1, i));
    }
    table.moved(view, places);
    assertThat(table.size()).isEqualTo(rows / 2);
    for (int i = 0; i < rows; i += 2) {
      int at = table.find(id(i));
      assertThat(table.seq(at)).isEqualTo(i + 1);
      assertThat(table.get(at).live()).isTrue();
      assertThat(table.get(at).version()).isEqualTo(2);
      assertThat(table.get(at).content().segment()).isEqualTo(-1);
    }
    assertThat(table.find(id(1))).isNegative();
    assertThat(view.size()).isEqualTo(rows);
  }
}
