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
 * The store of one node. Until it is to meet a database it is the authority ({@link #apply}).
 * {@link #awaitDatabase} ends that: what it holds then is <em>unmet</em>, has generation 0 in epoch
 * 0, and is sent to the database conversation by conversation ({@link #met}). From then on it holds
 * a mirror of committed states, and a durable queue of pending changes. Its reads answer from the
 * mirror and from what is unmet; pending changes are laid over by whoever asks.
 */
public interface LocalStore extends StoreEngine, MirroredRows {

  /**
   * What the directory remembers of itself.
   *
   * @param node the id of this node, made with the directory
   * @param storeId the database it is bound to, or null
   * @param history the database's history that the mirror and its position belong to; the
   *     directory's own while it is not bound
   * @param counter the node's counter at its last contact
   * @param clockOffsetMicros database clock minus node clock, at the last contact
   * @param position how far the mirror has followed the feed
   * @param mirrorAsOf all that was committed before is in the mirror; null if it never was complete
   * @param database where the store was at the last contact, or null if that is not known
   * @param place host, port and name of the database that it belongs to or waits for, or null if
   *     that is not known
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

  /** Remembers host, port and name of its database, durably, where it remembers another one. */
  void rememberPlace(String place);

  /**
   * Live rows that no database has been given.
   *
   * @param owners of whom there are conversations
   */
  record Unmet(long owners, long conversations, long messages) {
    public boolean isEmpty() {
      return conversations == 0;
    }
  }

  /**
   * What {@link #awaitDatabase} makes unmet, where it was not called yet, and else what is unmet
   * still. Takes a step for each conversation.
   */
  Unmet unmet();

  /**
   * Ends the role of an authority, durably: live conversations, messages and preferences become
   * unmet, what is deleted or erased is forgotten. Does nothing where nothing was applied since the
   * last time.
   *
   * @throws EngineFailureException if the files fail, or text of an erasure could not be removed
   */
  void awaitDatabase();

  /**
   * Where messages of an unmet conversation stand in the database.
   *
   * @param from the {@code seq} of the first one here
   * @param to the {@code seq} of that one in the database
   * @param count how many that follow each other here follow each other there; 1 where times differ
   * @param version of each in the database; 0 where its content differs, and a later state is to
   *     replace it
   * @param createdAt in the database, or null where it is the same as here
   * @param editedAt in the database; counts only with {@code createdAt}
   */
  record Placed(
      long from,
      long to,
      long count,
      long version,
      @Nullable Instant createdAt,
      @Nullable Instant editedAt) {}

  /**
   * An unmet conversation as the database has it now.
   *
   * @param header deleted perhaps
   * @param messages where those here stand in the database; others are dropped
   */
  record Met(State.ConversationState header, List<Placed> messages) {
    public Met {
      messages = List.copyOf(messages);
    }
  }

  /**
   * Lets unmet conversations become rows of the mirror without reading or writing their contents,
   * not waiting for the disk. Later pending changes that name {@link ConversationRef#LIVE} for one
   * of them then name its generation, as behind a create that was drained; those that name an
   * earlier epoch than its owner has in the database name that one. A conversation that is not
   * unmet any more is left.
   */
  void met(List<Met> conversations);

  /**
   * Removes unmet conversations of an owner that the database must not be given, with their text.
   */
  void forgetUnmet(Owner owner, List<String> conversationIds);

  /**
   * Remembers a contact, durably; the first one binds the directory to its database, after which
   * {@link #apply} is refused. A contact with another store id than it is bound to is an {@link
   * IllegalStateException}.
   */
  void remember(Contact contact, long clockOffsetMicros);

  /**
   * Puts committed states into the mirror, each where it is later than what is there, without
   * waiting for the disk. An owner state of a higher epoch removes all rows of lower epochs of that
   * owner, and their text is gone from every file when the call returns.
   *
   * @param position remembered together with the states, or null if they are not from the feed
   * @param asOf the feed's time once it was read to its end, or null
   */
  void mirror(
      List<? extends State> states, @Nullable FeedPosition position, @Nullable Instant asOf);

  /**
   * Puts states into the mirror that this node committed itself, with the headers that were
   * committed with them. Skips a message if the contents of its conversation were given up and the
   * mirror has a later header: the mirror may have given up a later state of the message. If it has
   * not, the feed still brings the message.
   */
  void mirror(List<? extends State> states);

  /**
   * Empties the mirror, keeping pending changes and what is unmet, so that it is built anew from
   * the feed's start.
   *
   * @param keep whether its rows stay among {@link #formerMirrors()}
   */
  void resetMirror(boolean keep);

  /**
   * A mirror that was reset.
   *
   * @param asOf when it was complete; null if it never was
   * @param rows without the rows of owners who were erased since
   */
  record FormerMirror(@Nullable Instant asOf, MirroredRows rows) {}

  /**
   * The mirrors that were reset since the last complete one, oldest first: a database that goes
   * back in time before the present one is complete may have lost what they hold. They end when the
   * present one is complete, and when a compaction needs their space. Opening the files again keeps
   * them.
   */
  List<FormerMirror> formerMirrors();

  /** A conversation's generation in the mirror. */
  record Mirrored(Owner owner, String conversationId, long epoch, long generation) {}

  /**
   * What the mirror holds.
   *
   * @param conversations live ones
   * @param whole those of them of which all messages are there
   * @param bytes what the contents of messages take in the files
   * @param evicted how many conversations have just lost their contents
   * @param evictedThrough when the last one was updated that went because others were updated
   *     later; null if none did
   * @param heldSince when the first one was updated of those that have contents; null if none has
   */
  record Coverage(
      long conversations,
      long whole,
      long bytes,
      long evicted,
      @Nullable Instant evictedThrough,
      @Nullable Instant heldSince) {}

  /** Runs the steps of something long one after the other. */
  @FunctionalInterface
  interface Steps {
    /** Returns false, without running it, where it is to go no further. */
    boolean run(Runnable step);
  }

  /**
   * Takes contents out of the mirror, without waiting for the disk: of conversations last updated
   * before {@code idleSince}; and where more than {@code maxBytes} are left, of those that take
   * more than half of that, then of those last updated first, until they are a tenth less. What is
   * left of such a conversation is its header and its deleted messages. Counting takes a step for
   * each conversation, and locks nothing for longer than one owner takes.
   *
   * @param steps each takes contents of some conversations
   * @return what is left
   */
  Coverage evict(Instant idleSince, long maxBytes, Steps steps);

  /** How many bytes the files take now, those that are for a moment left out. Cheap. */
  long fileBytes();

  /**
   * What the files take and what the disk has.
   *
   * @param bytes as {@link #fileBytes}
   * @param useful what they would take without garbage, about
   * @param usable what the disk has left; {@link Long#MAX_VALUE} where that is not known
   */
  record FileSpace(long bytes, long useful, long usable) {}

  /** Takes a step for each conversation. */
  FileSpace fileSpace();

  /**
   * Begins to collect all garbage. Until it is done the files take more, as what is useful is
   * written once more.
   *
   * @return completes when that is done; with an {@link EngineFailureException} if the files
   *     failed, a {@link io.conversationstore.StoreDamagedException} if they are damaged, or an
   *     {@link IllegalStateException} if the store was closed
   */
  Future<?> collectGarbage();

  /**
   * Takes the contents of these out of the mirror, as far as they are there in this generation, and
   * notes, without waiting for the disk, that they are not whole until {@link #markWhole} says so.
   */
  void giveUp(List<Mirrored> conversations);

  /**
   * Notes, without waiting for the disk, that these are not whole until {@link #markWhole} says so,
   * also those that the mirror has not heard of; what is there of them stays.
   */
  void markIncomplete(List<Mirrored> conversations);

  /** Notes that what was given up of this conversation is there again. */
  void markWhole(Mirrored conversation);

  /**
   * Whether messages of a live conversation in the mirror may not be there: it was given up, its
   * header counts another number, or it is later than all that the feed has told and messages
   * before its last one are neither there nor known to be deleted. Cheap.
   */
  boolean lacksMessages(Owner owner, String conversationId);

  /**
   * Live conversations that {@link #lacksMessages lack messages}, updated at {@code since} or
   * later: the latest ones, latest first, at most {@code limit}.
   */
  List<State.ConversationState> lacking(Instant since, int limit);

  /**
   * Takes another id for the node, durably, as after its directory was copied. The new one had no
   * contact yet.
   */
  void renewNode(UUID node);

  /** What the mirror knows of a message besides its content. */
  record MirroredMessage(UUID messageId, long epoch, long generation, long version, boolean live) {}

  /**
   * The message at a place of a conversation's latest generation in the mirror, a deleted one
   * included; reads no content.
   */
  Optional<MirroredMessage> mirroredAt(Owner owner, String conversationId, long seq);

  /**
   * Adds a change to the end of the queue; it is on disk when the call returns. An erasure first
   * removes the owner's mirrored rows, unless they are of a later epoch than it names, and earlier
   * pending changes from every file, and stays in the queue itself. Adding a change whose id is in
   * the queue does nothing.
   *
   * @return what an erasure removed here, else zero counts
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

  /** The owners of whom something is pending, in no order. */
  List<Owner> pendingOwners();

  /**
   * The pending changes of an owner, in order, with the epochs and generations that settlements
   * have given them since they were made.
   */
  List<Change> pending(Owner owner);

  /**
   * The pending changes that touch one conversation, in order: those about it, and those of its
   * owner that cover it (a bulk that names it, an erasure).
   */
  List<Change> pending(Owner owner, String conversationId);

  /**
   * The same as {@link #pending(Owner)}, but for contents: messages have their ids, digests, times
   * and usage, edits the id of their message. Takes no memory for what is left out; {@link
   * #pendingChange} has it.
   */
  List<Change> pendingHeads(Owner owner);

  /** The same of what touches one conversation. */
  List<Change> pendingHeads(Owner owner, String conversationId);

  /**
   * A pending change with all contents; empty if none of this id is pending, or if it cannot be
   * read, which {@link #unreadable} says then.
   */
  Optional<Change> pendingChange(UUID changeId);

  /** Whether an erasure of this owner is pending; cheap. */
  boolean hasPendingErasure(Owner owner);

  /**
   * The first pending changes of the queue, in order.
   *
   * @param max how many at most
   * @param maxBytes how much they may take as they are stored, in bytes; the first is there even if
   *     it takes more
   */
  List<Change> pending(int max, long maxBytes);

  /**
   * Pending changes that could not be read when they were last asked for, with the reason. The
   * methods that answer with changes leave them out; they end by {@link #settle} like others.
   * Cheap.
   */
  List<StoreState.Rejected> unreadable();

  /**
   * Ends pending changes, durably and in one write; a parked change that is named is not kept any
   * longer. After one that was drained, later pending changes of the conversations in {@link
   * Settlement#generations()} that named {@link ConversationRef#LIVE} name that generation ({@link
   * Rebase}), up to and including the next pending delete of the conversation: what follows a
   * delete means another generation. After a drained erasure, later pending changes of the owner
   * that name no epoch name the one that it began, up to and including the next pending erasure.
   * After one with a {@link Settlement#landedAt}, later pending changes of the same conversation or
   * preferences are made after that time.
   */
  void settle(List<Settlement> settlements);

  StoreState.Pending pendingFigures();

  /** Parked changes, oldest first, with the reason. */
  List<StoreState.Rejected> parked();

  /** The ids of the parked changes that were made before an erasure of their owner; cheap. */
  List<UUID> parkedOfErased();

  /** A parked change as it was made; empty if none of this id is parked. */
  Optional<Change> parkedChange(UUID changeId);
}
