package io.conversationstore.jsonfile.internal.index;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.jsonfile.internal.disk.Place;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class ConversationRowsTest {

  private static Place place(int offset) {
    return new Place(1, offset, 1, 0);
  }

  @Test
  void whatACompactionLeavesOutIsNotInTheOrderByTime() {
    ConversationRows rows = new ConversationRows();
    for (int i = 0; i < 3; i++) {
      UUID id = new UUID(1, i);
      rows.put(new MessageRow(id, i + 1, 1, 9 - i, MessageRow.NEVER, true, place(i), null));
    }
    ConversationRows view = rows.frozen();
    assertThat(rows.byTime()).containsExactly(2, 1, 0);
    MessageTable.Places places = new MessageTable.Places(3);
    places.set(0, place(10));
    places.set(2, place(11));
    rows.moved(view, places);
    assertThat(rows.byTime()).containsExactly(1, 0);
  }
}
