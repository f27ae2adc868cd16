/**
 * Reads with pending changes laid over the answers of the database or of the mirror.
 *
 * <ul>
 *   <li>{@link OverlayReader}: the entrance: finds, lists and pages with pending changes.
 *   <li>{@link PendingView}: one conversation as its pending changes will make it.
 *   <li>{@link PendingTail}: its pending messages, packed, as there may be many.
 *   <li>{@link OwnerViews}: all views of an owner.
 *   <li>{@link OverlayPages}: pages of a conversation.
 *   <li>{@link OverlayHistory}: pages across conversations.
 *   <li>{@link HistoryMark}: a place among pending messages.
 *   <li>{@link OverlaySearch}: search hits.
 *   <li>{@link OverlayFigures}: counts and statistics.
 *   <li>{@link PendingContents}: loads the contents of the messages that are shown.
 * </ul>
 *
 * <p>Called by the outbox and the wiring.
 *
 * <p>It must not know who queues or sends changes; it changes nothing.
 */
@NullMarked
package io.conversationstore.hybrid.internal.overlay;

import org.jspecify.annotations.NullMarked;
