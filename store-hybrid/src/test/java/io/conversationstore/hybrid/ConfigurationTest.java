package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.RetentionSchedule;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreState;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.jsonfile.Durability;
import io.conversationstore.jsonfile.JsonFileOptions;
import io.conversationstore.postgres.PostgresOptions;
import io.conversationstore.testkit.SmallDisk;
import io.conversationstore.testkit.TestPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Operators' settings from variables. */
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
      names = {"STORAGE_[A-Z]+_.*", "STORAGE_(SCHEMA|MIGRATION)", "LOCAL_.*", "RETENTION_.*"})
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
  void row_1_7_aDirectoryThatCannotBeWrittenIsNamedWithTheVariable() throws IOException {
    Path disk = Files.createDirectory(directory.resolve("disk"));
    try (SmallDisk readOnly = SmallDisk.tmpfs(disk, "size=1m,ro")) {
      Path place = readOnly.resolve("data");
      assertThatThrownBy(() -> ConversationStores.from(Map.of("DATA_PATH", place.toString())))
          .isInstanceOf(StoreConfigurationException.class)
          .hasMessageContainingAll("cannot be written", "DATA_PATH")
          .hasMessageNotContaining("LOCAL_COPY");
      String url = "postgresql://nobody@localhost:1/none";
      assertThatThrownBy(
              () ->
                  ConversationStores.from(
                      Map.of("DATABASE_URL", url, "DATA_PATH", place.toString())))
          .isInstanceOf(StoreConfigurationException.class)
          .hasMessageContaining("LOCAL_COPY=off");
    }
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
    assertThat(settings.database(PostgresOptions.at("h", 1, "d"), Map.of()))
        .asString()
        .contains("chats");
    JsonFileOptions files = settings.files(JsonFileOptions.in(directory));
    assertThat(files.durability()).isEqualTo(Durability.INTERVAL);
    assertThat(files.lockWait()).isEqualTo(Duration.ofMillis(7));
    assertThat(files.limits().maxMessageBytes()).isEqualTo(1_000);
    HybridOptions hybrid = settings.hybrid(HybridOptions.defaults());
    assertThat(hybrid.mirrorInterval()).isEqualTo(Duration.ofMillis(250));
    assertThat(hybrid.limits().maxMessageBytes()).isEqualTo(1_000);
    assertThat(settings.hasLocalCopy()).isTrue();
  }

  @Test
  void sizesAndPacesThatAreSetAreInTheOptions() {
    OperatorSettings settings =
        OperatorSettings.of(
            Map.of(
                "LOCAL_CACHE_MB", "0",
                "LOCAL_QUEUE_MB", "5",
                "LOCAL_COMPACTION_MB_PER_S", "2",
                "LOCAL_DURABILITY", "interval",
                "LOCAL_SYNC_INTERVAL_MS", "20",
                "LOCAL_COPY_PAGE", "11",
                "STORAGE_DRAIN_BATCH", "12",
                "STORAGE_FIRST_PROBE_MS", "30",
                "STORAGE_LONGEST_PROBE_MS", "40"));
    JsonFileOptions files = settings.files(JsonFileOptions.in(directory));
    assertThat(files.cacheBytes()).isZero();
    assertThat(files.queueBytes()).isEqualTo(5_000_000);
    assertThat(files.compactionBytesPerSecond()).isEqualTo(2_000_000);
    assertThat(files.durability()).isEqualTo(Durability.INTERVAL);
    assertThat(files.syncInterval()).isEqualTo(Duration.ofMillis(20));
    HybridOptions hybrid = settings.hybrid(HybridOptions.defaults());
    assertThat(hybrid.feedPage()).isEqualTo(11);
    assertThat(hybrid.drainBatch()).isEqualTo(12);
    assertThat(hybrid.firstProbe()).isEqualTo(Duration.ofMillis(30));
    assertThat(hybrid.longestProbe()).isEqualTo(Duration.ofMillis(40));
  }

  @Test
  void row_0_5_retentionIsAsTheVariablesSay() {
    RetentionSchedule schedule =
        OperatorSettings.of(
                Map.of(
                    "RETENTION_MESSAGE_DAYS", "7",
                    "RETENTION_ARCHIVE_DAYS", "90",
                    "RETENTION_PURGE_DAYS", "30"))
            .hybrid(HybridOptions.defaults())
            .retention();
    assertThat(schedule.messageAge()).contains(Duration.ofDays(7));
    assertThat(schedule.archiveAfter()).contains(Duration.ofDays(90));
    assertThat(schedule.purgeAfter()).contains(Duration.ofDays(30));
    assertThat(schedule.interval()).isEqualTo(RetentionSchedule.DEFAULT_INTERVAL);
    assertThat(OperatorSettings.of(Map.of()).hybrid(HybridOptions.defaults()).retention().isOn())
        .isFalse();
    refused(Map.of("RETENTION_MESSAGE_DAYS", "0"), "RETENTION_MESSAGE_DAYS", "1 to 36500");
    refused(Map.of("RETENTION_ARCHIVE_DAYS", "36501"), "RETENTION_ARCHIVE_DAYS", "1 to 36500");
    refused(Map.of("RETENTION_MESSAGE_DAYS", "1.5"), "RETENTION_MESSAGE_DAYS", "whole number");
    // A node that was away for up to 29 days relies on the rows.
    refused(Map.of("RETENTION_PURGE_DAYS", "29"), "RETENTION_PURGE_DAYS", "30 to 36500");
  }

  private static void saveOld(ConversationStore store) {
    store.save(
        ALICE,
        ConversationDocument.ofEntries(
            NewConversation.ofId("old"),
            List.of(
                ConversationDocument.Entry.of(Message.user("x"))
                    .withCreatedAt(Instant.parse("2001-02-03T04:05:06Z")))));
  }

  /** Real threads: each store opens with the schedule and is awaited. */
  @Test
  void row_0_5_eachStoreKeepsTheRetentionOfTheVariables() {
    TestPostgres server = TestPostgres.shared();
    Map<String, String> hybrid = environment(server, server.createDatabase());
    Map<String, String> alone = environment(server, server.createDatabase());
    alone.put("LOCAL_COPY", "off");
    alone.put("DATA_PATH", directory.resolve("none").toString());
    Map<String, String> files = new HashMap<>();
    files.put("DATA_PATH", directory.resolve("alone").toString());
    List<ConversationStore> stores = new ArrayList<>();
    try {
      for (Map<String, String> environment : List.of(hybrid, alone, files)) {
        environment.put("RETENTION_MESSAGE_DAYS", "7");
        ConversationStore store = ConversationStores.from(environment);
        stores.add(store);
        saveOld(store);
      }
      for (ConversationStore store : stores) {
        Testbed.await(
            "the message was deleted",
            () -> store.find(ALICE, "old").orElseThrow().messageCount() == 0);
      }
    } finally {
      stores.forEach(ConversationStore::close);
    }
  }

  @Test
  void withoutVariablesTheOptionsKeepTheirDefaults() {
    OperatorSettings settings = OperatorSettings.of(Map.of());
    JsonFileOptions files = JsonFileOptions.in(directory);
    assertThat(settings.files(files)).isEqualTo(files);
    HybridOptions hybrid = HybridOptions.defaults();
    assertThat(settings.hybrid(hybrid)).isEqualTo(hybrid);
  }

  private static void refused(Map<String, String> environment, String... named) {
    assertThatThrownBy(() -> OperatorSettings.of(environment))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContainingAll(named);
  }

  @Test
  void anErrorSaysWhatIsAllowed() {
    refused(Map.of("STORAGE_MAX_JSON_DEPTH", "501"), "STORAGE_MAX_JSON_DEPTH", "1 to 500");
    refused(Map.of("STORAGE_MAX_BULK_BYTES", "x"), "STORAGE_MAX_BULK_BYTES", "1 to 134217728");
    refused(Map.of("LOCAL_SEGMENT_MB", "1074"), "LOCAL_SEGMENT_MB", "1 to 1073");
    refused(Map.of("LOCAL_SYNC_INTERVAL_MS", "3600001"), "LOCAL_SYNC_INTERVAL_MS", "1 to 3600000");
    refused(Map.of("STORAGE_SSL_MODE", "on"), "STORAGE_SSL_MODE", "prefer", "verify-full");
  }

  @Test
  void variablesThatContradictEachOtherAreNamed() {
    refused(Map.of("LOCAL_SYNC_INTERVAL_MS", "5"), "LOCAL_SYNC_INTERVAL_MS", "LOCAL_DURABILITY");
    refused(
        Map.of("STORAGE_POOL_MIN_SIZE", "3", "STORAGE_POOL_SIZE", "2"),
        "STORAGE_POOL_MIN_SIZE",
        "STORAGE_POOL_SIZE");
    refused(
        Map.of("STORAGE_FIRST_PROBE_MS", "2001"),
        "STORAGE_FIRST_PROBE_MS",
        "STORAGE_LONGEST_PROBE_MS");
    assertThatThrownBy(
            () ->
                ConversationStores.from(
                    Map.of(
                        "DATABASE_URL",
                        "postgresql://nobody@localhost:1/none?sslmode=require",
                        "DATA_PATH",
                        directory.toString(),
                        "STORAGE_SSL_MODE",
                        "disable")))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContainingAll("STORAGE_SSL_MODE", "sslmode");
    assertThat(directory).isEmptyDirectory();
  }

  /** A file store with one more variable. */
  private ConversationStore files(String variable, String value) {
    return ConversationStores.from(Map.of("DATA_PATH", directory.toString(), variable, value));
  }

  private static Map<String, Object> nested(int levels) {
    Map<String, Object> inner = Map.of("a", 1);
    for (int level = 1; level < levels; level++) {
      inner = Map.of("a", inner);
    }
    return inner;
  }

  private static NewConversation withMetadata(String id, Map<String, Object> metadata) {
    return NewConversation.ofId(id).withMetadata(metadata);
  }

  private static void tooMuch(ThrowingCallable call, String limit) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(limit);
  }

  @Test
  void metadataIsAsLargeAsTheVariableAllows() {
    try (ConversationStore store = files("STORAGE_MAX_METADATA_BYTES", "100")) {
      store.create(ALICE, withMetadata("a", Map.of("a", "x".repeat(90))));
      tooMuch(
          () -> store.create(ALICE, withMetadata("b", Map.of("a", "x".repeat(100)))),
          "maxMetadataBytes");
    }
  }

  @Test
  void jsonIsAsDeepAsTheVariableAllows() {
    try (ConversationStore store = files("STORAGE_MAX_JSON_DEPTH", "3")) {
      store.create(ALICE, withMetadata("a", nested(3)));
      tooMuch(() -> store.create(ALICE, withMetadata("b", nested(4))), "maxJsonDepth");
    }
  }

  @Test
  void anAppendHasAsManyMessagesAsTheVariableAllows() {
    try (ConversationStore store = files("STORAGE_MAX_MESSAGES_PER_APPEND", "2")) {
      store.create(ALICE, NewConversation.ofId("a"));
      store.append(ALICE, "a", Message.user("1"), Message.user("2"));
      tooMuch(
          () -> store.append(ALICE, "a", Message.user("1"), Message.user("2"), Message.user("3")),
          "maxMessagesPerAppend");
      assertThat(store.last(ALICE, "a", 10)).hasSize(2);
    }
  }

  @Test
  void aSaveIsAsLargeAsTheVariableAllows() {
    ConversationDocument document =
        ConversationDocument.of(
            NewConversation.ofId("a"), List.of(Message.user("x".repeat(1_000))));
    try (ConversationStore store = files("STORAGE_MAX_BULK_BYTES", "1000")) {
      tooMuch(() -> store.save(ALICE, document), "maxBulkBytes");
    }
    try (ConversationStore store = files("STORAGE_MAX_BULK_BYTES", "4000")) {
      store.save(ALICE, document);
      assertThat(store.last(ALICE, "a", 10)).hasSize(1);
    }
  }

  @Test
  void aUserMessageIsAsLongAsTheVariableAllows() {
    try (ConversationStore store = files("STORAGE_MAX_USER_MESSAGE_CHARACTERS", "5")) {
      store.create(ALICE, NewConversation.ofId("a"));
      store.append(ALICE, "a", Message.user("12345"), Message.assistant("123456"));
      tooMuch(() -> store.append(ALICE, "a", Message.user("123456")), "maxUserMessageCharacters");
    }
  }

  /** Numbered segment files, and whether a snapshot of them was written. */
  private List<String> fileNames() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> String.valueOf(file.getFileName())).toList();
    }
  }

  private void appendMegabytes(ConversationStore store, String id, int megabytes) {
    store.create(ALICE, NewConversation.ofId(id));
    for (int i = 0; i < megabytes; i++) {
      store.append(ALICE, id, Message.user("x".repeat(1_000_000)));
    }
  }

  @Test
  void filesAreAsLargeAsTheVariableAllows() throws IOException {
    try (ConversationStore store = files("LOCAL_SEGMENT_MB", "1")) {
      appendMegabytes(store, "a", 4);
    }
    for (String name : fileNames()) {
      assertThat(Files.size(directory.resolve(name))).as(name).isLessThan(3_000_000);
    }
  }

  @Test
  void garbageIsCollectedFromTheSizeOnThatTheVariableSays() throws IOException {
    Map<String, String> environment =
        Map.of(
            "DATA_PATH", directory.toString(), "LOCAL_SEGMENT_MB", "1", "LOCAL_COMPACTION_MB", "1");
    try (ConversationStore store = ConversationStores.from(environment)) {
      appendMegabytes(store, "a", 4);
      store.delete(ALICE, "a");
      appendMegabytes(store, "b", 2);
      Testbed.await("garbage was collected", () -> size() < 4_000_000);
    }
  }

  private long size() {
    try (Stream<Path> files = Files.list(directory)) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The coverage of the copy, in words. */
  private static String coverage(Map<String, String> environment) {
    try (ConversationStore store = ConversationStores.from(environment)) {
      return store.state().mirror().coverage();
    }
  }

  @Test
  void theLocalCopyHasASizeUnlessTheVariableAsksForAll() {
    TestPostgres server = TestPostgres.shared();
    Map<String, String> environment = environment(server, server.createDatabase());
    assertThat(coverage(environment)).contains("in files of at most ");
    environment.put("LOCAL_COPY_MB", "7");
    assertThat(coverage(environment)).contains("in files of at most 7000000 bytes");
    environment.put("LOCAL_COPY_MB", "all");
    assertThat(coverage(environment)).isEqualTo("all conversations");
  }

  @Test
  void aDatabaseWithoutTlsIsNotUsedWhereTheVariableDemandsIt() {
    TestPostgres server = TestPostgres.shared();
    Map<String, String> environment = environment(server, server.createDatabase());
    environment.put("STORAGE_SSL_MODE", "require");
    try (ConversationStore store = ConversationStores.from(environment)) {
      assertThat(store.state().mode()).isEqualTo(StoreState.Mode.OFFLINE);
      assertThat(store.state().reason()).containsIgnoringCase("ssl");
    }
  }

  @Test
  void thePoolKeepsAsManyConnectionsAsTheVariableSays() throws SQLException {
    TestPostgres server = TestPostgres.shared();
    String database = server.createDatabase();
    Map<String, String> environment = environment(server, database);
    environment.put("LOCAL_COPY", "off");
    environment.put("STORAGE_POOL_MIN_SIZE", "7");
    try (ConversationStore store = ConversationStores.from(environment);
        Connection other = server.dataSource().getConnection();
        PreparedStatement count =
            other.prepareStatement("SELECT count(*) FROM pg_stat_activity WHERE datname = ?")) {
      count.setString(1, database);
      assertThat(store.find(ALICE, "none")).isEmpty();
      Testbed.await("all are open", () -> number(count) >= 7);
    }
  }

  private static long number(PreparedStatement query) {
    try (ResultSet row = query.executeQuery()) {
      row.next();
      return row.getLong(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A trigger delays deletes for longer than a statement may run. */
  @Test
  void aRemovalRunsAsLongAsTheVariableAllows() {
    TestPostgres server = TestPostgres.shared();
    String database = server.createDatabase();
    Map<String, String> environment = environment(server, database);
    environment.put("LOCAL_COPY", "off");
    environment.put("STORAGE_STATEMENT_TIMEOUT_S", "1");
    environment.put("STORAGE_REMOVAL_TIMEOUT_S", "1");
    try (ConversationStore store = ConversationStores.from(environment)) {
      store.create(ALICE, NewConversation.ofId("chat"));
      store.append(ALICE, "chat", Message.user("hello"));
      linger(server, database);
      assertThatThrownBy(() -> store.delete(ALICE, "chat"))
          .isInstanceOf(StoreUnavailableException.class);
    }
    environment.remove("STORAGE_REMOVAL_TIMEOUT_S");
    try (ConversationStore store = ConversationStores.from(environment)) {
      store.delete(ALICE, "chat");
      assertThat(store.find(ALICE, "chat")).isEmpty();
    }
  }

  private static void linger(TestPostgres server, String database) {
    server.execute(
        database,
        """
        CREATE FUNCTION conversation_store.linger() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_sleep(1.5);
          RETURN coalesce(new, old);
        END $$;
        CREATE TRIGGER linger BEFORE UPDATE OR DELETE ON conversation_store.messages
          FOR EACH ROW EXECUTE FUNCTION conversation_store.linger();
        """);
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
      store.create(ALICE, NewConversation.ofId("chat"));
      store.append(ALICE, "chat", Message.user("hello"));
      assertThat(store.state().mode()).isEqualTo(StoreState.Mode.ONLINE);
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
      store.create(ALICE, NewConversation.ofId("chat"));
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
