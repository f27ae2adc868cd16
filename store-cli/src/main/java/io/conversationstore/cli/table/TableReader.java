package io.conversationstore.cli.table;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.conversationstore.Owner;
import io.conversationstore.Preferences;
import io.conversationstore.cli.format.ImportHandler;
import io.conversationstore.cli.format.RowsReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the conversations of one layout in one query, row by row: those of a conversation one after
 * the other, in their order. For one thread.
 */
final class TableReader {
  private static final int FETCH = 500;

  /** The conversation of a user's messages that name none. */
  private static final String ONLY = "default";

  private static final String DEFAULT_TENANT = "default";

  private static final List<String> ACTIVE =
      List.of("active_chat_id", "active_conversation_id", "active_session_id");

  private final Connection connection;
  private final String source;
  private final ImportHandler handler;

  TableReader(Connection connection, String source, ImportHandler handler) {
    this.connection = connection;
    this.source = source;
    this.handler = handler;
  }

  /** Reads all conversations. */
  void read(TableLayout layout) throws SQLException {
    new Reading(layout, new RowsReader(source + ", " + layout, handler)).run();
  }

  /** Reads the preferences of users whose conversations were read. */
  void preferences(List<Table> tables) throws SQLException {
    for (Table table : tables) {
      String user = table.column(List.of("user_id"));
      String active = table.column(ACTIVE);
      String model = table.column(List.of("selected_model"));
      if (user == null || active == null || model == null) {
        continue;
      }
      String columns =
          Stream.of(user, active, model).map(Table::quoted).collect(Collectors.joining(", "));
      try (Statement statement = connection.createStatement();
          ResultSet rows = query(statement, "SELECT " + columns + " FROM " + table.sql())) {
        while (rows.next()) {
          Owner owner = owner(null, Cells.text(rows, 1));
          if (owner != null) {
            Preferences preferences = new Preferences(Cells.text(rows, 2), Cells.text(rows, 3));
            handler.preferences(owner, preferences);
          }
        }
      }
    }
  }

  private static ResultSet query(Statement statement, String sql) throws SQLException {
    statement.setFetchSize(FETCH);
    return statement.executeQuery(sql);
  }

  /** Null without a user: the caller's owner is meant. */
  private static @Nullable Owner owner(@Nullable String tenant, @Nullable String user) {
    if (user == null || !RowsReader.isName(user)) {
      return null;
    }
    return Owner.of(tenant != null && RowsReader.isName(tenant) ? tenant : DEFAULT_TENANT, user);
  }

  /** One pass over the rows of a layout. */
  private final class Reading {
    private final TableLayout layout;
    private final RowsReader into;
    private final List<String> header;
    private final List<String> message;
    private final Table owners;
    private final Set<String> notInHeader = new HashSet<>();
    private final Set<String> notInMessage = new HashSet<>();
    private List<@Nullable String> present = List.of();
    private boolean begun;
    private boolean anyNameless;

    Reading(TableLayout layout, RowsReader into) {
      this.layout = layout;
      this.into = into;
      this.header = layout.header() == null ? List.of() : layout.header().columns();
      this.message = layout.messages().columns();
      this.owners = layout.header() == null ? layout.messages() : layout.header();
      for (String column :
          Stream.of(layout.tenant(), layout.user()).filter(Objects::nonNull).toList()) {
        notInHeader.add(column);
        if (layout.header() == null) {
          notInMessage.add(column);
        }
      }
      if (layout.key() != null) {
        notInMessage.add(layout.key());
      }
      if (layout.array() != null) {
        notInMessage.add(layout.array());
      }
    }

    void run() throws SQLException {
      try (Statement statement = connection.createStatement();
          ResultSet rows = query(statement, sql())) {
        while (rows.next()) {
          row(rows);
        }
      }
      into.end();
      if (anyNameless) {
        into.note("rows without the id of their conversation were left out");
      }
    }

    private String sql() {
      List<String> selected = new ArrayList<>();
      header.forEach(column -> selected.add("h." + Table.quoted(column)));
      message.forEach(column -> selected.add("m." + Table.quoted(column)));
      String from = layout.messages().sql() + " m";
      List<String> order = new ArrayList<>();
      if (layout.header() != null) {
        String id = "h." + Table.quoted(headerId());
        from =
            layout.header().sql()
                + " h LEFT JOIN "
                + from
                + " ON m."
                + Table.quoted(Objects.requireNonNull(layout.key()))
                + " = "
                + id;
        order.add(id);
      } else {
        Stream.of(layout.tenant(), layout.user(), layout.key())
            .filter(Objects::nonNull)
            .forEach(column -> order.add("m." + Table.quoted(column)));
      }
      layout.order().forEach(column -> order.add("m." + Table.quoted(column)));
      return "SELECT "
          + String.join(", ", selected)
          + " FROM "
          + from
          + " ORDER BY "
          + String.join(", ", order);
    }

    private String headerId() {
      return Objects.requireNonNull(owners.column(List.of("id")));
    }

    private int index(Table table, @Nullable String column) {
      int before = table.equals(layout.header()) ? 0 : header.size();
      return before + table.columns().indexOf(column) + 1;
    }

    private @Nullable String text(ResultSet row, Table table, @Nullable String column)
        throws SQLException {
      return column == null ? null : Cells.text(row, index(table, column));
    }

    private void row(ResultSet row) throws SQLException {
      String tenant = text(row, owners, layout.tenant());
      String user = text(row, owners, layout.user());
      String id =
          layout.header() != null
              ? text(row, layout.header(), headerId())
              : layout.key() == null ? ONLY : text(row, layout.messages(), layout.key());
      if (!RowsReader.isName(id) || id == null) {
        anyNameless = true;
        return;
      }
      List<@Nullable String> conversation = new ArrayList<>();
      conversation.add(tenant);
      conversation.add(user);
      conversation.add(id);
      if (!begun || !conversation.equals(present)) {
        begun = true;
        present = conversation;
        ObjectNode fields = Cells.object(row, 1, header, notInHeader);
        into.begin(id, owner(tenant, user), fields);
      }
      if (layout.array() != null) {
        array(row);
        return;
      }
      ObjectNode fields = Cells.object(row, header.size() + 1, message, notInMessage);
      // A conversation without messages has one row, without any of their columns.
      if (!fields.isEmpty()) {
        into.message(fields);
      }
    }

    private void array(ResultSet row) throws SQLException {
      String array = Objects.requireNonNull(layout.array());
      ObjectNode one = Cells.object(row, index(layout.messages(), array), List.of(array), Set.of());
      one.forEach(into::messages);
    }
  }
}
