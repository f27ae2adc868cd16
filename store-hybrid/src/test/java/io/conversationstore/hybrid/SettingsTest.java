package io.conversationstore.hybrid;

import static org.assertj.core.api.Assertions.as;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Settings from environment variables. */
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
        .isEqualTo(
            new Settings(
                null,
                Path.of("data"),
                null,
                IMPORTED,
                CopyLimits.DEFAULT,
                LocalData.ADOPT,
                List.of()));
    assertThat(Settings.of(Map.of("DATA_PATH", "/x", "DATABASE_URL", " ")))
        .isEqualTo(
            new Settings(
                null,
                Path.of("/x"),
                null,
                IMPORTED,
                CopyLimits.DEFAULT,
                LocalData.ADOPT,
                List.of()));
  }

  @Test
  void row_1_5_theOwnerOfWhatIsTakenOver() {
    assertThat(Settings.of(Map.of("IMPORT_TENANT", " acme ", "IMPORT_USER", "bob")).importOwner())
        .isEqualTo(Owner.of("acme", "bob"));
    refused(Map.of("IMPORT_USER", SECRET.repeat(30)), "IMPORT_USER");
  }

  @Test
  void howMuchTheLocalCopyHolds() {
    CopyLimits limits = CopyLimits.DEFAULT.withActiveWithin(Duration.ofDays(7));
    assertThat(Settings.of(Map.of("LOCAL_COPY_DAYS", " 7 ")).copyLimits()).isEqualTo(limits);
    assertThat(Settings.of(Map.of("LOCAL_COPY_DAYS", "7", "LOCAL_COPY_MB", "5000")).copyLimits())
        .isEqualTo(limits.withMaxBytes(5_000_000_000L));
    assertThat(Settings.of(Map.of("LOCAL_COPY_MB", "All")).copyLimits()).isEqualTo(CopyLimits.NONE);
    assertThat(Settings.of(Map.of("LOCAL_COPY_DAYS", "7", "LOCAL_COPY_MB", "all")).copyLimits())
        .isEqualTo(CopyLimits.NONE.withActiveWithin(Duration.ofDays(7)));
    refused(Map.of("LOCAL_COPY_DAYS", "0"), "LOCAL_COPY_DAYS", "1 to 36500");
    refused(Map.of("LOCAL_COPY_MB", "-1"), "LOCAL_COPY_MB", "1 to 2147483647, or all");
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
    "postgresql://u:p@h/d?application_name=a@b,h,5432,d,p",
    "postgresql+psycopg2://u:p@h/d,h,5432,d,p",
    "postgresql+psycopg://u:p@h/d,h,5432,d,p",
    "POSTGRES://u:p@h/d,h,5432,d,p",
    "pgsql://u:p@h/d,h,5432,d,p",
    "postgis://u:p@h/d,h,5432,d,p",
    "ecto://u:p@h/d,h,5432,d,p",
    "r2dbc:postgresql://u:p@h:5/d,h,5,d,p",
    "postgresql://u:p@h:/d,h,5432,d,p",
    "postgresql:///d?host=h&port=6&user=u&password=p,h,6,d,p",
    "postgresql://u:p?x#@h/d,h,5432,d,p?x#",
    "postgresql://u:p@db_1.svc/d%2Fe,db_1.svc,5432,d/e,p"
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
  void severalHostsKeepTheirPorts() {
    DatabaseSettings database = database(Map.of("DATABASE_URL", "postgresql://a,b:7,[::1]/d"));
    assertThat(database.toString()).isEqualTo("a:5432,b:7,[::1]:5432/d");
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
    "target_session_attrs=read-only,'target_session_attrs must be one of [any, primary,"
        + " read-write]'",
    "pgbouncer=x7Secret,'pgbouncer must be one of [false, true]'",
    "connect_timeout=x7Secret,connect_timeout must be a number of seconds",
    "sslmode=no-verify,use sslmode=require",
    "sslmode=x7Secret,'sslmode must be one of [allow, disable, prefer, require, verify-ca,"
        + " verify-full]'",
    "channel_binding=x7Secret,'channel_binding must be one of [disable, prefer, require]'",
    "sslnegotiation=x7Secret,'sslnegotiation must be one of [direct, postgres]'",
    "gssencmode=x7Secret,gssencmode must be one of",
    "ssl=x7Secret,ssl must be one of",
    "socketTimeout=x7Secret,socketTimeout must be a whole number",
    "tcpKeepAlive=x7Secret,'tcpKeepAlive must be one of [false, true]'",
    "targetServerType=secondary,targetServerType must be one of",
    "sslaccept=strict,set sslmode=verify-full",
    "sslrootcert=system&sslmode=require,sslrootcert=system needs sslmode=verify-full",
    "sslcrl=x7Secret,the parameter sslcrl is not supported",
    "service=x7Secret,the parameter service is not supported",
    "replication=database,the parameter replication is not supported",
    "sslmod=x7Secret,the parameter sslmod is unknown"
  })
  void row_2_9_whatIsNotUnderstoodIsRefusedWithoutItsValue(String parameter, String text) {
    assertThatThrownBy(() -> database(Map.of("DATABASE_URL", "postgresql://h/d?" + parameter)))
        .isInstanceOf(StoreConfigurationException.class)
        .hasMessageContaining("DATABASE_URL")
        .hasMessageContaining(text)
        .hasMessageNotContaining("x7Secret");
  }

  @ParameterizedTest
  @CsvSource({
    "ssl=true,sslmode,require",
    "ssl=false,sslmode,disable",
    "ssl=true&sslmode=verify-full,sslmode,verify-full",
    "ssl=verify-ca,sslmode,verify-ca",
    "requiressl=1,sslmode,require",
    "sslmode=Require,sslmode,require",
    "sslrootcert=system,sslmode,verify-full",
    "sslnegotiation=direct,sslNegotiation,direct",
    "require_auth=scram-sha-256,requireAuth,scram-sha-256",
    "gssencmode=disable,gssEncMode,disable",
    "load_balance_hosts=random,loadBalanceHosts,true",
    "pgbouncer=True,prepareThreshold,0",
    "socketTimeout=30,socketTimeout,30"
  })
  void row_2_9_parametersMeanWhatTheirClientsMean(String parameter, String name, String value) {
    assertThat(database(Map.of("DATABASE_URL", "postgresql://h/d?" + parameter)).parameters())
        .containsEntry(name, value);
  }

  @Test
  void row_2_9_sslOfTheDriverChecksTheCertificate() {
    assertThat(database(Map.of("DATABASE_URL", "jdbc:postgresql://h/d?ssl=true")).parameters())
        .isEqualTo(Map.of("sslmode", "verify-full"));
    assertThat(database(Map.of("DATABASE_URL", "postgresql://h/d?sslrootcert=system")).parameters())
        .containsEntry("sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory")
        .doesNotContainKey("sslrootcert");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "supa=base-pooler.x",
        "workaround=supabase-pooler.vercel",
        "connection_limit=1",
        "pool_timeout=20",
        "schema=public",
        "uselibpqcompat=true",
        "keepalives_idle=30",
        "keepalives_interval=10",
        "tcp_user_timeout=1000",
        "pool_max_conns=10",
        "prepared_statement_cache_size=0",
        "client_encoding=utf8",
        "serverVersion=16",
        "currentSchema=x",
        "sslaccept=accept_invalid_certs"
      })
  void row_2_9_whatIsAnotherClientsIsIgnoredWithALine(String parameter) {
    Settings settings =
        Settings.of(Map.of("DATABASE_URL", "postgresql://h/d?sslmode=require&" + parameter));
    assertThat(settings.database()).isNotNull();
    assertThat(settings.database().parameters()).isEqualTo(Map.of("sslmode", "require"));
    assertThat(settings.notes())
        .singleElement(as(InstanceOfAssertFactories.STRING))
        .contains("DATABASE_URL", parameter.substring(0, parameter.indexOf('=')))
        .doesNotContain(parameter);
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
    refused(Map.of("STORAGE_TYPE", "mongodb"), "STORAGE_TYPE");
  }

  @Test
  void row_3_6_localFilesWinWhateverElseIsSet() {
    Settings settings =
        Settings.of(
            Map.of(
                "STORAGE_TYPE",
                "jsonfile",
                "STORAGE_CONNECTION_URL",
                "postgresql://" + SECRET,
                "DATABASE_URL",
                SECRET,
                "DB_PORT",
                "tcp://10.0.0.1:5432",
                "POSTGRES_HOST",
                "h",
                "POSTGRES_PORT",
                SECRET,
                "LOCAL_COPY_DAYS",
                SECRET));
    assertThat(settings.database()).isNull();
    assertThat(settings.notes())
        .hasSize(2)
        .allSatisfy(note -> assertThat(note).contains("STORAGE_TYPE").doesNotContain(SECRET));
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
    "postgresql://u:SECRET-MARKER@h/d?wat=SECRET-MARKER",
    "postgresql://localhost:1/SECRET-MARKER@127.0.0.1:5432/chat",
    "postgresql://localhost:1/SECRET-MARKER?x@127.0.0.1:5432/chat",
    "postgresql://localhost:1/x?SECRET-MARKER@127.0.0.1:5432/chat",
    "postgresql://localhost:1/x?SECRET-MARKER=1&y@127.0.0.1:5432/chat",
    "postgresql://u:p@1/x?SECRET-MARKER=1&y@127.0.0.1:5432/chat",
    "postgresql://u:1/SECRET-MARKER/x",
    "postgresql://u:p@SECRET-MARKER?x/d",
    "postgresql://u:p@SECRET-MARKER x/d",
    "jdbc:postgresql://u:1/SECRET-MARKER@h/d",
    "postgresql://%2Fvar%2FSECRET-MARKER/d",
    "postgresql:///d?host=/var/SECRET-MARKER"
  })
  void whatIsMalformedIsNamedAndNotShown(String url) {
    refused(Map.of("DATABASE_URL", url), "DATABASE_URL");
  }

  @Test
  void anUnencodedSlashIsSaidToBeWhatIsWrong() {
    refused(
        Map.of("DATABASE_URL", "postgresql://localhost:1/" + SECRET + "@127.0.0.1:5432/chat"),
        "DATABASE_URL",
        "%2F");
  }

  @Test
  void anIncompleteGroupIsNamed() {
    refused(Map.of("DB_PASSWORD", SECRET), "DB_PASSWORD", "DB_HOST");
    refused(Map.of("POSTGRES_HOST", "h"), "POSTGRES_HOST", "POSTGRES_DB");
    refused(Map.of("DB_HOST", "h", "DB_NAME", "d", "DB_PORT", SECRET), "DB_PORT");
    refused(Map.of("DB_HOST", "u:" + SECRET + "@h", "DB_NAME", "d"), "DB_HOST");
  }

  static Stream<Map<String, String>> incompleteGroups() {
    return Stream.of(
        Map.of("POSTGRES_DB", "x"),
        Map.of("POSTGRES_USER", "x", "POSTGRES_PASSWORD", SECRET, "POSTGRES_DB", "x"),
        Map.of("POSTGRES_HOST", "elsewhere"),
        Map.of("DB_NAME", "x", "DB_PASSWORD", SECRET),
        Map.of("DB_HOST", "elsewhere"),
        Map.of("DB_PORT", "3306"));
  }

  @ParameterizedTest
  @MethodSource("incompleteGroups")
  void anIncompleteGroupBehindANamedDatabaseIsIgnoredWithALine(Map<String, String> group) {
    Map<String, String> environment = new HashMap<>(group);
    environment.put("DATABASE_URL", "postgresql://u:p@h/d");
    Settings settings = Settings.of(environment);
    assertThat(settings.database()).hasToString("h:5432/d");
    assertThat(settings.notes())
        .singleElement(as(InstanceOfAssertFactories.STRING))
        .contains("DATABASE_URL", "ignored")
        .doesNotContain(SECRET);
  }

  @Test
  void anIncompleteGroupBehindAWholeOneIsIgnored() {
    Settings settings =
        Settings.of(Map.of("DB_HOST", "h", "DB_NAME", "d", "POSTGRES_PASSWORD", SECRET));
    assertThat(settings.database()).hasToString("h:5432/d");
    assertThat(settings.notes()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"POSTGRES_PORT", "DB_PORT"})
  void aPortThatKubernetesSetsNamesNoDatabase(String variable) {
    String port = "tcp://10.0.0.1:5432";
    assertThat(Settings.of(Map.of(variable, port)))
        .isEqualTo(
            new Settings(
                null,
                Path.of("data"),
                null,
                IMPORTED,
                CopyLimits.DEFAULT,
                LocalData.ADOPT,
                List.of()));
    Settings beside = Settings.of(Map.of(variable, port, "DATABASE_URL", "postgresql://h/d"));
    assertThat(beside.database()).hasToString("h:5432/d");
    assertThat(beside.notes()).isEmpty();
  }

  @Test
  void aPortThatKubernetesSetsIsReadBesideAHost() {
    assertThat(
            database(
                Map.of(
                    "POSTGRES_HOST", "postgres",
                    "POSTGRES_DB", "d",
                    "POSTGRES_PORT", "tcp://10.0.0.1:6543")))
        .hasToString("postgres:6543/d");
  }

  @Test
  void aUrlOfAnotherKindOfDatabaseBehindANamedOneIsIgnored() {
    Settings settings =
        Settings.of(
            Map.of(
                "STORAGE_CONNECTION_URL",
                "postgresql://h/d",
                "DATABASE_URL",
                "mysql://u:" + SECRET + "@h/x"));
    assertThat(settings.database()).hasToString("h:5432/d");
    assertThat(settings.notes())
        .singleElement(as(InstanceOfAssertFactories.STRING))
        .contains("DATABASE_URL")
        .doesNotContain(SECRET);
  }

  @Test
  void row_1_3_withoutADatabaseTheSameCallsWorkInFiles(@TempDir Path directory) {
    Owner owner = Owner.of("t", "u");
    Map<String, String> environment = Map.of("DATA_PATH", directory.resolve("d").toString());
    try (ConversationStore store = ConversationStores.from(environment)) {
      assertThat(store.state().mode()).isEqualTo(Mode.LOCAL_ONLY);
      store.create(owner, NewConversation.ofId("c"));
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
      assertThat(store.state().mode()).isEqualTo(Mode.OFFLINE);
      assertThat(store.state().databaseInUse()).isFalse();
      assertThat(store.state().toString()).doesNotContain(SECRET);
      assertThat(store.createIfAbsent(owner, NewConversation.ofId("c")).id()).isEqualTo("c");
    }
  }
}
