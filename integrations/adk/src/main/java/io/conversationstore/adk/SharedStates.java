package io.conversationstore.adk;

import com.google.adk.sessions.State;
import io.conversationstore.AppendCondition;
import io.conversationstore.Conversation;
import io.conversationstore.ConversationStore;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * The state of users and of apps, each in a conversation of its own: of the user, and of a reserved
 * user of the tenant. Both are pinned, so retention keeps their messages. Thread-safe.
 */
final class SharedStates {

  /** The id of the conversation of a user that holds the state of the user. */
  static final String USER_CONVERSATION = "adk-user-state";

  private static final String APP_CONVERSATION = "adk-app-state";
  private static final String APP_USER = "adk-app-state:";
  private static final int PAGE = 2 * KeptState.SNAPSHOT_AFTER;

  /** Where a state is kept, and which keys it has. */
  private enum Scope {
    USER(State.USER_PREFIX),
    APP(State.APP_PREFIX);

    private final String prefix;

    Scope(String prefix) {
      this.prefix = prefix;
    }

    private Owner owner(String appName, Owner user) {
      return this == USER ? user : Owner.of(user.tenantId(), APP_USER + appName);
    }

    private String conversationId() {
      return this == USER ? USER_CONVERSATION : APP_CONVERSATION;
    }
  }

  private final ConversationStore store;
  private final Unknown unknown;
  private final KeptState state;

  SharedStates(ConversationStore store, Unknown unknown) {
    this.store = store;
    this.unknown = unknown;
    this.state = new KeptState(store, key -> true);
  }

  /** Whether a key belongs to one session alone. {@code temp:} keys belong to none. */
  static boolean isOfSession(String key) {
    return !key.startsWith(State.TEMP_PREFIX) && !isShared(key);
  }

  private static boolean isShared(String key) {
    return key.startsWith(State.USER_PREFIX) || key.startsWith(State.APP_PREFIX);
  }

  /** The entries whose key matches. */
  static Map<String, Object> only(Map<String, Object> delta, Predicate<String> keys) {
    Map<String, Object> some = new LinkedHashMap<>(delta);
    some.keySet().removeIf(key -> !keys.test(key));
    return some;
  }

  /** The states of the app and of the user, with prefixes. */
  Map<String, Object> read(String appName, Owner user) {
    Map<String, Object> all = new LinkedHashMap<>();
    for (Scope scope : Scope.values()) {
      Owner owner = scope.owner(appName, user);
      all.putAll(unknown.ask(() -> read(owner, scope.conversationId())).orElse(Map.of()));
    }
    return all;
  }

  private Map<String, Object> read(Owner owner, String conversationId) {
    Optional<Conversation> header = store.find(owner, conversationId);
    return header.isEmpty() ? Map.of() : state.read(owner, header.get(), PAGE).values();
  }

  /**
   * Appends the shared keys of a change: one append for each scope that it has keys of. A repeated
   * call with the same id changes nothing.
   */
  void append(String appName, Owner user, UUID id, Map<String, Object> delta) {
    for (Scope scope : Scope.values()) {
      Map<String, Object> own = only(delta, key -> key.startsWith(scope.prefix));
      if (!own.isEmpty()) {
        NewConversation log =
            NewConversation.ofId(scope.conversationId())
                .withTitle("State of an " + (scope == Scope.APP ? "app" : "app's user"))
                .withPinned(true);
        Appends.once(
            List.of(EventMessages.ofStateDelta(id, own)),
            turn -> store.append(scope.owner(appName, user), log, turn, AppendCondition.always()));
      }
    }
  }
}
