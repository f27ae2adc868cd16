/**
 * Gives a restored database the rows that it lost, and begins its new history.
 *
 * <ul>
 *   <li>{@link NewHistory}: the entrance: resends lost rows, then rebuilds the mirror.
 *   <li>{@link LostRowsOffer}: erasures first, then deletes, then the rest.
 *   <li>{@link ConversationOffer}: one conversation.
 *   <li>{@link OfferedChanges}: applies and counts the changes, under ids derived from their
 *       subjects.
 * </ul>
 *
 * <p>Called by the wiring; the adoption sends with its {@link OfferedChanges}.
 *
 * <p>It must not know live calls: none run meanwhile.
 */
@NullMarked
package io.conversationstore.hybrid.internal.restore;

import org.jspecify.annotations.NullMarked;
