package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.SearchQuery;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.spi.FeedPosition;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.testkit.FaultProxy;
import io.conversationstore.testkit.TestPostgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A role that is not the owner sees one tenant, also by SQL that forgets its filter. */
class RowSecurityTest {

  private static final Owner ACME = Owner.of("acme", "alice");
  private static final Owner OTHER = Owner.of("other", "alice");
  private static final String MESSAGES =
      "SELECT string_agg(content, ',' ORDER BY content) FROM conversation_store.messages";

  private static RestrictedRole role;
  private static ConversationStore store;

  @BeforeAll
  static void open() throws SQLException {
    Assumptions.assumeTrue(
        TestPostgres.shared().canControl(), "the user of this server may not create roles");
    role = RestrictedRole.create(Databases.create());
    store = PostgresStore.open(role.options());
    for (Owner owner : List.of(ACME, OTHER)) {
      store.create(owner, NewConversation.ofId("c").withTitle("of " + owner.tenantId()));
      store.append(owner, "c", Message.user("said in " + owner.tenantId()));
    }
  }

  @AfterAll
  static void close() {
    if (store != null) {
      store.close();
    }
  }

  @Test
  void sqlThatForgetsItsFilterSeesOneTenant() throws SQLException {
    assertThatThrownBy(() -> role.text("", MESSAGES))
        .as("no tenant named")
        .hasMessageContaining("conversation_store.tenant");
    assertThat(role.text("acme", MESSAGES)).isEqualTo("said in acme");
    assertThat(role.text("acme", MESSAGES + " WHERE tenant_id = 'other'")).isEqualTo("null");
    assertThat(
            role.text(
                "other", "SELECT string_agg(title, ',') FROM conversation_store.conversations"))
        .isEqualTo("of other");
    assertThat(
            role.text(
                "acme",
                "WITH u AS (UPDATE conversation_store.messages SET content = content RETURNING 1)"
                    + " SELECT count(*) FROM u"))
        .isEqualTo("1");
    assertThatThrownBy(
            () ->
                role.text(
                    "acme",
                    "INSERT INTO conversation_store.owners (tenant_id, user_id)"
                        + " VALUES ('other', 'mallory') RETURNING 1"))
        .hasMessageContaining("row-level security");
    assertThat(role.database().text(MESSAGES)).as("the owner of the tables").contains("other");
  }

  @Test
  void aStoreThatDoesNotSayWhoseRowsItMeansIsRefused() {
    try (ConversationStore silent =
        PostgresStore.open(role.options().withRowLevelSecurity(false))) {
      assertThatThrownBy(() -> silent.list(ACME, ConversationQuery.all()))
          .isInstanceOf(StoreUnavailableException.class)
          .hasMessageContaining("withRowLevelSecurity(true)");
      assertThat(silent.operator().health().healthy()).isFalse();
    }
  }

  @Test
  void aRunningStoreDoesNotTakeHiddenRowsForNone() throws SQLException {
    RestrictedRole late = RestrictedRole.create(Databases.create());
    late.database().text("SELECT conversation_store.use_row_level_security(false)");
    try (ConversationStore silent =
        PostgresStore.open(late.options().withRowLevelSecurity(false))) {
      silent.create(ACME, NewConversation.ofId("c"));
      late.database().text("SELECT conversation_store.use_row_level_security(true)");
      assertThatThrownBy(() -> silent.list(ACME, ConversationQuery.all()))
          .isInstanceOf(StoreUnavailableException.class);
      assertThatThrownBy(() -> silent.find(ACME, "c"))
          .isInstanceOf(StoreUnavailableException.class);
      late.database().text("SELECT conversation_store.use_row_level_security(false)");
      assertThat(silent.find(ACME, "c")).isPresent();
    }
  }

  @Test
  void operatorsAndTheFeedSeeAll() {
    assertThat(store.operator().statistics(null).tenants()).isGreaterThanOrEqualTo(2);
    assertThat(store.operator().activeUsers("other", Duration.ofDays(1), 10)).hasSize(1);
    assertThat(store.operator().health().healthy()).isTrue();
    try (PrimaryStore engine = PostgresStore.openEngine(role.options())) {
      assertThat(engine.feed(FeedPosition.START, 1_000).states()).hasSizeGreaterThan(5);
    }
  }

