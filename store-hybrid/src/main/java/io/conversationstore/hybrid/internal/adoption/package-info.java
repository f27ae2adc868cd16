/**
 * Brings local data from before the first contact into the database.
 *
 * <ul>
 *   <li>{@link Adoption}: the entrance: sends the unmet conversations of a directory.
 *   <li>{@link AdoptedMessages}: sends their messages in shared round trips.
 *   <li>{@link TakenOverStore}: a store beside an imported file, which it removes when the file's
 *       owner is erased.
 * </ul>
 *
 * <p>Called by the wiring and by {@code ConversationStores}.
 *
 * <p>It must not know the mirror, the queue or live calls; the wiring answers its {@link
 * Adoption.Listener}.
 */
@NullMarked
package io.conversationstore.hybrid.internal.adoption;

import org.jspecify.annotations.NullMarked;
