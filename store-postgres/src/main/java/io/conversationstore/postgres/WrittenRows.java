package io.conversationstore.postgres;

import io.conversationstore.Message;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects the rows that a function returns for one change of a conversation. For one thread. */
final class WrittenRows {

  private final Change change;
  private final String conversationId;
  private final List<State> messages = new ArrayList<>();
  private @Nullable ConversationState header;
  private @Nullable String dropped;
  private boolean changed;

  WrittenRows(Change change, String conversationId) {
    this.change = change;
    this.conversationId = conversationId;
  }

  /** Adds the current row of the result. */
  void add(ResultSet row) throws SQLException {
    String reason = row.getString(1);
    if (reason != null) {
      dropped = reason;
      return;
    }
    changed |= Rows.flag(row, 2);
    ConversationState conversation = Rows.conversation(row, Sql.WRITTEN_CONVERSATION);
    if (conversation != null) {
      header = conversation;
    }
    if (row.getObject(Sql.WRITTEN_MESSAGE + 3) != null) {
      Message given =
          Rows.flag(row, 3)
              ? ((MessagesAppended) change).messages().get(messages.size()).message()
              : null;
      messages.add(Rows.message(row, Sql.WRITTEN_MESSAGE, change.owner(), conversationId, given));
    }
  }

  /** The result of the change, after all its rows were added. */
  Applied applied() {
    if (dropped != null) {
      return Applied.dropped(change.id(), conversationId, dropped);
    }
    List<State> states = new ArrayList<>(messages);
    if (header != null) {
      states.add(0, header);
    }
    return Applied.of(changed, states);
  }
}