  @Test
  void theTenantGoesInTheSameRoundTrip() {
    try (FaultProxy proxy = FaultProxy.to(TestPostgres.shared());
        ConversationStore proxied =
            PostgresStore.open(role.through(proxy.host(), proxy.port()).withPoolSize(1, 1))) {
      Owner owner = Owner.of("trips", "u");
      proxied.create(owner, NewConversation.ofId("c"));
      for (int i = 0; i < 10; i++) {
        proxied.append(owner, "c", Message.user("apple"));
        proxied.last(owner, "c", 20);
        proxied.search(owner, SearchQuery.of("apple"));
      }
      long before = proxy.roundTrips();
      for (int i = 0; i < 10; i++) {
        proxied.append(owner, "c", Message.user("apple"));
        assertThat(proxied.last(owner, "c", 5)).hasSize(5);
        assertThat(proxied.search(owner, SearchQuery.of("apple")).items()).isNotEmpty();
      }
      assertThat(proxy.roundTrips() - before).isEqualTo(30);
    }
  }

  @Test
  void aSearchForWordsReadsTheOwnersMessagesOnly() throws SQLException {
    Owner owner = Owner.of("searched", "u");
    for (Owner each : List.of(owner, Owner.of("searched", "other"))) {
      List<Message> messages =
          IntStream.range(0, each.equals(owner) ? 20 : 4_000)
              .mapToObj(i -> Message.user("apple " + i))
              .toList();
      store.save(each, ConversationDocument.of(NewConversation.ofId("c"), messages));
    }
    role.database().text("ANALYZE conversation_store.messages");
    String ownersMessages = "(?s).*messages_by_time[^\n]*\n *Index Cond: [^\n]*owner_key = .*";
    Sql sql = new Sql(PostgresOptions.DEFAULT_SCHEMA);
    assertThat(plan(sql.searchWordsOfOwner, owner)).matches(ownersMessages);
    assertThat(plan(sql.searchWords, owner)).doesNotMatch(ownersMessages);
    assertThat(store.search(owner, SearchQuery.of("apple 7")).items()).hasSize(1);
  }

  /** How the role would look for a word. */
  private static String plan(String search, Owner owner) throws SQLException {
    try (Connection connection = role.database().connection();
        Statement setting = connection.createStatement();
        PreparedStatement statement = connection.prepareStatement("EXPLAIN " + search)) {
      connection.setAutoCommit(false);
      setting.execute("SET LOCAL ROLE " + role.name());
      setting.execute("SET LOCAL conversation_store.tenant = '" + owner.tenantId() + "'");
      MessageFilter words = new MessageFilter.Words(Set.of("apple"), null, null);
      Search.bind(new Binder(statement), owner, words, null, 20);
      StringBuilder plan = new StringBuilder();
      try (ResultSet rows = statement.executeQuery()) {
        while (rows.next()) {
          plan.append(rows.getString(1)).append('\n');
        }
      }
      return plan.toString();
    }
  }

  @Test
  void savesAndErasuresWork() {
    Owner owner = Owner.of("saved", "u");
    store.save(
        owner,
        List.of(
            ConversationDocument.of(NewConversation.ofId("a"), List.of(Message.user("1"))),
            ConversationDocument.of(NewConversation.ofId("b"), List.of(Message.user("2")))));
    assertThat(store.count(owner).messages()).isEqualTo(2);
    assertThat(store.erase(owner).removed().get(0).messages()).isEqualTo(2);
    assertThat(store.count(owner).conversations()).isZero();
  }

  /** A role that a DBA lets use the schema, under row-level security. */
  record RestrictedRole(Databases database, String name) {

    private static final String PASSWORD = "restricted";

    static RestrictedRole create(Databases database) throws SQLException {
      PostgresStore.open(database.options()).close();
      String name = "role_" + database.name;
      database.text("CREATE ROLE " + name + " LOGIN PASSWORD '" + PASSWORD + "'");
      database.text("SELECT conversation_store.grant_use('" + name + "')");
      database.text("SELECT conversation_store.use_row_level_security(true)");
      return new RestrictedRole(database, name);
    }

    PostgresOptions options() {
      return restricted(database.options());
    }

    PostgresOptions through(String host, int port) {
      return restricted(database.through(host, port));
    }

    private PostgresOptions restricted(PostgresOptions options) {
      return options.withLogin(name, PASSWORD).withMigration(false).withRowLevelSecurity(true);
    }

    /** Runs SQL as the role, in a transaction for this tenant; "" for none. */
    String text(String tenant, String sql) throws SQLException {
      try (Connection connection = database.connection();
          Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        statement.execute("SET LOCAL ROLE " + name);
        if (!tenant.isEmpty()) {
          statement.execute("SET LOCAL conversation_store.tenant = '" + tenant + "'");
        }
        try (ResultSet row = statement.executeQuery(sql)) {
          row.next();
          String result = String.valueOf(row.getString(1));
          connection.rollback();
          return result;
        }
      }
    }
  }
}
