package io.conversationstore.hybrid.internal.restore;

import io.conversationstore.AppendCondition;
import io.conversationstore.ConversationNotFoundException;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.ConversationUpdate;
import io.conversationstore.CursorExpiredException;
import io.conversationstore.Message;
import io.conversationstore.MessageEdit;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.NewConversation;
import io.conversationstore.Owner;
import io.conversationstore.StoredMessage;
import io.conversationstore.hybrid.internal.support.ContentSize;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.Change.ConversationCreated;
import io.conversationstore.spi.Change.ConversationDeleted;
import io.conversationstore.spi.Change.ConversationUpdated;
import io.conversationstore.spi.Change.MessageDeleted;
import io.conversationstore.spi.Change.MessageEdited;
import io.conversationstore.spi.Change.MessagesAppended;
import io.conversationstore.spi.ChangeStamp;
import io.conversationstore.spi.ConversationRef;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.MirroredRows;
import io.conversationstore.spi.NewMessage;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.Fields;
import io.conversationstore.spi.State.Live;
import io.conversationstore.spi.State.MessageState;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives a database that went back in time one conversation as this node's copy holds it.
 * Generations keep their numbers, so queued changes keep their meaning. Rows deleted on either side
 * stay deleted; rows that both have are left alone. Single-threaded.
 */
public final class ConversationOffer {

  private static final Logger LOG = LoggerFactory.getLogger(ConversationOffer.class);

  private static final int PAGE = 100;

  /** How long a database that went back in time may have been written to before anybody noticed. */
  private static final Duration UNNOTICED = Duration.ofDays(1);

  /** Characters and bytes of content that fill a batch of messages: 4 MiB. */
  private static final long MAX_CONTENT = 4L << 20;

  private final PrimaryStore primary;
  private final MirroredRows rows;
  private final OfferedChanges changes;
  private final Instant now;

  ConversationOffer(PrimaryStore primary, MirroredRows rows, OfferedChanges changes, Instant now) {
    this.primary = primary;
    this.rows = rows;
    this.changes = changes;
    this.now = now;
  }

  /**
   * Gives the conversation.
   *
   * @throws EngineFailureException if the database or the local files fail
   */
  void give(ConversationState mine) {
    ConversationState theirs = header(mine, primary.find(mine.owner(), mine.id()).conversation());
    if (theirs == null || theirs.generation() < mine.generation()) {
      return; // The owner was erased meanwhile, or the conversation was deleted there.
    }
    if (!mine.isLive()) {
      if (theirs.isLive() && isSame(mine, theirs)) {
        delete(mine, theirs.generation());
      }
      return;
    }
    if (!theirs.isLive() || (theirs.generation() > mine.generation() && !isSame(mine, theirs))) {
      return;
    }
    try {
      content(mine, theirs);
    } catch (ConversationNotFoundException | CursorExpiredException deletedMeanwhile) {
      LOG.debug("Conversation {} of {} was deleted", mine.id(), mine.owner(), deletedMeanwhile);
    }
  }

  private static boolean isSame(ConversationState mine, ConversationState theirs) {
    return mine.createdBy().equals(theirs.createdBy());
  }

  // The generation

  /**
   * Brings the database to the copy's generation unless it is further; returns the database's
   * state.
   */
  private @Nullable ConversationState header(
      ConversationState mine, @Nullable ConversationState found) {
    ConversationState theirs = found;
    while (theirs == null || theirs.generation() < mine.generation()) {
      if (theirs != null && theirs.isLive()) {
        delete(mine, theirs.generation());
      }
      long next = theirs == null ? first(mine) : theirs.generation() + 1;
      ConversationState made = next >= mine.generation() ? create(mine) : placeholder(mine, next);
      if (made == null) {
        // Another node that offers the same conversation may be a step ahead.
        made = primary.find(mine.owner(), mine.id()).conversation();
        if (made == null || made.generation() < next) {
          return null;
        }
      }
      theirs = made;
    }
    boolean another = theirs.generation() == mine.generation() && !isSame(mine, theirs);
    // A generation of the same number that was made since. While it lives, this one joins it, and
    // the database must remember that: no node may bring this one back after a delete of both.
    return another && mine.isLive() ? create(mine) : theirs;
  }

