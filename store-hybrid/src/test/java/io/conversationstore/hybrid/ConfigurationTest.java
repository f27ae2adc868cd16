package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreState;
import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** What operators set by variables. */
class ConfigurationTest {

  private static final Owner ALICE = Owner.of("acme", "alice");
  private static final String NONSENSE = "s3cret-nonsense!";

  @TempDir private Path directory;

  @Test
  void theTableInTheDocsHasARowForEachVariableAndNoOther() throws IOException {
    String table = Files.readString(Path.of("..", "docs", "configuration.md"));
    List<String> rows =
        Pattern.compile("(?m)^\\| `([A-Z_]+)` \\|")
            .matcher(table)
            .results()
            .map((MatchResult row) -> row.group(1))
            .toList();
    assertThat(rows).containsExactly(names());
  }

  private static String[] names() {
    return Arrays.stream(Variable.values()).map(Variable::name).toArray(String[]::new);
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.MATCH_ANY,
      names = {"STORAGE_[A-Z]+_.*", "STORAGE_(SCHEMA|MIGRATION)", "LOCAL_.*"})
  void aMalformedVariableIsNamedAndItsValueIsNot(Variable variable) {
    assertThatThrownBy(
            () ->
                ConversationStores.from(
                    Map.of(
                        "DATABASE_URL",
                        "postgresql://nobody@localhost:1/none",
                        "DATA_PATH",
                        directory.toString(),
                        variable.name(),
                        NONSENSE)))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining(variable.name())
        .hasMessageNotContaining(NONSENSE);
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void whatIsSetIsInTheOptions() {
    OperatorSettings settings =
        OperatorSettings.of(
            Map.of(
                "STORAGE_SCHEMA", "chats",
                "LOCAL_DURABILITY", "interval",
                "LOCAL_LOCK_WAIT_MS", "7",
                "LOCAL_COPY_INTERVAL_MS", "250",
                "STORAGE_MAX_MESSAGE_BYTES", "1000",
                "STORAGE_POOL_SIZE", "1"));
    assertThat(settings.database(PostgresOptions.at("h", 1, "d"))).asString().contains("chats");
    JsonFileOptions files = settings.files(JsonFileOptions.in(directory));
    assertThat(files.durability()).isEqualTo(Durability.INTERVAL);
    assertThat(files.lockWait()).isEqualTo(Duration.ofMillis(7));
    assertThat(files.limits().maxMessageBytes()).isEqualTo(1_000);
    HybridOptions hybrid = settings.hybrid(HybridOptions.defaults());
    assertThat(hybrid.mirrorInterval()).isEqualTo(Duration.ofMillis(250));
    assertThat(hybrid.limits().maxMessageBytes()).isEqualTo(1_000);
    assertThat(settings.hasLocalCopy()).isTrue();
  }

  private Map<String, String> environment(TestPostgres server, String database) {
    Map<String, String> environment = new HashMap<>();
    environment.put("DATA_PATH", directory.resolve("data").toString());
    environment.put(
        "DATABASE_URL",
        "postgresql://"
            + server.user()
            + ":"
            + URLEncoder.encode(server.password(), StandardCharsets.UTF_8)
            + "@"
            + server.host()
            + ":"
            + server.port()
            + "/"
            + database);
    return environment;
  }

  @Test
  void withoutALocalCopyNoDirectoryIsMade() {
    TestPostgres server = TestPostgres.shared();
    Map<String, String> environment = environment(server, server.createDatabase());
    environment.put("LOCAL_COPY", "off");
    try (ConversationStore store = ConversationStores.from(environment)) {
      store.create(ALICE, NewConversation.withId("chat"));
      store.append(ALICE, "chat", Message.user("hello"));
      assertThat(store.state().mode()).isEqualTo(StoreState.Mode.IN_USE);
      assertThat(store.state().mirror()).isNull();
    }
    assertThat(directory).isEmptyDirectory();
    environment.remove("LOCAL_COPY");
    try (ConversationStore store = ConversationStores.from(environment)) {
      assertThat(store.last(ALICE, "chat", 10)).hasSize(1);
    }
  }

  @Test
  void withoutALocalCopyNothingInADirectoryIsHidden() {
    TestPostgres server = TestPostgres.shared();
    Map<String, String> environment = environment(server, server.createDatabase());
    Map<String, String> alone = Map.of("DATA_PATH", environment.get("DATA_PATH"));
    try (ConversationStore store = ConversationStores.from(alone)) {
      store.create(ALICE, NewConversation.withId("chat"));
    }
    environment.put("LOCAL_COPY", "off");
    assertThatThrownBy(() -> ConversationStores.from(environment))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("LOCAL_COPY")
        .hasMessageContaining("1 conversations and 0 changes")
        .hasMessageContaining(directory.resolve("data").toString());
    assertThatThrownBy(() -> ConversationStores.from(Map.of("LOCAL_COPY", "off")))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("DATABASE_URL");
    environment.remove("LOCAL_COPY");
    try (ConversationStore store = ConversationStores.from(environment)) {
      Testbed.awaitDrained(store);
    }
    environment.put("LOCAL_COPY", "off");
    try (ConversationStore store = ConversationStores.from(environment)) {
      assertThat(store.find(ALICE, "chat")).isPresent();
    }
  }
}
