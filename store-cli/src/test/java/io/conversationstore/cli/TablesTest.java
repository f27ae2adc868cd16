package io.conversationstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.testkit.TestPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Imports from the tables of other programs. */
class TablesTest {
  private static TestPostgres server;

  @TempDir Path root;

  @BeforeAll
  static void start() {
    server = TestPostgres.builder().start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  /** A database with these statements applied; its URL as the command line takes it. */
  private static String database(String... statements) throws SQLException {
    String jdbc = server.jdbcUrl(server.createDatabase());
    try (Connection connection =
            DriverManager.getConnection(jdbc, server.user(), server.password());
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
    return jdbc.replace(
        "jdbc:postgresql://", "postgresql://" + server.user() + ":" + server.password() + "@");
  }

  private String store() {
    return root.resolve("store").toString();
  }

  private Run imported(String... arguments) {
    List<String> all = new ArrayList<>(List.of("import", "--dir", store()));
    all.addAll(List.of(arguments));
    return Run.of(all.toArray(String[]::new));
  }

  private List<String> exported(String... arguments) {
    List<String> all = new ArrayList<>(List.of("export", "--dir", store()));
    all.addAll(List.of(arguments));
    return Run.ok(all.toArray(String[]::new)).out().lines().skip(1).toList();
  }

  private static final String[] SESSIONS = {
    """
    CREATE TABLE chat_sessions (id UUID PRIMARY KEY, user_id VARCHAR(255), title VARCHAR(500) NOT NULL,
      created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, prompt_tokens INTEGER, total_tokens INTEGER)
    """,
    """
    CREATE TABLE messages (id UUID PRIMARY KEY, session_id UUID NOT NULL REFERENCES chat_sessions(id),
      role VARCHAR(50) NOT NULL, content TEXT, model VARCHAR(255), created_at TIMESTAMPTZ,
      tool_calls JSONB, tool_call_id VARCHAR(255), name VARCHAR(255))
    """,
    """
    CREATE TABLE user_preferences (user_id VARCHAR(255) PRIMARY KEY,
      active_chat_id UUID REFERENCES chat_sessions(id), selected_model VARCHAR(255))
    """,
    """
    INSERT INTO chat_sessions VALUES
      ('00000000-0000-4000-8000-00000000000a', 'alice', 'Tea', '2026-01-02 03:04:05Z', '2026-01-02 03:05:00Z', 7, 12),
      ('00000000-0000-4000-8000-00000000000b', 'bob', 'Empty', '2026-01-03 03:04:05Z', '2026-01-03 03:04:05Z', 0, 0)
    """,
    """
    INSERT INTO messages VALUES
      ('00000000-0000-4000-8000-000000000003', '00000000-0000-4000-8000-00000000000a', 'tool', '21 C', NULL,
        '2026-01-02 03:04:08Z', NULL, 'call-1', 'weather'),
      ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-00000000000a', 'user', '{"not": "parsed"}',
        NULL, '2026-01-02 03:04:06Z', NULL, NULL, NULL),
      ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-00000000000a', 'assistant', NULL, 'm-1',
        '2026-01-02 03:04:07Z',
        '[{"id":"call-1","type":"function","function":{"name":"weather","arguments":"{ \\"q\\": 1 }"}}]', NULL, NULL)
    """,
    """
    INSERT INTO user_preferences VALUES ('alice', '00000000-0000-4000-8000-00000000000a', 'm-2')
    """
  };

  @Test
  void row_5_10_sessionsWithMessagesAndPreferences() throws SQLException {
    String url = database(SESSIONS);
    assertThat(imported("--source-database", url).exitCode()).isZero();
    List<String> lines = exported("--user", "alice");
    assertThat(lines).hasSize(6);
    assertThat(lines.get(0))
        .contains(
            "00000000-0000-4000-8000-00000000000a", "\"title\":\"Tea\"", "\"total_tokens\":12")
        .contains("\"created_at\":\"2026-01-02T03:04:05.000000Z\"")
        .contains("\"updated_at\":\"2026-01-02T03:05:00.000000Z\"");
    assertThat(lines.get(1))
        .contains("00000000-0000-4000-8000-000000000001", "{\\\"not\\\": \\\"parsed\\\"}")
        .contains("2026-01-02T03:04:06.000000Z");
    assertThat(lines.get(2)).contains("\"arguments\":\"{ \\\"q\\\": 1 }\"", "\"model\":\"m-1\"");
    assertThat(lines.get(3)).contains("\"tool_call_id\":\"call-1\"", "\"name\":\"weather\"");
    assertThat(lines.get(4)).contains("\"selected_model\":\"m-2\"", "00000000000a");
    assertThat(exported("--user", "bob").get(0)).contains("\"title\":\"Empty\"");

    assertThat(imported("--source-database", url).exitCode()).isZero();
    assertThat(exported("--user", "alice")).isEqualTo(lines);
  }

  @Test
  void row_5_10_conversationsWithAStatus() throws SQLException {
    String url =
        database(
            "CREATE TABLE conversations (id UUID PRIMARY KEY, user_id UUID, title TEXT, status TEXT,"
                + " created_at TIMESTAMP, updated_at TIMESTAMP)",
            "CREATE TABLE messages (id UUID PRIMARY KEY, conversation_id UUID, role TEXT, content TEXT,"
                + " created_at TIMESTAMP, metadata JSON)",
            "INSERT INTO conversations VALUES ('00000000-0000-4000-8000-0000000000c1',"
                + " '00000000-0000-4000-8000-0000000000f1', NULL, 'archived', '2026-01-02 03:04:05',"
                + " '2026-01-02 04:00:00')",
            "INSERT INTO messages VALUES ('00000000-0000-4000-8000-000000000001',"
                + " '00000000-0000-4000-8000-0000000000c1', 'assistant', 'Yes',"
                + " '2026-01-02 03:04:06.5', '{\"tool\":{\"confidence\":0.9}}')");
    assertThat(imported("--source-database", url).exitCode()).isZero();
    List<String> lines = exported("--user", "00000000-0000-4000-8000-0000000000f1");
    assertThat(lines.get(0)).contains("\"status\":\"archived\"");
    assertThat(lines.get(1)).contains("\"confidence\":0.9", "2026-01-02T03:04:06.500000Z");
  }

  @Test
  void row_5_10_oneTableWithTheMessagesOfUsers() throws SQLException {
    String url =
        database(
            "CREATE TABLE conversations (id UUID, user_id TEXT, tenant_id TEXT, role TEXT,"
                + " content TEXT, metadata JSONB, created_at TIMESTAMPTZ)",
            "INSERT INTO conversations VALUES"
                + " ('00000000-0000-4000-8000-000000000002','u','t2','user','second tenant','{}','2026-01-02Z'),"
                + " ('00000000-0000-4000-8000-000000000003','u','t1','assistant','answer','{}','2026-01-03Z'),"
                + " ('00000000-0000-4000-8000-000000000001','u','t1','user','question','{\"a\":1}','2026-01-02Z')");
    assertThat(imported("--source-database", url).exitCode()).isZero();
    List<String> first = exported("--tenant", "t1", "--user", "u");
    assertThat(first).hasSize(4);
    assertThat(first.get(1)).contains("question", "\"a\":1");
    assertThat(first.get(2)).contains("answer");
    assertThat(exported("--tenant", "t2", "--user", "u").get(1)).contains("second tenant");
  }

  @Test
  void row_5_10_theTablesOfSpringAiLangChainAndLangChain4j() throws SQLException {
    String url =
        database(
            "CREATE TABLE spring_ai_chat_memory (conversation_id VARCHAR(36), content TEXT,"
                + " type VARCHAR(10), \"timestamp\" TIMESTAMP)",
            "INSERT INTO spring_ai_chat_memory VALUES ('spring','answer','ASSISTANT','2026-01-02 00:00:02'),"
                + " ('spring','question','USER','2026-01-02 00:00:01')",
            "CREATE TABLE message_store (id SERIAL, session_id TEXT, message JSONB)",
            "INSERT INTO message_store (session_id, message) VALUES"
                + " ('chain','{\"type\":\"human\",\"data\":{\"content\":\"hi\"}}'),"
                + " ('chain','{\"type\":\"ai\",\"data\":{\"content\":\"hello\"}}')",
            "CREATE TABLE chat_memory (memory_id TEXT, messages TEXT)",
            "INSERT INTO chat_memory VALUES ('memory', '[{\"text\":\"be brief\",\"type\":\"SYSTEM\"},"
                + "{\"contents\":[{\"text\":\"warm?\",\"type\":\"TEXT\"}],\"type\":\"USER\"},"
                + "{\"text\":\"I look\",\"toolExecutionRequests\":[{\"id\":\"c\",\"name\":\"weather\","
                + "\"arguments\":\"{ }\"}],\"type\":\"AI\"},"
                + "{\"id\":\"c\",\"toolName\":\"weather\",\"text\":\"21 C\",\"type\":\"TOOL_EXECUTION_RESULT\"}]')");
    Run run = imported("--source-database", url, "--user", "me");
    assertThat(run.exitCode()).describedAs(run.toString()).isZero();
    assertThat(run.err()).contains("chat_memory, message_store, spring_ai_chat_memory");
    String all = String.join("\n", exported("--user", "me"));
    assertThat(all).containsSubsequence("\"id\":\"spring\"", "question", "answer");
    assertThat(all).containsSubsequence("\"id\":\"chain\"", "\"role\":\"user\"", "hi", "hello");
    assertThat(all)
        .containsSubsequence("\"id\":\"memory\"", "\"role\":\"system\"", "be brief")
        .containsSubsequence("warm?", "I look", "\"name\":\"weather\"", "\"arguments\":\"{ }\"")
        .containsSubsequence("\"tool_call_id\":\"c\"", "\"name\":\"weather\"");
  }

  @Test
  void row_5_10_aFileOfSqlite() throws SQLException {
    Path file = root.resolve("bot.db");
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement()) {
      statement.execute(
          "CREATE TABLE conversations (id INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL,"
              + " server_id TEXT NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL,"
              + " timestamp DATETIME DEFAULT CURRENT_TIMESTAMP, session_id TEXT)");
      statement.execute(
          "INSERT INTO conversations (user_id, server_id, role, content, timestamp, session_id) VALUES"
              + " ('u','guild','user','roll','2026-01-02 03:04:05',NULL),"
              + " ('u','guild','assistant','6','2026-01-02 03:04:05','s'),"
              + " ('u','other','user','elsewhere','2026-01-02 03:04:05',NULL)");
    }
    Run run = imported(file.toString());
    assertThat(run.exitCode()).describedAs(run.toString()).isZero();
    List<String> lines = exported("--tenant", "guild", "--user", "u");
    assertThat(lines.get(1)).contains("roll", "2026-01-02T03:04:05.000000Z");
    assertThat(lines.get(2)).contains("\"6\"", "\"session_id\":\"s\"");
    assertThat(exported("--tenant", "other", "--user", "u").get(1)).contains("elsewhere");
    assertThat(imported(file.toString()).exitCode()).isZero();
    assertThat(exported("--tenant", "guild", "--user", "u")).isEqualTo(lines);
  }

  @Test
  void aRowThatIsNoMessageIsReportedAndTheRestIsRead() throws SQLException {
    String url =
        database(
            "CREATE TABLE log (conversation_id TEXT, role TEXT, content TEXT, seq INT)",
            "INSERT INTO log VALUES ('bad','user','one',1),('bad','narrator','SECRET',2),"
                + "('good','user','two',1),(NULL,'user','three',1)");
    Run run = imported("--source-database", url);
    assertThat(run.exitCode()).isEqualTo(ExitCode.FINDINGS);
    assertThat(run.err())
        .contains("log, conversation bad, message 2: role must be one of")
        .contains("rows without the id of their conversation were left out")
        .doesNotContain("SECRET");
    String all = String.join("\n", exported());
    assertThat(all).contains("two").doesNotContain("\"bad\"");
  }

  @Test
  void onlyTheNamedTable() throws SQLException {
    String url =
        database(
            "CREATE TABLE log (conversation_id TEXT, role TEXT, content TEXT)",
            "CREATE TABLE trash (conversation_id TEXT, role TEXT, content TEXT)",
            "INSERT INTO log VALUES ('kept','user','x')",
            "INSERT INTO trash VALUES ('thrown','user','x')");
    assertThat(imported("--source-database", url, "--table", "log").exitCode()).isZero();
    assertThat(String.join("\n", exported())).contains("kept").doesNotContain("thrown");
    Run none = imported("--source-database", url, "--table", "nothing");
    assertThat(none.exitCode()).isEqualTo(ExitCode.FILE);
    assertThat(none.err()).contains("has no such table").contains("log, trash");
  }

  @Test
  void whatIsWrongIsSaidWithoutThePassword() throws SQLException {
    String url = database("CREATE TABLE orders (id INT)");
    Run noTable = imported("--source-database", url);
    assertThat(noTable.exitCode()).isEqualTo(ExitCode.FILE);
    assertThat(noTable.err()).contains("has no table with messages").contains("orders");
    Run malformed = imported("--source-database", "postgresql://u:S3CRET@x@y:5432/d");
    assertThat(malformed.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(malformed.err()).contains("%40 for @").doesNotContain("S3CRET");
    Run closed = imported("--source-database", "postgresql://u:S3CRET@127.0.0.1:1/d");
    assertThat(closed.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(closed.err()).contains("cannot be opened").doesNotContain("S3CRET");
    assertThat(imported().err()).contains("name a FILE, or a database with --source-database");
    assertThat(Files.exists(root.resolve("store"))).isFalse();
  }

  @Test
  void theVariableNamesTheSource() throws SQLException {
    Map<String, String> environment = Map.of("SOURCE_DATABASE_URL", database(SESSIONS));
    Run run =
        Run.with(environment, Screen.Terminals.NONE, "", "import", "--dir", store(), "--json");
    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).contains("\"conversations\":2", "\"messages\":3");
  }
}
