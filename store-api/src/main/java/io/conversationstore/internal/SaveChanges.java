package io.conversationstore.internal;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationDocument;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.NewConversation;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.DerivedIds;
import io.conversationstore.spi.NewMessage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;

/** Converts documents to save into changes. */
final class SaveChanges {

  private final InputChecks checks;
  private final Supplier<UUID> ids;
  private final ChangeStamp bulk;

  SaveChanges(InputChecks checks, Supplier<UUID> ids, ChangeStamp bulk) {
    this.checks = checks;
    this.ids = ids;
    this.bulk = bulk;
  }

  List<Change> of(List<ConversationDocument> documents) {
    List<Change> changes = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    long bytes = 0;
    for (ConversationDocument document : documents) {
      if (!seen.add(document.id())) {
        throw new IllegalArgumentException(
            "a save must not contain two documents with the same id, but does: " + document.id());
      }
      bytes += add(changes, document);
    }
    checks.bulk(bytes);
    return changes;
  }

  /** Returns the size of the document's messages in JSON. */
  private long add(List<Change> changes, ConversationDocument document) {
    NewConversation header = document.conversation();
    checks.check(header);
    changes.add(new Change.ConversationCreated(stamp(), header, false));
    changes.add(
        new Change.ConversationUpdated(
            stamp(), ConversationRef.live(document.id()), headerUpdate(header)));
    long bytes = 0;
    List<NewMessage> messages = new ArrayList<>();
    Set<UUID> seen = new HashSet<>();
    int ordinal = 0;
    for (ConversationDocument.Entry entry : document.messages()) {
      bytes += checks.check(entry.message());
      NewMessage message = identified(document.id(), ordinal++, entry);
      if (!seen.add(message.id())) {
        throw new IllegalArgumentException(
            "document " + document.id() + " contains two messages with the id " + message.id());
      }
      messages.add(message);
    }
    int most = checks.limits().maxMessagesPerAppend();
    for (int i = 0; i < messages.size(); i += most) {
      changes.add(
          new Change.MessagesAppended(
              stamp(),
              ConversationRef.live(document.id()),
              messages.subList(i, Math.min(i + most, messages.size())),
              AppendCondition.always(),
              true));
    }
    return bytes;
  }

  private static ConversationUpdate headerUpdate(NewConversation header) {
    ConversationUpdate update =
        ConversationUpdate.touch()
            .withTitle(header.title())
            .withSettings(header.settings())
            .withMetadata(header.metadata())
            .withTags(header.tags())
            .withPinned(header.pinned());
    return header.expiresAt() == null
        ? update.withoutExpiry()
        : update.withExpiresAt(header.expiresAt());
  }

  private static NewMessage identified(
      String conversationId, int ordinal, ConversationDocument.Entry entry) {
    Message message = entry.message();
    String digest = ModelJson.digest(message);
    UUID id = message.id() != null ? message.id() : DerivedIds.of(conversationId, ordinal, digest);
    return new NewMessage(id, message.withId(id), digest, entry.createdAt());
  }

  private ChangeStamp stamp() {
    return new ChangeStamp(ids.get(), bulk.owner(), bulk.epoch(), bulk.time(), bulk.node());
  }
}
