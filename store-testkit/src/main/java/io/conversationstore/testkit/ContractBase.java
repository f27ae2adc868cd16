package io.conversationstore.testkit;

import io.conversationstore.ConversationStore;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoreLimits;
import io.conversationstore.StoredMessage;
import io.conversationstore.testkit.StoreFixture.Capability;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;

/**
 * The common base of all contract topics: a store for each test, unused owners, and the invariants,
 * which are checked after every test.
 */
abstract class ContractBase {

  /** The owner of most tests. */
  Owner alice = Owner.of("unset", "alice");

  private final String tenant = "contract-" + UUID.randomUUID();
  private final Set<Owner> owners = new LinkedHashSet<>();
  private @Nullable StoreFixture fixture;
  private @Nullable ConversationStore store;
  private boolean imports;

  /** A fixture for one test. */
  abstract StoreFixture newFixture();

  @BeforeEach
  void openStore() {
    StoreFixture made = newFixture();
    fixture = made;
    store = made.open(limits());
    alice = owner(tenant, "alice");
  }

  /** Limits required by a topic. */
  StoreLimits limits() {
    return StoreLimits.DEFAULT;
  }

  @AfterEach
  void invariantsHold() {
    StoreFixture used = fixture;
    ConversationStore open = store;
    if (used == null) {
      return;
    }
    try (used) {
      if (open != null) {
        try {
          new Invariants(open, imports).check(owners);
        } finally {
          owners.forEach(open::erase);
        }
      }
    }
  }

  StoreFixture fixture() {
    if (fixture == null) {
      throw new IllegalStateException("no test runs");
    }
    return fixture;
  }

  ConversationStore store() {
    if (store == null) {
      throw new IllegalStateException("the store is not open");
    }
    return store;
  }

  void setStore(ConversationStore newStore) {
    store = newStore;
  }

  void reopen() {
    needs(Capability.PERSISTS);
    store = fixture().reopen();
  }

  /** The test closes the store itself: no invariants are checked. */
  void closeStore() {
    owners.forEach(store()::erase);
    store().close();
    store = null;
  }

  void needs(Capability capability) {
    Assumptions.assumeTrue(fixture().capabilities().contains(capability), capability.name());
  }

  boolean has(Capability capability) {
    return fixture().capabilities().contains(capability);
  }

  /** The test stores messages with decreasing creation times. */
  void imports() {
    imports = true;
  }

  /** The tenant of most tests, unique to each. */
  String tenant() {
    return tenant;
  }

  /** An owner whose data is checked and erased after the test. */
  Owner owner(String tenantId, String userId) {
    Owner owner = Owner.of(tenantId, userId);
    owners.add(owner);
    return owner;
  }

  /** Another user of {@link #tenant()}. */
  Owner user(String userId) {
    return owner(tenant, userId);
  }

  /** Advances the store's time by at least a few microseconds. */
  void tick() {
    if (has(Capability.MANUAL_CLOCK)) {
      fixture().advance(Duration.ofMillis(1));
      return;
    }
    long until = System.nanoTime() + Duration.ofMillis(2).toNanos();
    while (System.nanoTime() < until) {
      Thread.onSpinWait();
    }
  }

  /** Creates a conversation owned by Alice. */
  String chat(String id) {
    return store().create(alice, NewConversation.ofId(id)).id();
  }

  /** Appends user messages with these texts to a conversation owned by Alice. */
  List<StoredMessage> say(String id, String... texts) {
    List<Message> turn = new ArrayList<>();
    for (String text : texts) {
      turn.add(Message.user(text));
    }
    return store().append(alice, id, turn.toArray(Message[]::new));
  }

  /** The texts of all messages of a conversation owned by Alice. */
  List<String> texts(String id) {
    return Walks.messages(store(), alice, id).stream().map(StoredMessage::text).toList();
  }

  static String[] numbered(String prefix, int count) {
    String[] texts = new String[count];
    for (int i = 0; i < count; i++) {
      texts[i] = prefix + i;
    }
    return texts;
  }
}
