package io.conversationstore.postgres;

import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.ApplyMode;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.State;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The common append: new messages to a live conversation. One statement does it without reading
 * existing messages first. If another case applies, it changes nothing, and {@code append_messages}
 * decides in a second round trip. Thread-safe.
 */
final class NewAppends {

  private static final String UNIQUE_VIOLATION = "23505";

  private final Database database;
  private final Sql sql;
  private final boolean search;

  /**
   * @param search whether the keys of words are stored with the text
   */
  NewAppends(Database database, Sql sql, boolean search) {
    this.database = database;
    this.sql = sql;
    this.search = search;
  }

  /** Whether an append may use this path: without a condition and without its own times. */
  static boolean fits(MessagesAppended append, ApplyMode mode) {
    return mode == ApplyMode.LIVE
        && !append.editExisting()
        && !append.condition().checksLast()
        && append.messages().stream().allMatch(message -> message.createdAt() == null);
  }

  /**
   * Appends on a connection in autocommit.
   *
   * @return empty if nothing was changed because a rule is needed
   */
  Optional<Applied> apply(Connection connection, MessagesAppended append) throws SQLException {
    String text = append.messages().size() == 1 ? sql.appendNewOne : sql.appendNew;
    try (PreparedStatement statement = database.prepare(connection, text)) {
      bind(database.bind(statement, append.owner().tenantId()), append);
      try (ResultSet row = database.rows(statement)) {
        ConversationState header = row.next() ? Rows.conversation(row, 1) : null;
        return header == null ? Optional.empty() : Optional.of(applied(append, header));
      }
    } catch (SQLException e) {
      if (Failures.state(e).equals(UNIQUE_VIOLATION)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private void bind(Binder in, MessagesAppended append) throws SQLException {
    Owner owner = append.owner();
    int count = append.messages().size();
    UUID[] ids = new UUID[count];
    byte[][] digests = new byte[count][];
    String[] roles = new String[count];
    @Nullable String[] contents = new String[count];
    @Nullable String[] keys = new String[count];
    @Nullable String[] rest = new String[count];
    TokenUsage usage = new TokenUsage(0, 0, 0);
    for (int i = 0; i < count; i++) {
      NewMessage entry = append.messages().get(i);
      Message message = entry.message();
      ids[i] = entry.id();
      digests[i] = HexFormat.of().parseHex(entry.digest());
      roles[i] = message.role().wireName();
      contents[i] = MessageJson.plainText(message.content());
      keys[i] = search ? TokenKeys.literal(TokenKeys.of(owner, message)) : null;
      rest[i] = MessageJson.rest(message);
      usage = message.usage() == null ? usage : usage.plus(message.usage());
    }
    in.text(database.lockTimeout()).text(owner.tenantId()).text(owner.userId());
    in.text(append.ref().id()).number(append.stamp().epoch()).number(append.ref().generation());
    in.number(usage.promptTokens()).number(usage.completionTokens()).number(usage.totalTokens());
    if (count == 1) {
      in.uuid(ids[0]).bytes(digests[0]).text(roles[0]);
      in.text(contents[0]).text(keys[0]).text(rest[0]);
      return;
    }
    in.array("uuid", ids).array("bytea", digests).array("text", roles);
    in.array("text", contents).array("text", keys).array("jsonb", rest);
  }

  private static Applied applied(MessagesAppended append, ConversationState header) {
    List<State> states = new ArrayList<>();
    states.add(header);
    long seq = header.lastSeq() - append.messages().size();
    Instant at = header.requireLive().lastMessageAt();
    for (NewMessage given : append.messages()) {
      seq++;
      states.add(state(append, given, header.epoch(), header.generation(), seq, at));
    }
    return Applied.of(true, states);
  }

  /** The state of a new message. */
  static MessageState state(
      MessagesAppended append,
      NewMessage given,
      long epoch,
      long generation,
      long seq,
      Instant createdAt) {
    String id = append.ref().id();
    Message message = given.message().withId(given.id());
    return new MessageState(
        append.owner(),
        id,
        epoch,
        generation,
        1,
        seq,
        given.id(),
        given.digest(),
        new StoredMessage(id, given.id(), seq, createdAt, null, message));
  }
}
