/**
 * Keeps the mirror, the local copy of the database: in order, within its limits, and whole.
 *
 * <ul>
 *   <li>{@link MirrorPump}: copies rows from the database's feed, and this node's writes.
 *   <li>{@link WriteBehindMirror}: the local store, whose mirror takes own writes some milliseconds
 *       later.
 *   <li>{@link ForwardingLocalStore}: forwards every method of a local store; names those that
 *       depend on rows of the mirror.
 *   <li>{@link MissedStates}: rows that the local files could not take, until they are healed.
 *   <li>{@link MirrorCheck}: rows that contradict the mirror.
 *   <li>{@link MirrorScope}: which contents the mirror holds; evicts and fetches them.
 *   <li>{@link MirrorDiskLimit}: keeps the mirror's files within their share of the disk.
 *   <li>{@link MirrorLimits}: determines these limits when a store opens.
 * </ul>
 *
 * <p>Called by the overlay, the outbox, the restore and the wiring.
 *
 * <p>It must not know pending changes: it holds only what the database has committed.
 */
@NullMarked
package io.conversationstore.hybrid.internal.mirror;

import org.jspecify.annotations.NullMarked;
