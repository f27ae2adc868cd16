package io.conversationstore.jsonfile;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.TokenUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.ToIntFunction;
import java.util.random.RandomGenerator;

/**
 * Makes random steps of every kind, for few owners and conversations, which makes them collide
 * often. Every text begins with a marker of its owner and of the number of earlier erasures of that
 * owner, which identifies it in the files. Not thread-safe.
 */
final class Workload {
  static final List<Owner> OWNERS =
      List.of(Owner.of("acme", "alice"), Owner.of("acme", "bob"), Owner.of("other", "alice"));
  static final List<String> CONVERSATIONS = List.of("default", "a/b", "third");
  private static final int MESSAGE_IDS = 40;

  private final RandomGenerator random;
  private final ToIntFunction<Owner> erasures;
  private Instant now = Instant.parse("2026-03-01T12:00:00.000001Z");

  /**
   * @param erasures returns how often an owner was erased so far
   */
  Workload(RandomGenerator random, ToIntFunction<Owner> erasures) {
    this.random = random;
    this.erasures = erasures;
  }

  /** The marker holds everything twice: a bit flip on a disk cannot turn it into another marker. */
  static String marker(Owner owner, int erasure) {
    String what = OWNERS.indexOf(owner) + "-" + erasure;
    return "mark-" + what + "-" + what + "-";
  }

  Step next() {
    now = now.plusMillis(1 + random.nextInt(5_000));
    Owner owner = OWNERS.get(random.nextInt(4) == 0 ? 1 + random.nextInt(2) : 0);
    String id = CONVERSATIONS.get(random.nextInt(CONVERSATIONS.size()));
    int kind = random.nextInt(100);
    if (kind < 12) {
      return create(owner, id);
    } else if (kind < 55) {
      return append(owner, id);
    } else if (kind < 65) {
      UUID message = messageId();
      MessageEdit edit = MessageEdit.text(text(owner));
      return step("edit", owner, store -> store.edit(owner, id, message, edit));
    } else if (kind < 72) {
      UUID message = messageId();
      return step("delete message", owner, store -> store.deleteMessage(owner, id, message));
    } else if (kind < 76) {
      return step("delete", owner, store -> store.delete(owner, id));
    } else if (kind < 81) {
      return save(owner, id);
    } else if (kind < 85) {
      return update(owner, id);
    } else if (kind < 89) {
      PreferencesUpdate update = PreferencesUpdate.none().withSelectedModel(text(owner));
      PreferencesUpdate all = random.nextBoolean() ? update : update.withActiveConversation(id);
      return step("preferences", owner, store -> store.updatePreferences(owner, all));
    } else if (kind < 95) {
      return new Step("erase", now, Step.Kind.ERASURE, owner, store -> store.erase(owner));
    }
    return retention(owner, kind);
  }

  private Step retention(Owner owner, int kind) {
    Duration age = Duration.ofSeconds(random.nextInt(120));
    Consumer<io.conversationstore.ConversationStore> call =
        kind < 98
            ? store -> store.operator().deleteMessagesOlderThan(age)
            : store -> store.operator().archiveIdle(age);
    return new Step("retention", now, Step.Kind.BY_CONVERSATION, owner, call);
  }

  private Step step(
      String name, Owner owner, Consumer<io.conversationstore.ConversationStore> call) {
    return new Step(name, now, Step.Kind.WHOLE, owner, call);
  }

  private Step create(Owner owner, String id) {
    NewConversation conversation =
        NewConversation.ofId(id)
            .withTitle(text(owner))
            .withTags("t")
            .withPinned(random.nextInt(4) == 0);
    return random.nextInt(3) == 0
        ? step("create", owner, store -> store.create(owner, conversation))
        : step("create if absent", owner, store -> store.createIfAbsent(owner, conversation));
  }

  private Step append(Owner owner, String id) {
    List<Message> turn = new ArrayList<>();
    List<UUID> ids = new ArrayList<>();
    for (int i = random.nextInt(3); i >= 0; i--) {
      UUID message = messageId();
      if (!ids.contains(message)) {
        ids.add(message);
        turn.add(message(owner).withId(message));
      }
    }
    AppendCondition condition =
        random.nextInt(6) == 0 ? AppendCondition.ifLastIs(messageId()) : AppendCondition.always();
    return step("append", owner, store -> store.append(owner, id, turn, condition));
  }

  private Message message(Owner owner) {
    return random.nextBoolean()
        ? Message.user(text(owner))
        : Message.assistant(text(owner))
            .withModel("m")
            .withUsage(TokenUsage.of(2, random.nextInt(9)));
  }

  private Step save(Owner owner, String id) {
    List<ConversationDocument> documents = new ArrayList<>();
    for (String each : CONVERSATIONS) {
      if (each.equals(id) || random.nextBoolean()) {
        NewConversation header = NewConversation.ofId(each).withTitle(text(owner));
        documents.add(
            ConversationDocument.of(
                header, List.of(message(owner).withId(messageId()), message(owner))));
      }
    }
    return step("save", owner, store -> store.save(owner, documents));
  }

  private Step update(Owner owner, String id) {
    ConversationUpdate update =
        switch (random.nextInt(3)) {
          case 0 -> ConversationUpdate.touch().withTitle(text(owner));
          case 1 -> ConversationUpdate.touch().withPinned(random.nextBoolean());
          default -> ConversationUpdate.touch().withStatus(ConversationStatus.ARCHIVED);
        };
    return step("update", owner, store -> store.update(owner, id, update));
  }

  private UUID messageId() {
    return new UUID(0x4000L, 0x8000_0000_0000_0000L + random.nextInt(MESSAGE_IDS));
  }

  private String text(Owner owner) {
    String marker = marker(owner, erasures.applyAsInt(owner));
    return marker + Long.toString(random.nextLong(), 36).repeat(random.nextInt(12));
  }
}
