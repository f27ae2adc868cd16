/**
 * PostgreSQL with a local copy that takes over while the database is away.
 *
 * <ul>
 *   <li>{@link io.conversationstore.hybrid.ConversationStores}, {@link
 *       io.conversationstore.hybrid.HybridStore}: the entrances, with {@link
 *       io.conversationstore.hybrid.HybridOptions} and the settings from the environment.
 *   <li>{@link io.conversationstore.hybrid.StoreMetrics}, {@link
 *       io.conversationstore.hybrid.DirectoryImport}: metrics, and the import of a directory of
 *       JSON files.
 *   <li>{@code HybridEngine}: decides for each write whether the database or the queue takes it;
 *       {@code HybridReads}: whether the database or the local files answer; {@code OperatorCalls}:
 *       the rest.
 *   <li>{@code HybridWiring}: makes the parts of all rooms, gives each what it needs, starts and
 *       closes them.
 *   <li>{@code Reconnection}: the way back to a lost database.
 *   <li>{@code NodePumps}: runs the drain and the feed, and restarts them after failures.
 *   <li>{@code NodeState}, {@code NodeHealth}: what the node reports about itself.
 *   <li>{@code CommittedStates}: takes this node's commits into the local copy.
 *   <li>{@code NodeLifecycle}: whether the node is open.
 * </ul>
 *
 * <p>The rooms are packages below {@code internal}, which is not exported. From the lowest: {@code
 * support}, {@code connection} (may the database be used), {@code mirror} (the local copy), {@code
 * overlay} (reads with pending changes), {@code outbox} (queue and drain), {@code restore} (a new
 * history), {@code adoption} (local data from before). A room knows only rooms below it; only this
 * package knows all of them.
 */
@NullMarked
package io.conversationstore.hybrid;

import org.jspecify.annotations.NullMarked;