  /** The first generation that the database would assign; queried only for a generation above 1. */
  private long first(ConversationState mine) {
    return mine.generation() == 1 ? 1 : primary.firstGeneration(mine.owner());
  }

  private @Nullable ConversationState create(ConversationState mine) {
    Live live = mine.live();
    NewConversation conversation =
        live == null
            ? NewConversation.ofId(mine.id())
            : NewConversation.ofId(mine.id())
                .withTitle(live.title())
                .withSettings(live.settings())
                .withMetadata(live.metadata())
                .withTags(live.tags().toArray(String[]::new))
                .withPinned(live.pinned())
                .withExpiresAt(live.expiresAt());
    return created(mine, mine.createdBy(), conversation, live == null ? now : live.createdAt());
  }

  /** A deleted generation of which nothing else is known. */
  private @Nullable ConversationState placeholder(ConversationState mine, long generation) {
    UUID id = OfferedChanges.id(mine.owner(), "generation", mine.id(), generation);
    return created(mine, id, NewConversation.ofId(mine.id()), now);
  }

  private @Nullable ConversationState created(
      ConversationState mine, UUID changeId, NewConversation conversation, Instant at) {
    Applied applied =
        changes.give(new ConversationCreated(stamp(mine, changeId, at), conversation, false));
    return applied.states(ConversationState.class).findFirst().orElse(null);
  }

  private void delete(ConversationState mine, long generation) {
    UUID id = OfferedChanges.id(mine.owner(), "delete", mine.id(), generation);
    changes.give(
        new ConversationDeleted(stamp(mine, id, now), new ConversationRef(mine.id(), generation)));
  }

  private ChangeStamp stamp(ConversationState mine, UUID id, Instant time) {
    return changes.stamp(id, mine.owner(), mine.epoch(), time);
  }

  // Contents

  private void content(ConversationState mine, ConversationState theirs) {
    Live live = mine.requireLive();
    Live there = theirs.requireLive();
    ConversationRef ref = new ConversationRef(mine.id(), theirs.generation());
    boolean same =
        isSame(mine, theirs)
            && mine.version() == theirs.version()
            && mine.lastSeq() == theirs.lastSeq()
            && live.updatedAt().equals(there.updatedAt())
            && live.messageCount() == there.messageCount()
            && live.usage().equals(there.usage());
    // Equal counts prove nothing: other messages may have been deleted or written recently.
    boolean recent = there.updatedAt().isAfter(now.minus(UNNOTICED));
    if (!same || recent || live.messageCount() < mine.lastSeq()) {
      new Messages(mine, ref).give();
    }
    if (!same) {
      fields(mine, there, ref);
    }
  }

  private void fields(ConversationState mine, Live there, ConversationRef ref) {
    Live live = mine.requireLive();
    Map<Instant, ConversationUpdate> updates = new TreeMap<>();
    live.fieldTimes()
        .forEach(
            (field, time) -> {
              if (time.isAfter(there.fieldTimes().getOrDefault(field, there.createdAt()))) {
                updates.put(
                    time,
                    with(updates.getOrDefault(time, ConversationUpdate.touch()), field, live));
              }
            });
    updates.putIfAbsent(live.updatedAt(), ConversationUpdate.touch());
    updates.forEach(
        (time, update) -> {
          UUID id = OfferedChanges.id(mine.owner(), "fields", mine.id(), ref.generation(), time);
          changes.give(new ConversationUpdated(stamp(mine, id, time), ref, update));
        });
  }

  /** The update with a field at its present value. */
  public static ConversationUpdate with(ConversationUpdate update, String field, Live live) {
    Instant expiry = live.expiresAt();
    return switch (field) {
      case Fields.TITLE -> update.withTitle(live.title());
      case Fields.STATUS -> update.withStatus(live.status());
      case Fields.SETTINGS -> update.withSettings(live.settings());
      case Fields.METADATA -> update.withMetadata(live.metadata());
      case Fields.TAGS -> update.withTags(live.tags());
      case Fields.PINNED -> update.withPinned(live.pinned());
      case Fields.EXPIRES_AT ->
          expiry == null ? update.withoutExpiry() : update.withExpiresAt(expiry);
      default -> throw new IllegalStateException("unknown field " + field);
    };
  }

