package io.conversationstore.spring.boot;

import io.conversationstore.ConversationStore;
import io.conversationstore.StoreHealth;
import io.conversationstore.StoreState;
import java.util.Locale;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * The state of a store. A hybrid store is UP while the database is away, because its calls work;
 * the details say so. PostgreSQL alone is DOWN then. Asks the database only if it is used alone, so
 * neither readiness of a hybrid store nor any liveness depends on it.
 */
final class ConversationStoreHealthIndicator extends AbstractHealthIndicator {

  private final ConversationStore store;
  private final boolean asksDatabase;

  ConversationStoreHealthIndicator(ConversationStore store, boolean asksDatabase) {
    super("the state of the conversation store cannot be read");
    this.store = store;
    this.asksDatabase = asksDatabase;
  }

  @Override
  protected void doHealthCheck(Health.Builder health) {
    StoreState state = store.state();
    health
        .up()
        .withDetail("mode", state.mode().name().toLowerCase(Locale.ROOT))
        .withDetail("since", state.since().toString())
        .withDetail("reason", state.reason())
        .withDetail("pendingChanges", state.pending().changes())
        .withDetail("rejectedChanges", state.rejected().size());
    StoreState.Mirror mirror = state.mirror();
    if (mirror != null) {
      health.withDetail("localCopy", mirror.coverage());
      if (mirror.lag() != null) {
        health.withDetail("localCopyLag", mirror.lag().toString());
      }
      health.withDetail("localCopyDirty", mirror.dirty());
    }
    if (asksDatabase) {
      StoreHealth checked = store.operator().health();
      checked.checks().forEach(check -> health.withDetail(check.name(), check.detail()));
      if (!checked.healthy()) {
        health.down();
      }
    }
  }
}
