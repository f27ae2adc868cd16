package io.conversationstore.postgres;

import static io.conversationstore.postgres.Databases.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.PrimaryStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Poolers that take no settings at the start of a session, each in its own words. */
class RefusedOptionsTest {

  private final Databases databases = Databases.create();

  /** RDS Proxy, PgBouncer, and others that look into the options. */
  @ParameterizedTest
  @ValueSource(strings = {"0A000", "08P01", "22023", "42601", "42704"})
  void theStoreConnectsWithoutThem(String state) throws Exception {
    try (OptionsRefuser pooler = OptionsRefuser.before(databases, state)) {
      try (ConversationStore store =
          PostgresStore.open(databases.through("127.0.0.1", pooler.port()))) {
        store.create(ALICE, NewConversation.ofId("c"));
        assertThat(store.find(ALICE, "c")).isPresent();
        assertThat(pooler.refused()).isPositive();
        assertThat(store.operator().health().healthy()).isTrue();
      }
    }
  }

  @Test
  void anotherRefusalIsNotRepeated() throws Exception {
    try (OptionsRefuser pooler = OptionsRefuser.before(databases, "28000");
        PrimaryStore engine =
            PostgresStore.openEngine(databases.through("127.0.0.1", pooler.port()))) {
      EngineFailureException error =
          catchThrowableOfType(EngineFailureException.class, () -> engine.find(ALICE, "c"));
      assertThat(error.kind()).isEqualTo(FailureKind.MISCONFIGURED);
      assertThat(pooler.passed()).isZero();
    }
  }
}
