package io.conversationstore.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.conversationstore.ConversationStore;
import io.conversationstore.StoreHealth;
import io.conversationstore.postgres.RowSecurityTest.RestrictedRole;
import io.conversationstore.testkit.TestPostgres;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Who asks for row-level security and has none is told. */
class PoliciesTest {

  private RestrictedRole role;

  @BeforeEach
  void prepare() throws SQLException {
    Assumptions.assumeTrue(
        TestPostgres.shared().canControl(), "the user of this server may not create roles");
    role = RestrictedRole.create(Databases.create());
  }

  /** Opens a store, and compares its warnings about a role, and its health, with what is wrong. */
  private void assertTold(PostgresOptions options, String name, Optional<String> fault) {
    Logger logger = (Logger) LoggerFactory.getLogger(PostgresStore.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Level before = logger.getLevel();
    logger.setLevel(Level.WARN);
    logger.addAppender(log);
    try (ConversationStore store = PostgresStore.open(options)) {
      StoreHealth health = store.operator().health();
      assertThat(health.healthy()).isEqualTo(fault.isEmpty());
      assertThat(health.checks())
          .contains(
              new StoreHealth.Check(
                  "row-level security",
                  fault.isEmpty(),
                  fault.orElse("the policies are in force")));
    } finally {
      logger.detachAppender(log);
      logger.setLevel(before);
    }
    assertThat(log.list)
        .filteredOn(event -> event.getLevel() == Level.WARN)
        .extracting(ILoggingEvent::getFormattedMessage)
        .filteredOn(text -> text.contains(name))
        .isEqualTo(fault.map(List::of).orElse(List.of()));
  }

  private static Optional<String> fault(String role, String reason) {
    return Optional.of("row-level security has no effect: role " + role + " " + reason);
  }

  @Test
  void rolesUnderPoliciesAreHealthy() {
    assertTold(role.options(), role.name(), Optional.empty());
  }

  @Test
  void tableOwnersAreReported() throws SQLException {
    role.database().text("ALTER TABLE conversation_store.messages OWNER TO " + role.name());
    assertTold(role.options(), role.name(), fault(role.name(), "owns table messages"));
    role.database().text("ALTER TABLE conversation_store.messages FORCE ROW LEVEL SECURITY");
    assertTold(role.options(), role.name(), Optional.empty());
  }

  @Test
  void rolesThatBypassPoliciesAreReported() throws SQLException {
    role.database().text("ALTER ROLE " + role.name() + " BYPASSRLS");
    assertTold(role.options(), role.name(), fault(role.name(), "has BYPASSRLS"));
    role.database().text("ALTER ROLE " + role.name() + " SUPERUSER");
    assertTold(role.options(), role.name(), fault(role.name(), "is a superuser"));
  }

  @Test
  void disabledPoliciesAreReported() throws SQLException {
    role.database().text("SELECT conversation_store.use_row_level_security(false)");
    assertTold(
        role.options(),
        role.name(),
        fault(role.name(), "uses table conversations, for which it is not turned on"));
  }

  @Test
  void withoutTheOptionNothingIsTold() {
    try (ConversationStore store = PostgresStore.open(role.options().withRowLevelSecurity(false))) {
      assertThat(store.operator().health().checks())
          .extracting(StoreHealth.Check::name)
          .doesNotContain("row-level security");
    }
  }
}
