package io.conversationstore.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program on stores in PostgreSQL, alone and with a directory. */
class DatabaseTest {

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

  private static String database() {
    return server
        .jdbcUrl(server.createDatabase())
        .replace("jdbc:postgresql://", "postgresql://" + login(server.password()));
  }

  private static String login(String password) {
    return server.user() + ":" + password + "@";
  }

  private String chat() throws IOException {
    return Files.writeString(
            root.resolve("chat.jsonl"),
            """
            {"id":"a","title":"A","created_at":"2026-01-02T03:04:05Z","messages":[\
            {"role":"user","content":"tea","created_at":"2026-01-02T03:04:06Z"},\
            {"role":"assistant","content":null,"tool_calls":[{"id":"t","type":"function",\
            "function":{"name":"menu","arguments":"{ \\"q\\": 1 }"}}]}]}
            {"id":"b","archived":true,"messages":[{"role":"user","content":"milk"}]}
            """)
        .toString();
  }

  private static String everything(String... place) {
    List<String> arguments = new java.util.ArrayList<>(List.of("export"));
    arguments.addAll(List.of(place));
    return Run.ok(arguments.toArray(String[]::new)).out().lines().skip(1).toList().toString();
  }

  @Test
  void aDatabaseAndADirectoryGetTheSame() throws IOException {
    String url = database();
    String chat = chat();
    Run.ok("import", "--database", url, chat);
    String once = everything("--database", url);
    Run.ok("import", "--database", url, chat);
    assertThat(everything("--database", url)).isEqualTo(once);
    Run.ok("import", "--dir", root.resolve("d").toString(), chat);
    assertThat(everything("--dir", root.resolve("d").toString())).isEqualTo(once);
    assertThat(once).contains("2026-01-02T03:04:05.000000Z").contains("archived");
  }

  @Test
  void copyFromADirectoryToADatabaseAndBack() throws IOException {
    String first = root.resolve("first").toString();
    String back = root.resolve("back").toString();
    String url = database();
    Run.ok("import", "--dir", first, chat());
    Run.ok("copy", "--dir", first, "--to-database", url);
    Run.ok("copy", "--database", url, "--to-dir", back);
    assertThat(everything("--dir", back)).isEqualTo(everything("--dir", first));
  }

  @Test
  void aDirectoryWithItsDatabase() throws IOException {
    String directory = root.resolve("node").toString();
    String url = database();
    Run.ok("import", "--dir", directory, chat());
    Run.ok("migrate", "run", "--database", url, "--yes");
    Run sync = Run.ok("sync", "--dir", directory, "--database", url);
    assertThat(sync.out()).contains("nothing is waiting");
    assertThat(Run.ok("list", "--database", url, "--json").lines()).hasSize(2);
    Run imported = Run.ok("import", "--dir", directory, "--database", url, chat());
    assertThat(imported.err()).contains("conversations have the time of this import");
    assertThat(Run.ok("status", "--dir", directory, "--database", url).out()).contains("online");
    // Without the database, the directory answers from its copy and says so.
    Run away = Run.ok("list", "--dir", directory, "--json");
    assertThat(away.lines()).hasSize(2);
    assertThat(away.err()).contains("the database is away");
  }

  @Test
  void lookingChangesNothing() {
    String url = database();
    Run run = Run.of("list", "--database", url);
    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err()).contains("version 0").contains("'conversations migrate run'");
    assertThat(Run.of("migrate", "check", "--database", url).exitCode())
        .isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(Run.of("migrate", "run", "--database", url).exitCode())
        .isEqualTo(ExitCode.NOT_CONFIRMED);
    Run.ok("migrate", "run", "--database", url, "--yes");
    Run.ok("migrate", "check", "--database", url);
    assertThat(Run.ok("migrate", "sql").out()).contains("CREATE TABLE");
  }

  @Test
  void errorsAreOneLineWithoutSecrets() {
    String secret = "s3cret-word";
    String wrong = database().replace(login(server.password()), login(secret));
    String away = "postgresql://" + login(secret) + "127.0.0.1:1/none";
    String foreign = "mysql://" + login(secret) + "h/db";
    for (String url : List.of(wrong, away, foreign)) {
      Run run = Run.of("list", "--database", url);
      assertThat(run.exitCode()).isIn(ExitCode.UNAVAILABLE, ExitCode.CONFIGURATION);
      assertThat(run.err().lines()).hasSize(1);
      assertThat(run.err()).startsWith("conversations: ").doesNotContain(secret);
      assertThat(run.out()).isEmpty();
    }
    assertThat(Run.of("list", "--database", foreign).err()).contains("--database is invalid");
  }

  @Test
  void theVariablesOfTheApplication() throws IOException {
    String url = database();
    Run.ok("import", "--database", url, chat());
    Run run = Run.with(Map.of("DATABASE_URL", url), Screen.Terminals.NONE, "", "list", "--json");
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.lines()).hasSize(2);
  }
}
