package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.conversationstore.ConversationStore;
import io.conversationstore.CopyLimits;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreConfigurationException;
import io.conversationstore.StoreState.Mode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the variables of the environment ask for. */
class SettingsTest {

  private static final String SECRET = "SECRET-MARKER";
  private static final Owner IMPORTED = Owner.of("default", "default");

  private static DatabaseSettings database(Map<String, String> environment) {
    DatabaseSettings database = Settings.of(environment).database();
    assertThat(database).isNotNull();
    return database;
  }

  private static void refused(Map<String, String> environment, String... named) {
    assertThatThrownBy(() -> Settings.of(environment))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContainingAll(named)
        .hasMessageNotContaining(SECRET);
  }

  @Test
  void row_1_7_withoutADatabaseItIsTheDirectoryData() {
    assertThat(Settings.of(Map.of()))
        .isEqualTo(new Settings(null, Path.of("data"), null, IMPORTED, CopyLimits.NONE));
    assertThat(Settings.of(Map.of("DATA_PATH", "/x", "DATABASE_URL", " ")))
        .isEqualTo(new Settings(null, Path.of("/x"), null, IMPORTED, CopyLimits.NONE));
  }

  @Test
  void row_1_5_theOwnerOfWhatIsTakenOver() {
    assertThat(Settings.of(Map.of("IMPORT_TENANT", " acme ", "IMPORT_USER", "bob")).importOwner())
        .isEqualTo(Owner.of("acme", "bob"));
    refused(Map.of("IMPORT_USER", SECRET.repeat(30)), "IMPORT_USER");
  }

  @Test
  void howMuchTheLocalCopyHolds() {
    CopyLimits limits = CopyLimits.NONE.activeWithin(Duration.ofDays(7));
    assertThat(Settings.of(Map.of("LOCAL_COPY_DAYS", " 7 ")).copyLimits()).isEqualTo(limits);
    assertThat(Settings.of(Map.of("LOCAL_COPY_DAYS", "7", "LOCAL_COPY_MB", "5000")).copyLimits())
        .isEqualTo(limits.maxBytes(5_000_000_000L));
    refused(Map.of("LOCAL_COPY_DAYS", "0"), "LOCAL_COPY_DAYS", "1 to 36500");
    refused(Map.of("LOCAL_COPY_MB", "-1"), "LOCAL_COPY_MB");
    refused(Map.of("LOCAL_COPY_MB", SECRET), "LOCAL_COPY_MB", "not a whole number");
  }

  @Test
  void row_0_9_thePostgresVariables() {
    DatabaseSettings database =
        database(
            Map.of(
                "POSTGRES_HOST", "h",
                "POSTGRES_PORT", "5433",
                "POSTGRES_DB", "d",
                "POSTGRES_USER", "u",
                "POSTGRES_PASSWORD", " p@ss "));
    assertThat(database)
        .isEqualTo(new DatabaseSettings("h", 5433, "d", "u", " p@ss ", Map.of(), "POSTGRES_HOST"));
    assertThat(database.toString()).isEqualTo("h:5433/d");
  }

  @Test
  void row_1_7_theDbVariables() {
    assertThat(database(Map.of("DB_HOST", "h", "DB_NAME", "d", "DB_USER", "u")))
        .isEqualTo(new DatabaseSettings("h", 5432, "d", "u", null, Map.of(), "DB_HOST"));
  }

  @ParameterizedTest
  @CsvSource({
    "postgresql://u:p%40%2F%3F%25@h:1/d?sslmode=require,h,1,d,p@/?%",
    "postgres://u:p@ss@h/d,h,5432,d,p@ss",
    "postgresql+asyncpg://u:a+b@h/d,h,5432,d,a+b",
    "jdbc:postgresql://h:7/d?user=u&password=p,h,7,d,p",
    "postgresql://u:p@[::1]:6/d,[::1],6,d,p",
    "postgresql://u:p@h/d?application_name=a@b,h,5432,d,p"
  })
  void row_2_9_databaseUrl(String url, String host, int port, String name, String password) {
    DatabaseSettings database = database(Map.of("DATABASE_URL", url));
    assertThat(database.host()).isEqualTo(host);
    assertThat(database.port()).isEqualTo(port);
    assertThat(database.database()).isEqualTo(name);
    assertThat(database.user()).isEqualTo("u");
    assertThat(database.password()).isEqualTo(password);
  }

  @Test
  void row_2_9_sslmodeIsPassedOn() {
    assertThat(database(Map.of("DATABASE_URL", "postgresql://h/d?sslmode=require")).parameters())
        .isEqualTo(Map.of("sslmode", "require"));
  }

  @Test
  void row_2_9_whatHostsPutIntoTheirUrlsIsUnderstood() {
    assertThat(
            database(
                    Map.of(
                        "DATABASE_URL",
                        "postgresql://h/d?connect_timeout=10&target_session_attrs=read-write"
                            + "&options=endpoint%3Dcool-1&pgbouncer=true&keepalives=1"))
                .parameters())
        .isEqualTo(
            Map.of(
                "connectTimeout", "10",
                "targetServerType", "primary",
                "options", "endpoint=cool-1",
                "prepareThreshold", "0",
                "tcpKeepAlive", "true"));
  }

