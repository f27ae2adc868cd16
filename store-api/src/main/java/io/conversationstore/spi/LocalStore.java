package io.conversationstore.spi;

import io.conversationstore.Owner;
import io.conversationstore.StoreState;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * The store of one node. It is the authority ({@link #apply}) until {@link #awaitDatabase}: its
 * rows then become <em>unmet</em>, with generation 0 in epoch 0, and are sent to the database
 * conversation by conversation ({@link #met}). From then on it holds a mirror of committed states
 * and a durable queue of pending changes. Reads return mirrored and unmet rows; the caller lays
 * pending changes over them.
 */
public interface LocalStore extends StoreEngine, MirroredRows {

  /**
   * The identity that the directory stores.
   *
   * @param node the id of this node, created with the directory
   * @param storeId the database it is bound to, or null
   * @param history the database's history of the mirror and its position; the directory's own
   *     history while it is not bound
   * @param counter the node's counter at its last contact
   * @param clockOffsetMicros database clock minus node clock, at the last contact
   * @param position the mirror's position in the feed
   * @param mirrorAsOf the mirror holds everything committed before this time; null if it never was
   *     complete
   * @param database the location of the store at the last contact, or null if unknown
   * @param place host, port and name of the database that it belongs to or waits for, or null if
   *     unknown
   */
  record Identity(
      UUID node,
      @Nullable UUID storeId,
      UUID history,
      long counter,
      long clockOffsetMicros,
      FeedPosition position,
      @Nullable Instant mirrorAsOf,
      @Nullable DatabaseIdentity database,
      @Nullable String place) {}

  Identity identity();

  /** Stores host, port and name of its database durably, if they changed. */
  void rememberPlace(String place);

  /**
   * Live rows that were not sent to any database yet.
   *
   * @param owners owners with such conversations
   */
  record Unmet(long owners, long conversations, long messages) {
    public boolean isEmpty() {
      return conversations == 0;
    }
  }

  /**
   * The rows that are still unmet or, before {@link #awaitDatabase}, that it would make unmet.
   * Cost: one step per conversation.
   */
  Unmet unmet();

  /**
   * Durably ends the role of an authority: live conversations, messages and preferences become
   * unmet, deleted and erased rows are forgotten. Does nothing if nothing was applied since the
   * last call.
   *
   * @throws EngineFailureException if the files fail, or erased text could not be removed
   */
  void awaitDatabase();

  /**
   * The place of an unmet conversation's messages in the database.
   *
   * @param from the {@code seq} of the first message here
   * @param to the {@code seq} of the same message in the database
   * @param count how many messages are consecutive in both; 1 if times differ
   * @param version the version of each in the database; 0 if the content differs and a later state
   *     will replace it
   * @param createdAt the time in the database, or null if it is the same as here
   * @param editedAt the time in the database; ignored without {@code createdAt}
   */
  record Placed(
      long from,
      long to,
      long count,
      long version,
      @Nullable Instant createdAt,
      @Nullable Instant editedAt) {}

  /**
   * The database's present state of an unmet conversation.
   *
   * @param header its header, which may be deleted
   * @param messages the places of local messages in the database; other local messages are dropped
   */
  record Met(State.ConversationState header, List<Placed> messages) {
    public Met {
      messages = List.copyOf(messages);
    }
  }

  /**
   * Turns unmet conversations into rows of the mirror, without reading or writing their contents
   * and without waiting for the disk. Later pending changes that name {@link ConversationRef#LIVE}
   * for one of them then name its generation, as after a drained create. Those with an earlier
   * epoch than the owner's epoch in the database get that epoch. Conversations that are no longer
   * unmet are skipped.
   */
  void met(List<Met> conversations);

  /**
   * Removes unmet conversations of an owner that must not be sent to the database, with their text.
   */
  void forgetUnmet(Owner owner, List<String> conversationIds);

  /**
   * Stores a contact durably. The first one binds the directory to its database; {@link #apply} is
   * rejected afterwards. A contact with a different store id is an {@link IllegalStateException}.
   */
  void remember(Handshake contact, long clockOffsetMicros);

  /**
   * Puts committed states into the mirror if they are later than the mirrored ones, without waiting
   * for the disk. An owner state of a higher epoch removes all rows of lower epochs of that owner,
   * and no file holds their text when the call returns.
   *
   * @param position stored together with the states, or null if they are not from the feed
   * @param asOf the feed's time if it was read to its end, else null
   */
  void mirror(
      List<? extends State> states, @Nullable FeedPosition position, @Nullable Instant asOf);

  /**
   * Puts states that this node committed into the mirror, with the headers committed with them.
   * Skips a message if the contents of its conversation were given up and the mirror has a later
   * header: the mirror may have given up a later state of the message. Otherwise the feed still
   * delivers it.
   */
  void mirror(List<? extends State> states);

  /**
   * Empties the mirror to rebuild it from the feed's start. Pending changes and unmet rows stay.
   *
   * @param keep whether its rows stay available in {@link #formerMirrors()}
   */
  void resetMirror(boolean keep);

  /**
   * A mirror that was reset.
   *
   * @param asOf the time when it was complete; null if it never was
   * @param rows its rows, without those of owners erased since
   */
  record FormerMirror(@Nullable Instant asOf, MirroredRows rows) {}

  /**
   * The mirrors reset since the last complete one, oldest first: if a database goes back in time
   * before the present mirror is complete, they may hold rows that it lost. They are removed when
   * the present mirror is complete or a compaction needs their space. They survive a restart.
   */
  List<FormerMirror> formerMirrors();

  /** A conversation's generation in the mirror. */
  record Mirrored(Owner owner, String conversationId, long epoch, long generation) {}

  /**
   * Figures on the contents of the mirror.
   *
   * @param conversations live conversations
   * @param whole those of them with all messages
   * @param bytes size of message contents in the files
   * @param evicted conversations evicted by this call
   * @param evictedThrough latest update time of the conversations evicted as least recently
   *     updated; null if there are none
   * @param heldSince earliest update time of the conversations with contents; null if there are
   *     none
   */
  record Coverage(
      long conversations,
      long whole,
      long bytes,
      long evicted,
      @Nullable Instant evictedThrough,
      @Nullable Instant heldSince) {}

  /** Runs the steps of a long task one after the other. */
  @FunctionalInterface
  interface Steps {
    /** Returns false without running the step if the task is to stop. */
    boolean run(Runnable step);
  }

  /**
   * Evicts contents from the mirror, without waiting for the disk: first of conversations last
   * updated before {@code idleSince}. If more than {@code maxBytes} remain, then of those that take
   * more than half of it, then of the least recently updated ones, down to a tenth below. The
   * header and the deleted messages of an evicted conversation stay. Counting takes a step per
   * conversation and holds locks for one owner at a time.
   *
   * @param steps runs the steps; each evicts some conversations
   * @return the figures afterwards
   */
  Coverage evict(Instant idleSince, long maxBytes, Steps steps);

  /** The present size of the files in bytes, without temporary files. Cheap. */
  long fileBytes();

  /**
   * Sizes of the files and free disk space, in bytes.
   *
   * @param bytes as {@link #fileBytes}
   * @param useful approximate size without garbage
   * @param usable free disk space; {@link Long#MAX_VALUE} if unknown
   */
  record FileSpace(long bytes, long useful, long usable) {}

  /** Cost: one step per conversation. */
  FileSpace fileSpace();

  /**
   * Starts to collect all garbage. Until it is done the files take more space, because useful data
   * is written again.
   *
   * @return completes when it is done; with an {@link EngineFailureException} if the files failed,
   *     a {@link io.conversationstore.StoreDamagedException} if they are damaged, or an {@link
   *     IllegalStateException} if the store was closed
   */
  Future<?> collectGarbage();

  /**
   * Removes the contents of these conversations from the mirror, in the given generation, and marks
   * them incomplete until {@link #markWhole}, without waiting for the disk.
   */
  void giveUp(List<Mirrored> conversations);

  /**
   * Marks these conversations incomplete until {@link #markWhole}, without waiting for the disk.
   * Includes conversations that the mirror does not know yet; existing contents stay.
   */
  void markIncomplete(List<Mirrored> conversations);

  /** Marks this conversation complete again. */
  void markWhole(Mirrored conversation);

  /**
   * Whether messages of a live conversation may be missing from the mirror: its contents were given
   * up, its header has another message count, or it is later than the feed's position and messages
   * before its last one are neither present nor known to be deleted. Cheap.
   */
  boolean lacksMessages(Owner owner, String conversationId);

  /**
   * Live conversations that {@link #lacksMessages lack messages}, updated at {@code since} or
   * later: the latest ones, latest first, at most {@code limit}.
   */
  List<State.ConversationState> lacking(Instant since, int limit);

  /**
   * Durably gives the node a new id, for instance after its directory was copied. The new node had
   * no contact yet.
   */
  void renewNode(UUID node);

  /** The mirror's state of a message without its content. */
  record MirroredMessage(UUID messageId, long epoch, long generation, long version, boolean live) {}

  /**
   * The message at a place of a conversation's latest generation in the mirror, which may be
   * deleted; reads no content.
   */
  Optional<MirroredMessage> mirroredAt(Owner owner, String conversationId, long seq);

  /**
   * Adds a change to the end of the queue; it is on disk when the call returns. An erasure first
   * removes the owner's mirrored rows and pending changes from every file, except those of a later
   * epoch than it names; the erasure itself stays in the queue. Adding a change with an id that is
   * in the queue does nothing.
   *
   * @return the rows that an erasure removed here, else zero counts
   */
  Removed enqueue(Change change);

  /** Counts of an erasure. */
  record Removed(long conversations, long messages) {
    public static final Removed NOTHING = new Removed(0, 0);
  }

  /** Whether anything is pending; cheap. */
  boolean hasPending();

  /**
   * Whether a change of this conversation, or one of its owner that covers it, is pending; cheap.
   */
  boolean hasPending(Owner owner, String conversationId);

  /** Whether anything of this owner is pending; cheap. */
  boolean hasPending(Owner owner);

  /** The owners with pending changes, in no order. */
  List<Owner> pendingOwners();

  /**
   * The pending changes of an owner, in order, with the epochs and generations that settlements
   * gave them.
   */
  List<Change> pending(Owner owner);

  /**
   * The pending changes that touch one conversation, in order: those about it, and those of its
   * owner that cover it (a bulk that names it, an erasure).
   */
  List<Change> pending(Owner owner, String conversationId);

  /**
   * Like {@link #pending(Owner)} without contents: messages have only their ids, digests, times and
   * usage, edits only the id of their message. Contents are not loaded into memory; {@link
   * #pendingChange} reads them.
   */
  List<Change> pendingHeads(Owner owner);

  /** The same for changes that touch one conversation. */
  List<Change> pendingHeads(Owner owner, String conversationId);

  /**
   * A pending change with all contents; empty if none with this id is pending, or if it cannot be
   * read and is listed in {@link #unreadable}.
   */
  Optional<Change> pendingChange(UUID changeId);

  /** Whether an erasure of this owner is pending; cheap. */
  boolean hasPendingErasure(Owner owner);

  /**
   * The first pending changes of the queue, in order.
   *
   * @param max maximum number of changes
   * @param maxBytes maximum stored size in bytes; the first change is returned even if it is larger
   */
  List<Change> pending(int max, long maxBytes);

  /**
   * Pending changes that could not be read at the last attempt, with the reason. Methods that
   * return changes leave them out; {@link #settle} ends them like others. Cheap.
   */
  List<StoreState.Rejected> unreadable();

  /**
   * Ends pending changes, durably and in one write. Parked changes named here are removed. After a
   * drained change, later pending changes that name {@link ConversationRef#LIVE} for a conversation
   * in {@link Settlement#generations()} name that generation ({@link Rebase}), up to and including
   * the next pending delete of the conversation: changes after a delete mean another generation.
   * After a drained erasure, later pending changes of the owner that name no epoch get the one that
   * it began, up to and including the next pending erasure. After a change with {@link
   * Settlement#landedAt}, later pending changes of the same conversation or preferences get a later
   * time.
   */
  void settle(List<Settlement> settlements);

  StoreState.Pending pendingFigures();

  /** Parked changes, oldest first, with the reason. */
  List<StoreState.Rejected> parked();

  /** The ids of parked changes made before an erasure of their owner; cheap. */
  List<UUID> parkedOfErased();

  /** A parked change in its original form; empty if none with this id is parked. */
  Optional<Change> parkedChange(UUID changeId);
}
