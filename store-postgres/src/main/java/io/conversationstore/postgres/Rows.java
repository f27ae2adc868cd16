package io.conversationstore.postgres;

import io.conversationstore.ConversationStatus;
import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.Role;
import io.conversationstore.StoredMessage;
import io.conversationstore.TokenUsage;
import io.conversationstore.json.Json;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.PreferencesState;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Reads rows into states. Columns are in the order of these lists, which {@link Sql} writes into
 * every statement.
 */
final class Rows {

  /** Read as JSON: it is mostly empty, and the driver's arrays are slow even then. */
  private static final String TAGS = "tags";

  static final List<String> CONVERSATION =
      List.of(
          "tenant_id",
          "user_id",
          "conversation_id",
          "epoch",
          "generation",
          "version",
          "deleted_at",
          "title",
          "status",
          "settings",
          "metadata",
          TAGS,
          "pinned",
          "created_at",
          "updated_at",
          "expires_at",
          "last_seq",
          "message_count",
          "prompt_tokens",
          "completion_tokens",
          "total_tokens",
          "last_message_at",
          "field_times",
          "created_by");

  static final List<String> MESSAGE =
      List.of(
          "epoch",
          "generation",
          "seq",
          "message_id",
          "version",
          "digest",
          "deleted_at",
          "role",
          "content",
          "parts",
          "tool_calls",
          "tool_call_id",
          "name",
          "is_error",
          "model",
          "prompt_tokens",
          "completion_tokens",
          "total_tokens",
          "metadata",
          "created_at",
          "edited_at");

  static final List<String> PREFERENCES =
      List.of(
          "tenant_id",
          "user_id",
          "epoch",
          "version",
          "active_conversation",
          "active_generation",
          "active_conversation_time",
          "selected_model",
          "selected_model_time");

  private Rows() {}

  /** {@code alias} is a table alias or a composite in brackets. */
  static String columns(List<String> names, String alias) {
    return names.stream()
        .map(name -> name.equals(TAGS) ? "to_json(" + alias + "." + name + ")" : alias + "." + name)
        .collect(Collectors.joining(", "));
  }

  static @Nullable Instant time(ResultSet row, int column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  static Instant requireTime(ResultSet row, int column) throws SQLException {
    return present(time(row, column));
  }

  static UUID uuid(ResultSet row, int column) throws SQLException {
    return present(row.getObject(column, UUID.class));
  }

  static String string(ResultSet row, int column) throws SQLException {
    return present(row.getString(column));
  }

  /** A number that is never null: the driver would return 0 for null, which may have a meaning. */
  static long number(ResultSet row, int column) throws SQLException {
    long number = row.getLong(column);
    requireNotNull(row);
    return number;
  }

  static int count(ResultSet row, int column) throws SQLException {
    int count = row.getInt(column);
    requireNotNull(row);
    return count;
  }

  static boolean flag(ResultSet row, int column) throws SQLException {
    boolean flag = row.getBoolean(column);
    requireNotNull(row);
    return flag;
  }

  static @Nullable Long numberOrNull(ResultSet row, int column) throws SQLException {
    long number = row.getLong(column);
    return row.wasNull() ? null : number;
  }

  static @Nullable Integer countOrNull(ResultSet row, int column) throws SQLException {
    int count = row.getInt(column);
    return row.wasNull() ? null : count;
  }

  /** 0 for null, for columns that are ignored then. */
  static long numberOrZero(ResultSet row, int column) throws SQLException {
    return row.getLong(column);
  }

  private static void requireNotNull(ResultSet row) throws SQLException {
    if (row.wasNull()) {
      throw new IllegalStateException("a column without null values was null");
    }
  }

  private static <T> T present(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("a column without null values was null");
    }
    return value;
  }

  /** Null if the row's conversation is null. */
  static @Nullable ConversationState conversation(ResultSet row, int first) throws SQLException {
    String tenant = row.getString(first);
    if (tenant == null) {
      return null;
    }
    return new ConversationState(
        Owner.of(tenant, string(row, first + 1)),
        string(row, first + 2),
        number(row, first + 3),
        number(row, first + 4),
        number(row, first + 5),
        time(row, first + 6) == null ? live(row, first) : null,
        number(row, first + 16),
        uuid(row, first + 23));
  }