  @ParameterizedTest
  @CsvSource({
    "target_session_attrs=read-only,'target_session_attrs must be one of [any, primary, read-write]'",
    "pgbouncer=x7Secret,'pgbouncer must be one of [false, true]'",
    "connect_timeout=x7Secret,connect_timeout must be a number of seconds",
    "x7Secret=1,'known are [application_name, channel_binding, connect_timeout, keepalives, options,"
        + " pgbouncer, sslcert, sslkey, sslmode, sslpassword, sslrootcert, target_session_attrs]'"
  })
  void row_2_9_whatIsNotUnderstoodIsRefusedWithoutItsValue(String parameter, String text) {
    assertThatThrownBy(() -> database(Map.of("DATABASE_URL", "postgresql://h/d?" + parameter)))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining(text)
        .hasMessageNotContaining("x7Secret");
  }

  @Test
  void row_3_6_storageTypeDecides() {
    String url = "postgresql://h/d";
    assertThat(Settings.of(Map.of("STORAGE_TYPE", "jsonfile", "DATABASE_URL", url)).database())
        .isNull();
    assertThat(database(Map.of("STORAGE_TYPE", "Postgres", "STORAGE_CONNECTION_URL", url)).host())
        .isEqualTo("h");
    Settings withoutUrl = Settings.of(Map.of("STORAGE_TYPE", "postgres"));
    assertThat(withoutUrl.database()).isNull();
    assertThat(withoutUrl.remark()).contains("STORAGE_TYPE");
    refused(
        Map.of("STORAGE_TYPE", "local", "STORAGE_CONNECTION_URL", "postgresql://" + SECRET),
        "STORAGE_TYPE",
        "STORAGE_CONNECTION_URL");
    refused(Map.of("STORAGE_TYPE", "mongodb"), "STORAGE_TYPE");
  }

  @Test
  void severalThatNameOneDatabaseAreTakenInTheirOrder() {
    DatabaseSettings database =
        database(
            Map.of(
                "DATABASE_URL", "postgresql://a:1@h/d",
                "STORAGE_CONNECTION_URL", "postgresql://b:2@h/d",
                "DB_HOST", "h",
                "DB_NAME", "d",
                "DB_USER", "c"));
    assertThat(database.user()).isEqualTo("b");
    assertThat(database.source()).isEqualTo("STORAGE_CONNECTION_URL");
  }

  @Test
  void severalThatNameDifferentDatabasesAreAnError() {
    refused(
        Map.of(
            "DATABASE_URL",
            "postgresql://u:" + SECRET + "@h/one",
            "DB_HOST",
            "h",
            "DB_NAME",
            "two",
            "DB_PASSWORD",
            SECRET),
        "DATABASE_URL",
        "DB_HOST");
  }

  @ParameterizedTest
  @CsvSource({
    "mysql://u:SECRET-MARKER@h/d",
    "SECRET-MARKER",
    "postgresql://u:SECRET-MARKER@h",
    "postgresql://u:SECRET-MARKER@h/",
    "postgresql://u:SECRET-MARKER@/d",
    "postgresql://u:SECRET-MARKER@h:99999/d",
    "postgresql://u:SECRET-MARKER@h:x/d",
    "postgresql://u:SECRET-MARKER%zz@h/d",
    "postgresql://u:SECRET-MARKER@h/d?wat=SECRET-MARKER"
  })
  void whatIsMalformedIsNamedAndNotShown(String url) {
    refused(Map.of("DATABASE_URL", url), "DATABASE_URL");
  }

  @Test
  void anIncompleteGroupIsNamed() {
    refused(Map.of("DB_PASSWORD", SECRET), "DB_PASSWORD", "DB_HOST");
    refused(Map.of("POSTGRES_HOST", "h"), "POSTGRES_HOST", "POSTGRES_DB");
    refused(Map.of("DB_HOST", "h", "DB_NAME", "d", "DB_PORT", SECRET), "DB_PORT");
  }

  @Test
  void row_1_3_withoutADatabaseTheSameCallsWorkInFiles(@TempDir Path directory) {
    Owner owner = Owner.of("t", "u");
    Map<String, String> environment = Map.of("DATA_PATH", directory.resolve("d").toString());
    try (ConversationStore store = ConversationStores.from(environment)) {
      assertThat(store.state().mode()).isEqualTo(Mode.LOCAL_ONLY);
      store.create(owner, NewConversation.withId("c"));
    }
    try (ConversationStore store = ConversationStores.from(environment)) {
      assertThat(store.find(owner, "c")).isPresent();
    }
  }

  @Test
  void row_3_6_aDatabaseThatIsNotThereDoesNotStopTheStore(@TempDir Path directory) {
    Owner owner = Owner.of("t", "u");
    try (ConversationStore store =
        ConversationStores.from(
            Map.of(
                "DATABASE_URL",
                "postgresql://u:" + SECRET + "@127.0.0.1:1/d",
                "DATA_PATH",
                directory.toString()))) {
      assertThat(store.state().mode()).isEqualTo(Mode.FALLEN_BACK);
      assertThat(store.state().databaseInUse()).isFalse();
      assertThat(store.state().toString()).doesNotContain(SECRET);
      assertThat(store.createIfAbsent(owner, NewConversation.withId("c")).id()).isEqualTo("c");
    }
  }
}
