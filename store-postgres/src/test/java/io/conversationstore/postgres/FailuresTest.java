package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.testkit.TestPostgres;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** What callers see when the database fails. */
@EnabledOnOs(OS.LINUX)
class FailuresTest {

  private static final String MARKER = "MARKER-77aa";
  private static final Owner OWNER = Owner.of("acme", "alice");

  private TestPostgres server;
  private Databases databases;

  @BeforeEach
  void start() {
    server = TestPostgres.builder().start();
    databases = Databases.on(server);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private PostgresOptions options() {
    return databases.options().withNetworkTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(1));
  }

  private static EngineFailureException failure(ConversationStore store) {
    return catchThrowableOfType(
        EngineFailureException.class, () -> store.append(OWNER, "c", Message.user(MARKER)));
  }

  private void assertSilent(Throwable error) {
    StringWriter all = new StringWriter();
    error.printStackTrace(new PrintWriter(all));
    assertThat(all.toString()).doesNotContain(MARKER).doesNotContain(server.password());
  }

  @Test
  void row_1_8_anErrorWithoutAStateIsAFailureOfTheDatabase() {
    for (String state : new String[] {"", null}) {
      RuntimeException error = Failures.of(new SQLException(MARKER, state), true);
      assertThat(error).isInstanceOf(EngineFailureException.class);
      assertThat(((EngineFailureException) error).isOutcomeUnknown()).isTrue();
      assertSilent(error);
    }
  }

  @Test
  void row_1_8_aDatabaseThatComesLater() {
    server.stop();
    try (ConversationStore store = PostgresStore.open(options())) {
      EngineFailureException error = failure(store);
      assertThat(error.kind()).isEqualTo(FailureKind.UNAVAILABLE);
      assertThat(error.isOutcomeUnknown()).isFalse();
      assertThat(store.operator().health().healthy()).isFalse();
      server.restart();
      store.createIfAbsent(OWNER, NewConversation.ofId("c"));
      assertThat(store.append(OWNER, "c", Message.user("a"))).hasSize(1);
      server.kill();
      EngineFailureException killed = failure(store);
      assertThat(killed.kind()).isEqualTo(FailureKind.UNAVAILABLE);
      assertSilent(killed);
      server.restart();
    }
  }

  @Test
  void aSilentDatabaseIsNoticed() {
    try (ConversationStore store = PostgresStore.open(options().withPoolSize(1, 1))) {
      store.create(OWNER, NewConversation.ofId("c"));
      server.pause();
      EngineFailureException error = failure(store);
      server.resume();
      assertThat(error.kind()).isIn(FailureKind.UNAVAILABLE, FailureKind.SLOW);
      assertSilent(error);
    }
  }

  @Test
  void readOnlyIsUnavailableAndAWrongPasswordMisconfigured() {
    try (ConversationStore store = PostgresStore.open(options())) {
      store.create(OWNER, NewConversation.ofId("c"));
      server.setReadOnly(true);
      EngineFailureException error = failure(store);
      assertThat(error.kind()).isEqualTo(FailureKind.UNAVAILABLE);
      assertThat(error.isOutcomeUnknown()).isFalse();
      server.setReadOnly(false);
    }
    try (ConversationStore store =
        PostgresStore.open(options().withLogin(server.user(), "WRONG-" + MARKER))) {
      EngineFailureException error = failure(store);
      assertThat(error.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertSilent(error);
    }
    assertThat(options().toString()).doesNotContain(server.password());
  }

  @Test
  void valuesOfARefusedRowAreNotShown() throws Exception {
    try (var engine = PostgresStore.openEngine(options())) {
      databases.text(
          "ALTER TABLE conversation_store.conversations ADD CONSTRAINT no_marker"
              + " CHECK (title NOT LIKE 'MARKER%')");
      Throwable error =
          catchThrowable(
              () ->
                  engine.apply(
                      new io.conversationstore.spi.Change.ConversationCreated(
                          stamp(OWNER), NewConversation.ofId("x").withTitle(MARKER), true),
                      io.conversationstore.spi.ApplyMode.LIVE));
      assertThat(error).isInstanceOf(IllegalArgumentException.class);
      assertThat(error).hasMessageContaining("no_marker");
      assertSilent(error);
    }
  }

  @Test
  void statesHaveTheirMeaning() {
    assertThat(kind("40001")).isEqualTo(FailureKind.CONTENTION);
    assertThat(kind("57014")).isEqualTo(FailureKind.SLOW);
    assertThat(kind("53300")).isEqualTo(FailureKind.UNAVAILABLE);
    assertThat(kind("3D000")).isEqualTo(FailureKind.MISCONFIGURED);
    assertThat(kind("XX000")).isEqualTo(FailureKind.UNEXPECTED);
    for (String ended : new String[] {"25P03", "25P04", "57P05"}) {
      SQLException error = new SQLException(MARKER, ended);
      assertThat(kind(ended)).isEqualTo(FailureKind.UNAVAILABLE);
      assertThat(Failures.isStaleSession(error)).isTrue();
      assertThat(Failures.breaksConnection(error)).isTrue();
      assertThat(Failures.losesDatabase(error)).isFalse();
    }
    assertThat(Failures.of(new SQLException(MARKER, "22001"), true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining(MARKER);
    EngineFailureException lost =
        (EngineFailureException) Failures.of(new SQLException(MARKER, "08006"), true);
    assertThat(lost.isOutcomeUnknown()).isTrue();
  }

  private static FailureKind kind(String state) {
    return ((EngineFailureException) Failures.of(new SQLException(MARKER, state), true)).kind();
  }
}
