package io.conversationstore.cli.table;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How tables hold conversations.
 *
 * @param header a table with one row per conversation; null if there is none
 * @param messages the table with the messages
 * @param key the column of {@code messages} that names the conversation; null for one conversation
 *     per owner
 * @param tenant the column with the tenant, of the header if there is one; null if there is none
 * @param user the column with the user, likewise
 * @param order the columns of {@code messages} that order the messages of a conversation
 * @param array the column with all messages of a conversation as a JSON array; null if a row is one
 *     message
 */
record TableLayout(
    @Nullable Table header,
    Table messages,
    @Nullable String key,
    @Nullable String tenant,
    @Nullable String user,
    List<String> order,
    @Nullable String array) {

  private static final List<String> TENANTS =
      List.of("tenant_id", "tenant", "server_id", "organization_id", "org_id", "workspace_id");
  private static final List<String> USERS = List.of("user_id", "user", "owner_id", "username");
  private static final List<String> ROLES = List.of("role", "type", "sender", "speaker");
  private static final List<String> CONTENTS = List.of("content", "text", "body", "message");

  /** Keys of a message's conversation with the tables that may hold its header. */
  private static final Map<String, Set<String>> HEADERS =
      Map.of(
          "conversation_id", Set.of("conversations", "conversation", "chat_conversations"),
          "session_id", Set.of("chat_sessions", "sessions", "session", "chat_session"),
          "chat_id", Set.of("chats", "chat"),
          "thread_id", Set.of("threads", "thread", "chat_threads"));

  private static final List<String> KEYS =
      List.of("conversation_id", "session_id", "chat_id", "thread_id", "memory_id");
  private static final List<String> NUMBERS =
      List.of("sequence_id", "sequence", "seq", "position", "message_index", "idx", "ordinal");
  private static final List<String> TIMES =
      List.of("created_at", "createdat", "timestamp", "sent_at", "create_time", "created", "time");

  TableLayout {
    order = List.copyOf(order);
  }

  /** The layouts of tables that hold messages; empty if there are none. */
  static List<TableLayout> in(List<Table> tables) {
    List<TableLayout> found = new ArrayList<>();
    for (Table table : tables) {
      TableLayout layout = of(table, tables);
      if (layout != null) {
        found.add(layout);
      }
    }
    return found;
  }

  private static @Nullable TableLayout of(Table table, List<Table> all) {
    String key = table.column(KEYS);
    String user = table.column(USERS);
    String array = table.column(List.of("messages"));
    if (key != null && array != null) {
      return new TableLayout(null, table, key, table.column(TENANTS), user, List.of(), array);
    }
    boolean log = table.column(ROLES) != null && table.column(CONTENTS) != null;
    // LangChain keeps role and content in one JSON value.
    boolean values = table.column(ROLES) == null && key != null && table.has("message");
    if (!log && !values) {
      return null;
    }
    List<String> order = order(table);
    Table header = key == null ? null : header(table, key, all);
    if (header != null) {
      String tenant = header.column(TENANTS);
      return new TableLayout(header, table, key, tenant, header.column(USERS), order, null);
    }
    // A log of users may group its turns by session, in a column that may be empty.
    boolean ofOwners = user != null && (key == null || key.equalsIgnoreCase("session_id"));
    if (key == null && !ofOwners) {
      return null;
    }
    String tenant = table.column(TENANTS);
    return new TableLayout(null, table, ofOwners ? null : key, tenant, user, order, null);
  }

  private static @Nullable Table header(Table messages, String key, List<Table> all) {
    Set<String> names = HEADERS.getOrDefault(key.toLowerCase(Locale.ROOT), Set.of());
    return all.stream()
        .filter(table -> names.contains(table.plainName()) && table.has("id"))
        .filter(table -> Objects.equals(table.schema(), messages.schema()))
        .filter(table -> !table.equals(messages))
        .findFirst()
        .orElse(null);
  }

  private static List<String> order(Table table) {
    List<String> order = new ArrayList<>();
    for (List<String> names : List.of(NUMBERS, TIMES, List.of("id"))) {
      String column = table.column(names);
      if (column != null) {
        order.add(column);
      }
    }
    return order;
  }

  /** The tables, for people. */
  @Override
  public String toString() {
    return header == null ? messages.toString() : header + " and " + messages;
  }
}
