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
 *   <li>{@code HybridEngine}: decides for each call whether the database, the local files or the
 *       queue takes it.
 *   <li>{@code HybridNode}: the wiring. It makes the parts of all rooms and runs the probe, the
 *       drain and the feed.
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
