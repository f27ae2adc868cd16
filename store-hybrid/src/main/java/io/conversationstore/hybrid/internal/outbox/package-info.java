/**
 * Queues the changes that cannot go to the database now, and sends them later.
 *
 * <ul>
 *   <li>{@link LocalQueue}: checks a change against this node's knowledge and queues it.
 *   <li>{@link PendingViewCache}: the views of recently written conversations.
 *   <li>{@link QueueStamps}: epoch and time of queued changes.
 *   <li>{@link OwnerLocks}: one writer at a time for each conversation.
 *   <li>{@link TargetResolver}: generation and epoch of a change that goes to the database.
 *   <li>{@link MaybeSentChanges}: which pending changes the database may already have.
 *   <li>{@link Drain}: sends pending changes in batches and settles them.
 *   <li>{@link DrainBatch}: the changes of one batch.
 *   <li>{@link DrainPace}: rests of the drain, which give way to live calls.
 *   <li>{@link BlockedSubjects}: what must not be sent now because an earlier change waits.
 *   <li>{@link RejectedChanges}: changes that the database rejected.
 *   <li>{@link ParkedChanges}: operator actions on changes that were rejected permanently.
 * </ul>
 *
 * <p>Called by the restore and the wiring.
 *
 * <p>It must not know how a call is routed, nor how a new history begins.
 */
@NullMarked
package io.conversationstore.hybrid.internal.outbox;

import org.jspecify.annotations.NullMarked;