  /** The messages of one conversation, in their order. */
  private final class Messages {
    private final ConversationState mine;
    private final Owner owner;
    private final ConversationRef ref;
    private final Map<UUID, Optional<Instant>> edited = new HashMap<>();
    private final List<MessageState> waiting = new ArrayList<>();
    private long content;

    Messages(ConversationState mine, ConversationRef ref) {
      this.mine = mine;
      this.owner = mine.owner();
      this.ref = ref;
    }

    void give() {
      look();
      long seq = 0;
      List<MessageState> page;
      do {
        page = rows.mirroredMessages(owner, mine.id(), seq, PAGE);
        for (MessageState message : page) {
          seq = message.seq();
          if (message.generation() == mine.generation()) {
            give(message);
          }
        }
      } while (!page.isEmpty());
      append();
    }

    /** Notes the live messages of the database and their edit times. */
    private void look() {
      Position.InConversation from = null;
      MessageSlice page;
      do {
        page = primary.messages(owner, mine.id(), Direction.FORWARD, from, PAGE);
        ConversationState header = page.conversation();
        for (MessageState message : page.slice().items()) {
          edited.put(message.messageId(), Optional.ofNullable(message.requireLive().editedAt()));
          from =
              new Position.InConversation(
                  page.slice().history(), header.epoch(), header.generation(), message.seq(), null);
        }
      } while (page.slice().more());
    }

    private void give(MessageState message) {
      Optional<Instant> there = edited.get(message.messageId());
      if (!message.isLive()) {
        if (there == null && primary.message(owner, mine.id(), message.messageId()).isEmpty()) {
          // Without a trace of the message in the database, another node would bring it back.
          appendAlone(stub(message));
        }
        delete(message);
      } else if (there == null) {
        waiting.add(message);
        content += ContentSize.of(message);
        if (waiting.size() == PAGE || content > MAX_CONTENT) {
          append();
        }
      } else {
        edit(message, there.orElse(null));
      }
    }

    private MessageState stub(MessageState message) {
      StoredMessage empty =
          new StoredMessage(
              mine.id(),
              message.messageId(),
              message.seq(),
              mine.requireLive().createdAt(),
              null,
              Message.user("").withId(message.messageId()));
      return new MessageState(
          owner,
          mine.id(),
          message.epoch(),
          message.generation(),
          message.version(),
          message.seq(),
          message.messageId(),
          message.digest(),
          empty);
    }

    private void delete(MessageState message) {
      UUID id = id("deleted", message, now);
      changes.give(new MessageDeleted(stamp(mine, id, now), ref, message.messageId()));
    }

    private void edit(MessageState message, @Nullable Instant there) {
      StoredMessage stored = message.requireLive();
      Instant here = stored.editedAt();
      if (here != null && (there == null || here.isAfter(there))) {
        changes.give(
            new MessageEdited(
                stamp(mine, id("edited", message, here), here),
                ref,
                message.messageId(),
                MessageEdit.of(stored.message().content())));
      }
    }

    private UUID id(String what, MessageState message, Instant time) {
      return OfferedChanges.id(owner, what, mine.id(), ref.generation(), message.messageId(), time);
    }

    /** Appends the waiting messages and marks the edited ones as edited. */
    private void append() {
      if (waiting.isEmpty()) {
        return;
      }
      try {
        changes.tryToGive(appended(waiting));
      } catch (EngineFailureException failure) {
        throw failure;
      } catch (ConversationStoreException | IllegalArgumentException oneOfThem) {
        LOG.debug(
            "The database rejected an append; its messages are sent one at a time", oneOfThem);
        waiting.forEach(this::appendAlone);
      }
      waiting.forEach(message -> edit(message, null));
      waiting.clear();
      content = 0;
    }

    private void appendAlone(MessageState message) {
      changes.give(appended(List.of(message)));
    }

    private MessagesAppended appended(List<MessageState> messages) {
      List<NewMessage> news = new ArrayList<>();
      for (MessageState message : messages) {
        StoredMessage stored = message.requireLive();
        news.add(
            new NewMessage(
                message.messageId(),
                stored.message().withId(message.messageId()),
                message.digest(),
                stored.createdAt()));
      }
      Instant at = mine.requireLive().updatedAt();
      UUID id = id("appended", messages.get(0), at);
      return new MessagesAppended(stamp(mine, id, at), ref, news, AppendCondition.always(), false);
    }
  }
}
