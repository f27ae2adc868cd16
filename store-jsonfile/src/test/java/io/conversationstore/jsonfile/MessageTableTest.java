package io.conversationstore.jsonfile;

import static org.assertj.core.api.Assertions.assertThat;

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

  /** Readers share a lock: the first ones make what ids are found by, several at once. */
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
}
