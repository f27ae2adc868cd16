/**
 * Decides whether the database may be used, and detects that it went back in time.
 *
 * <ul>
 *   <li>{@link Availability}: whether calls go to the database: online, resyncing or offline.
 *   <li>{@link DatabaseHandshake}: reaches the database and compares it with the one that the
 *       directory belongs to.
 *   <li>{@link HistoryWatch}: compares answers to writes with this node's knowledge.
 *   <li>{@link KnownRows}: that knowledge.
 *   <li>{@link RecentCommits}: the rows that this node saw committed last.
 *   <li>{@link RowOrder}: whether two states of a row belong to one history.
 *   <li>{@link HistoryIds}: ids of histories; of two ids, the later one is known.
 *   <li>{@link AbsentPrimary}: stands in when no database is configured.
 * </ul>
 *
 * <p>Called by the mirror, the outbox, the restore, the adoption and the wiring.
 *
 * <p>It must not know how the mirror is stored, nor what is queued.
 */
@NullMarked
package io.conversationstore.hybrid.internal.connection;

import org.jspecify.annotations.NullMarked;
