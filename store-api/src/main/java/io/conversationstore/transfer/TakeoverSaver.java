package io.conversationstore.transfer;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationDocument.Entry;
import io.conversationstore.ConversationStatus;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.Message;
import io.conversationstore.Owner;
import io.conversationstore.UnknownWhileOfflineException;
import io.conversationstore.internal.DefaultConversationStore;
import io.conversationstore.json.ModelJson;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.Change;
import io.conversationstore.spi.Change.Bulk;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.ConversationUpdated;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.DerivedIds;
import io.conversationstore.spi.NewMessage;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Saves the conversations of a file that is taken over, with their times from the file. A
 * conversation is sent in parts of about a batch; each part is one change that a database applies
 * only once ({@link Bulk#isOnce}). All changes name the epoch of an owner that was never erased, so
 * an erasure covers them whenever they arrive. For one thread.
 */
final class TakeoverSaver implements FileReader.Receiver {

  /** The owner was erased: the file must not be saved. */
  static final class OwnerErasedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    OwnerErasedException() {
      super("the owner was erased", null, false, false);
    }
  }

  private static final long NEVER_ERASED = 0;

  private final DefaultConversationStore store;
  private final Owner owner;
  private final TransferOptions options;
  private final TakeoverPlan plan;
  private final Instant fileTime;
  private final Counts counts;
  private final List<NewMessage> messages = new ArrayList<>();
  private long bytes;

  /** The time of the previous message; null at the first of a conversation. */
  private @Nullable Instant before;

  /** Whether a part of the conversation that is being read was saved, or left out. */
  private boolean saved;

  private boolean leftOut;
  private boolean wasThere;
  private long conversationsBefore;

  /**
   * @param fileTime the time of conversations without one
   */
  TakeoverSaver(
      DefaultConversationStore store,
      Owner owner,
      TransferOptions options,
      TakeoverPlan plan,
      Instant fileTime,
      Counts counts) {
    this.store = store;
    this.owner = owner;
    this.options = options;
    this.plan = plan;
    this.fileTime = fileTime;
    this.counts = counts;
  }

  /** The number of conversations taken over before, which stay unchanged. */
  long conversationsBefore() {
    return conversationsBefore;
  }

  @Override
  public void message(
      OpenConversation conversation,
      Supplier<LenientHeaders.Header> header,
      Entry entry,
      long size) {
    TakeoverPlan.Planned planned = plan.of(conversation.id());
    if (bytes > 0 && bytes + size > options.batchBytes()) {
      LenientHeaders.Header whole = planned.header();
      save(conversation.id(), planned, whole != null ? whole : header.get(), false);
    }
    Message message = entry.message();
    UUID id = message.id();
    if (id == null) {
      throw new IllegalStateException("the imported message has no id");
    }
    Instant time = entry.createdAt();
    if (time == null) {
      time = before != null ? before : planned.createdAt(fileTime);
    }
    before = time;
    messages.add(new NewMessage(id, message, ModelJson.digest(message), time));
    bytes += size;
  }

  @Override
  public void end(OpenConversation conversation, LenientHeaders.Header header) {
    TakeoverPlan.Planned planned = plan.of(conversation.id());
    save(conversation.id(), planned, header, planned.isLastPlace());
    if (saved) {
      counts.conversations(1);
    } else if (leftOut) {
      conversationsBefore++;
    }
    before = null;
    saved = false;
    leftOut = false;
  }

  private void save(
      String id, TakeoverPlan.Planned planned, LenientHeaders.Header header, boolean last) {
    int part = planned.nextPart();
    boolean archives = header.status() == ConversationStatus.ARCHIVED;
    if (part == 0) {
      wasThere = archives && isThere(id);
    }
    Instant createdAt = planned.createdAt(fileTime);
    UUID bulkId = DerivedIds.ofTakeover(owner, id, part);
    UUID createId = DerivedIds.ofTakeover(owner, id, 0);
    List<Change> changes = new ArrayList<>();
    changes.add(new ConversationCreated(stamp(createId, createdAt), header.withoutTimes(), false));
    int most = options.limits().maxMessagesPerAppend();
    for (int i = 0; i < messages.size(); i += most) {
      changes.add(
          new MessagesAppended(
              stamp(UUID.randomUUID(), createdAt),
              ConversationRef.live(id),
              messages.subList(i, Math.min(i + most, messages.size())),
              AppendCondition.always(),
              true));
    }
    if (last) {
      changes.add(lastUse(id, planned, createdAt, archives && !wasThere));
    }
    Applied applied = apply(new Bulk(stamp(bulkId, createdAt), changes));
    if (applied.dropped().stream().anyMatch(d -> d.reason().equals(Applied.OWNER_ERASED))) {
      throw new OwnerErasedException();
    }
    if (applied.changed() || applied.dropped().isEmpty()) {
      saved = true;
      counts.messages(messages.size());
    } else {
      leftOut = true;
    }
    messages.clear();
    bytes = 0;
    options.progress().accept(counts.report());
  }

  private Change lastUse(
      String id, TakeoverPlan.Planned planned, Instant createdAt, boolean archive) {
    Instant at = planned.updatedAt(fileTime);
    ConversationUpdate update = ConversationUpdate.touch();
    if (archive) {
      update = update.withStatus(ConversationStatus.ARCHIVED);
      // A field wins only over an older one.
      at = at.isAfter(createdAt) ? at : createdAt.plus(1, ChronoUnit.MICROS);
    }
    return new ConversationUpdated(stamp(UUID.randomUUID(), at), ConversationRef.live(id), update);
  }

  /** Whether the store already has a conversation with this id; its status then stays. */
  private boolean isThere(String id) {
    try {
      return store.find(owner, id).isPresent();
    } catch (UnknownWhileOfflineException databaseAway) {
      return false;
    } catch (ConversationStoreException e) {
      throw failed(e);
    }
  }

  private Applied apply(Bulk bulk) {
    try {
      return store.replay(bulk);
    } catch (ConversationStoreException | IllegalArgumentException e) {
      throw failed(e);
    }
  }

  private TransferException failed(RuntimeException e) {
    return new TransferException(
        "the store rejected a batch: " + e.getMessage(), counts.report(), e);
  }

  private ChangeStamp stamp(UUID id, Instant time) {
    return new ChangeStamp(id, owner, NEVER_ERASED, time, store.node());
  }
}
