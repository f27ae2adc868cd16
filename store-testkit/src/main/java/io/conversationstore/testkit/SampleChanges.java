package io.conversationstore.testkit;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.PreferencesUpdate;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.NewMessage;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/** Changes of every kind with every option, for round-trip tests. */
public final class SampleChanges {
  private static final Instant TIME = Instant.parse("2026-02-03T04:05:06.000007Z");

  private SampleChanges() {}

  /** Changes of one owner, each complete in itself and independent of the others. */
  public static List<Change> of(Generators generators, Random random) {
    Owner owner = Owner.of("tenant|", "us\"er");
    ChangeStamp stamp =
        new ChangeStamp(
            new UUID(random.nextLong(), random.nextLong()), owner, -1, TIME, UUID.randomUUID());
    ConversationRef ref = new ConversationRef("id", random.nextInt(3));
    List<NewMessage> messages = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Message message = generators.message();
      UUID id = UUID.randomUUID();
      messages.add(
          new NewMessage(id, message.withId(id), ModelJson.digest(message), i == 0 ? TIME : null));
    }
    NewConversation conversation =
        NewConversation.titled("t")
            .withId("id")
            .withTags("b", "a")
            .withPinned(true)
            .withExpiresAt(TIME);
    List<Change> parts =
        List.of(
            new Change.ConversationCreated(stamp, conversation, random.nextBoolean()),
            new Change.ConversationUpdated(
                stamp,
                ref,
                ConversationUpdate.touch().withTitle("x").withTags(List.of("t")).withoutExpiry()),
            new Change.ConversationUpdated(stamp, ref, ConversationUpdate.touch()),
            new Change.ConversationUpdated(
                stamp, ref, ConversationUpdate.touch().withExpiresAt(TIME).withPinned(false)),
            new Change.ConversationDeleted(stamp, ref),
            new Change.MessagesAppended(stamp, ref, messages, AppendCondition.always(), true),
            new Change.MessagesAppended(stamp, ref, messages, AppendCondition.ifEmpty(), false),
            new Change.MessagesAppended(
                stamp, ref, messages, AppendCondition.ifLastIs(UUID.randomUUID()), false),
            new Change.MessageEdited(
                stamp, ref, UUID.randomUUID(), MessageEdit.of(messages.get(0).message().content())),
            new Change.MessageDeleted(stamp, ref, UUID.randomUUID()));
    List<Change> all = new ArrayList<>(parts);
    all.add(new Change.Bulk(stamp, parts));
    all.add(new Change.Bulk(stamp, parts, true));
    all.add(new Change.OwnerErased(stamp));
    all.add(
        new Change.PreferencesPut(stamp, PreferencesUpdate.none().withActiveConversation(null), 0));
    all.add(
        new Change.PreferencesPut(
            stamp,
            PreferencesUpdate.none().withActiveConversation("id").withSelectedModel("m"),
            4));
    return all;
  }
}