  /**
   * The check is off because javac leaves the type annotations of a compact constructor's
   * parameters out of the class file.
   */
  @SuppressWarnings("NullAway")
  private static Live live(ResultSet row, int first) throws SQLException {
    return new Live(
        string(row, first + 7),
        ConversationStatus.ofWireName(string(row, first + 8)),
        object(row.getString(first + 9)),
        object(row.getString(first + 10)),
        tags(row.getString(first + 11)),
        flag(row, first + 12),
        requireTime(row, first + 13),
        requireTime(row, first + 14),
        time(row, first + 15),
        number(row, first + 17),
        new TokenUsage(number(row, first + 18), number(row, first + 19), number(row, first + 20)),
        requireTime(row, first + 21),
        times(string(row, first + 22)));
  }

  private static List<String> tags(@Nullable String json) {
    if (json == null || json.equals("[]")) {
      return List.of();
    }
    List<String> tags = new ArrayList<>();
    Json.parse(json).forEach(tag -> tags.add(tag.textValue()));
    return List.copyOf(tags);
  }

  private static Map<String, Instant> times(String json) {
    if (json.equals("{}")) {
      return Map.of();
    }
    Map<String, Instant> times = new HashMap<>();
    var node = Json.parse(json);
    node.fieldNames().forEachRemaining(name -> times.put(name, Json.time(node, name)));
    return times;
  }

  private static Map<String, @Nullable Object> object(@Nullable String json) {
    if (json == null || json.equals("{}")) {
      return Map.of();
    }
    return ModelJson.readObject(Json.parse("{\"object\":" + json + "}"), "object");
  }

  /**
   * A message.
   *
   * @param given the message that the caller appended, if the row was returned without this
   *     content; else null
   */
  static MessageState message(
      ResultSet row, int first, Owner owner, String conversationId, @Nullable Message given)
      throws SQLException {
    UUID id = uuid(row, first + 3);
    long seq = number(row, first + 2);
    StoredMessage stored = null;
    if (time(row, first + 6) == null) {
      stored =
          new StoredMessage(
              conversationId,
              id,
              seq,
              requireTime(row, first + 19),
              time(row, first + 20),
              given != null ? given : content(row, first, id));
    }
    return new MessageState(
        owner,
        conversationId,
        number(row, first),
        number(row, first + 1),
        number(row, first + 4),
        seq,
        id,
        java.util.HexFormat.of().formatHex(present(row.getBytes(first + 5))),
        stored);
  }

  @SuppressWarnings("NullAway") // as above
  private static Message content(ResultSet row, int first, UUID id) throws SQLException {
    String text = row.getString(first + 8);
    String parts = row.getString(first + 9);
    String toolCalls = row.getString(first + 10);
    long prompt = numberOrZero(row, first + 15);
    TokenUsage usage =
        row.wasNull()
            ? null
            : new TokenUsage(prompt, numberOrZero(row, first + 16), numberOrZero(row, first + 17));
    Role role = Role.ofWireName(string(row, first + 7));
    Message message =
        text != null
            ? Message.of(role, text)
            : Message.of(role)
                .withContent(ModelJson.readContent(parts == null ? null : Json.parse(parts)));
    if (toolCalls != null) {
      message =
          message.withToolCalls(
              ModelJson.readMessage(
                      Json.parse("{\"role\":\"assistant\",\"tool_calls\":" + toolCalls + "}"))
                  .toolCalls());
    }
    return message
        .withId(id)
        .withToolCallId(row.getString(first + 11))
        .withName(row.getString(first + 12))
        .withToolError(flag(row, first + 13))
        .withModel(row.getString(first + 14))
        .withUsage(usage)
        .withMetadata(object(row.getString(first + 18)));
  }

  static @Nullable PreferencesState preferences(ResultSet row, int first) throws SQLException {
    String tenant = row.getString(first);
    if (tenant == null) {
      return null;
    }
    return new PreferencesState(
        Owner.of(tenant, string(row, first + 1)),
        number(row, first + 2),
        number(row, first + 3),
        row.getString(first + 4),
        number(row, first + 5),
        time(row, first + 6),
        row.getString(first + 7),
        time(row, first + 8));
  }
}
