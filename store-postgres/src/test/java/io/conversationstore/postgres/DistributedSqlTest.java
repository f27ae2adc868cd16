package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.postgres.DistributedSqlRules.Rule;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The SQL stays such that the tables can be distributed by tenant. */
class DistributedSqlTest {

  /** They list the tenants, and change rows of one tenant at a time. */
  private static final Set<String> ACROSS_TENANTS =
      Set.of(
          "blank_messages_before",
          "archive_idle_conversations",
          "purge_deleted",
          "contact_node",
          "erasuresSince",
          "statistics",
          "identitiesBehind",
          "feedOwners",
          "feedConversations",
          "feedMessages",
          "feedPreferences");

  /** They serve the feed and copies of a database, which a distributed database does not have. */
  private static final Set<String> NOT_THERE = Set.of("adopt_restored_rows");

  /** SQL as it was before the rules, which broke the rule. */
  private static final Map<Rule, String> BEFORE = before();

  private static Databases databases;
  private static DistributedSqlRules rules;

  @BeforeAll
  static void create() throws SQLException {
    databases = Databases.create();
    PostgresStore.open(databases.options()).close();
    rules =
        new DistributedSqlRules(
            pairs("SELECT proname, max(provolatile::text) FROM pg_proc GROUP BY 1"),
            pairs(
                "SELECT p.proname, l.lanname FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang"
                    + " WHERE p.pronamespace = 'conversation_store'::regnamespace"));
  }

  private static Map<String, String> pairs(String query) throws SQLException {
    Map<String, String> pairs = new HashMap<>();
    try (Connection connection = databases.connection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(query)) {
      while (rows.next()) {
        pairs.put(rows.getString(1), rows.getString(2));
      }
    }
    return pairs;
  }

  private static Map<String, String> statements() throws ReflectiveOperationException {
    Map<String, String> statements = new TreeMap<>();
    Sql sql = new Sql(PostgresOptions.DEFAULT_SCHEMA);
    for (Field field : Sql.class.getDeclaredFields()) {
      boolean statement =
          field.getType() == String.class && !Modifier.isPrivate(field.getModifiers());
      if (statement && field.get(sql) instanceof String text) {
        statements.put(field.getName(), text);
      }
    }
    return statements;
  }

  private static Map<String, Set<Rule>> broken(Map<String, String> texts) {
    Map<String, Set<Rule>> broken = new TreeMap<>();
    texts.forEach(
        (name, text) -> {
          Set<Rule> rulesBroken = rules.broken(text, ACROSS_TENANTS.contains(name));
          if (!rulesBroken.isEmpty() && !NOT_THERE.contains(name)) {
            broken.put(name, rulesBroken);
          }
        });
    return broken;
  }

  @Test
  void theFunctionsKeepTheRules() throws SQLException {
    Map<String, String> bodies =
        pairs(
            "SELECT proname, prosrc FROM pg_proc"
                + " WHERE pronamespace = 'conversation_store'::regnamespace");
    assertThat(bodies).hasSizeGreaterThan(30).containsKeys("append_new", "purge_messages");
    assertThat(broken(bodies)).isEmpty();
  }

  @Test
  void theStatementsOfTheLibraryKeepTheRules() throws ReflectiveOperationException {
    Map<String, String> statements = statements();
    assertThat(statements).hasSizeGreaterThan(40).containsKeys("edit", "messagesForward");
    assertThat(broken(statements)).isEmpty();
  }

  /** After a statement that fails in planning, a session runs everything on the coordinator. */
  @Test
  void everyStatementOfTheLibraryCanBePlanned() throws Exception {
    try (Connection connection = databases.connection()) {
      for (Map.Entry<String, String> statement : statements().entrySet()) {
        try (PreparedStatement prepared = connection.prepareStatement(statement.getValue())) {
          assertThat(prepared.getParameterMetaData().getParameterCount())
              .as(statement.getKey())
              .isEqualTo((int) statement.getValue().chars().filter(c -> c == '?').count());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Rule.class)
  void eachRuleFindsWhatItForbids(Rule rule) {
    assertThat(rules.broken(BEFORE.get(rule), rule != Rule.NO_TENANT)).contains(rule);
  }

  private static Map<Rule, String> before() {
    Map<Rule, String> before = new EnumMap<>(Rule.class);
    before.put(
        Rule.SUBQUERY_IN_INSERT,
        """
        IF NOT FOUND THEN
          INSERT INTO "s".conversations AS t (tenant_id, tags)
            VALUES (p_tenant, ARRAY(SELECT jsonb_array_elements_text(p_new -> 'tags')))
            ON CONFLICT (tenant_id) DO NOTHING RETURNING * INTO c;
        END IF;""");
    before.put(
        Rule.SLICE_OR_INLINED_FUNCTION_IN_UPDATE,
        """
        UPDATE "s".conversations t
          SET recent_changes = (t.recent_changes || p_change)[greatest(1, 2):]
          WHERE t.tenant_id = p_tenant;""");
    before.put(
        Rule.VOLATILE_FUNCTION_IN_UPDATE,
        """
        UPDATE "s".messages t SET deleted_at = clock_timestamp()
          WHERE t.tenant_id = p_tenant AND t.seq = v_old.seq RETURNING * INTO m;""");
    before.put(
        Rule.MODIFYING_CTE,
        """
        WITH taken AS (INSERT INTO $.taken_over (tenant_id, change_id) VALUES (?, ?)
          ON CONFLICT (tenant_id, change_id) DO NOTHING RETURNING change_id)
          SELECT count(*) FROM taken""");
    before.put(
        Rule.LOCK_OVER_TENANTS,
        """
        SELECT d.tenant_id, d.seq FROM "s".messages d WHERE d.deleted_at < v_cutoff
          ORDER BY d.deleted_at LIMIT p_limit FOR UPDATE SKIP LOCKED;""");
    before.put(
        Rule.ROW_TYPE_IN_UNION,
        """
        SELECT h.c, NULL::$.messages AS m, -1::bigint AS seq FROM h UNION ALL
          SELECT NULL, p.m, (p.m).seq FROM h CROSS JOIN LATERAL (SELECT m FROM $.messages m
            WHERE m.tenant_id = ? LIMIT ?) p""");
    before.put(
        Rule.SUBQUERY_IN_TARGET_LIST,
        """
        SELECT count(*), (SELECT count(*) FROM $.messages m WHERE m.deleted_at IS NULL
            AND (?::text IS NULL OR m.tenant_id = ?))
          FROM $.conversations WHERE deleted_at IS NULL""");
    before.put(
        Rule.TEXT_CAST_TO_ARRAY_ARGUMENT,
        "SELECT w.dropped FROM $.edit_message(?, ?, ?::jsonb, ?::bigint[]) w");
    before.put(
        Rule.DELETE_USING,
        """
        DELETE FROM "s".messages t USING "s".conversations k WHERE k.tenant_id = p_tenant
          AND t.tenant_id = p_tenant AND t.conversation_key = k.conversation_key;""");
    before.put(
        Rule.FUNCTION_IN_DO_UPDATE,
        """
        INSERT INTO "s".nodes AS n (node, counter) VALUES (p_node, 1)
          ON CONFLICT (node) DO UPDATE SET last_contact = statement_timestamp();""");
    before.put(
        Rule.NO_TENANT,
        """
        SELECT m.seq FROM "s".conversations c
          JOIN "s".messages m USING (tenant_id, conversation_key)
          WHERE c.tenant_id = p_tenant;""");
    return before;
  }
}
