package io.conversationstore.hybrid;

import io.conversationstore.ConversationQuery;
import io.conversationstore.ConversationStoreException;
import io.conversationstore.MessageQuery.Direction;
import io.conversationstore.Owner;
import io.conversationstore.OwnerCounts;
import io.conversationstore.Provenance;
import io.conversationstore.StoreDamagedException;
import io.conversationstore.StoreUnavailableException;
import io.conversationstore.hybrid.internal.connection.Availability;
import io.conversationstore.hybrid.internal.outbox.DrainPace;
import io.conversationstore.hybrid.internal.overlay.OverlayReader;
import io.conversationstore.hybrid.internal.support.LocalFailureException;
import io.conversationstore.hybrid.internal.support.NodeClock;
import io.conversationstore.spi.Applied;
import io.conversationstore.spi.EngineFailureException;
import io.conversationstore.spi.FailureKind;
import io.conversationstore.spi.Found;
import io.conversationstore.spi.LocalStore;
import io.conversationstore.spi.MessageFilter;
import io.conversationstore.spi.MessageSlice;
import io.conversationstore.spi.Position;
import io.conversationstore.spi.PrimaryStore;
import io.conversationstore.spi.Slice;
import io.conversationstore.spi.State.ConversationState;
import io.conversationstore.spi.State.MessageState;
import io.conversationstore.spi.State.PreferencesState;
import io.conversationstore.spi.StoreEngine;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads: from the database while it works, otherwise from the local copy, with pending changes laid
 * over. Thread-safe.
 */
final class HybridReads {

  private final PrimaryStore primary;
  private final LocalStore local;
  private final NodeLifecycle lifecycle;
  private final Availability availability;
  private final DrainPace pace;
  private final OverlayReader reader;
  private final NodeClock clock;

  HybridReads(
      PrimaryStore primary,
      LocalStore local,
      NodeLifecycle lifecycle,
      Availability availability,
      DrainPace pace,
      OverlayReader reader,
      NodeClock clock) {
    this.primary = primary;
    this.local = local;
    this.lifecycle = lifecycle;
    this.availability = availability;
    this.pace = pace;
    this.reader = reader;
    this.clock = clock;
  }

  /** The source of the states of a write. */
  Provenance provenanceOf(Applied applied) {
    boolean pending =
        applied
            .states(ConversationState.class)
            .anyMatch(state -> local.hasPending(state.owner(), state.id()));
    return new Provenance(
        availability.usable() ? Provenance.Source.DATABASE : Provenance.Source.LOCAL_FILES,
        clock.now(),
        true,
        pending);
  }

  /** Asks the database while it works, otherwise the local copy. */
  private <T> T read(Function<StoreEngine, T> question) {
    lifecycle.requireOpen();
    if (!availability.usable()) {
      return locally(question, null);
    }
    pace.liveCall();
    long tag = availability.tag();
    long start = System.nanoTime();
    EngineFailureException failure;
    try {
      T answer = question.apply(primary);
      availability.answered(tag, System.nanoTime() - start);
      return answer;
    } catch (EngineFailureException e) {
      failure = e;
    }
    availability.failed(tag, failure);
    if (failure.kind() == FailureKind.UNEXPECTED) {
      throw failure;
    }
    return locally(question, failure);
  }

  /**
   * Asks the local copy.
   *
   * @param failure of the database; null if it was not asked
   */
  private <T> T locally(
      Function<StoreEngine, T> question, @Nullable EngineFailureException failure) {
    try {
      return question.apply(local);
    } catch (EngineFailureException | LocalFailureException | StoreDamagedException locally) {
      throw bothFailed("neither the database nor the local files answered", failure, locally);
    } catch (StoreUnavailableException notKnown) {
      if (failure != null) {
        notKnown.addSuppressed(failure);
      }
      throw notKnown;
    }
  }

  Found find(Owner owner, String conversationId) {
    return read(engine -> reader.find(engine, owner, conversationId));
  }

  MessageSlice messages(
      Owner owner,
      String conversationId,
      Direction direction,
      Position.@Nullable InConversation from,
      int limit) {
    return read(engine -> reader.messages(engine, owner, conversationId, direction, from, limit));
  }

  MessageSlice messagesFrom(
      Owner owner,
      String conversationId,
      Direction direction,
      UUID messageId,
      boolean including,
      int limit) {
    return read(
        engine ->
            reader.messagesFrom(
                engine, owner, conversationId, direction, messageId, including, limit));
  }

  Optional<MessageState> message(Owner owner, String conversationId, UUID messageId) {
    return read(engine -> reader.message(engine, owner, conversationId, messageId));
  }

  Slice<MessageState> history(
      Owner owner, Direction direction, Position.@Nullable InHistory from, int limit) {
    return read(engine -> reader.history(engine, owner, direction, from, limit));
  }

  Slice<MessageState> search(
      Owner owner, MessageFilter filter, Position.@Nullable InHistory from, int limit) {
    return read(engine -> reader.search(engine, owner, filter, from, limit));
  }

  Slice<ConversationState> conversations(
      Owner owner, ConversationQuery query, Position.@Nullable InConversations from) {
    return read(engine -> reader.conversations(engine, owner, query, from));
  }

  PreferencesState preferences(Owner owner) {
    return read(engine -> reader.preferences(engine, owner));
  }

  OwnerCounts count(Owner owner) {
    return read(engine -> reader.count(engine, owner));
  }

  /**
   * Reports why neither store did something.
   *
   * @param failure of the database; null if it was not asked
   */
  StoreUnavailableException bothFailed(
      String what, @Nullable EngineFailureException failure, ConversationStoreException locally) {
    Availability.Snapshot snapshot = availability.snapshot();
    EngineFailureException database = failure == null ? snapshot.failure() : failure;
    String why =
        database != null
            ? database.getMessage()
            : snapshot.usable() ? "not asked while earlier changes are pending" : snapshot.reason();
    StoreUnavailableException both =
        new StoreUnavailableException(
            what + "; database: " + why + "; local files: " + locally.getMessage(), database);
    both.addSuppressed(locally);
    return both;
  }
}
