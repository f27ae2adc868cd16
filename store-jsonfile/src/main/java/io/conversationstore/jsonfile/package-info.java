/**
 * Conversations in local JSON Lines files.
 *
 * <p>This package is the public face. {@link io.conversationstore.jsonfile.JsonFileStore} opens a
 * store without a database; its {@code openEngine} is the only way in for the hybrid store, which
 * uses nothing else than the returned {@code LocalStore}. {@link
 * io.conversationstore.jsonfile.JsonFileTool} verifies and repairs a directory. {@link
 * io.conversationstore.jsonfile.JsonFileOptions}, {@link io.conversationstore.jsonfile.Durability}
 * and {@link io.conversationstore.jsonfile.DamageReport} are values.
 *
 * <p>The rooms behind it are packages under {@code internal} that the module does not export. Each
 * room uses only the rooms before it in this list, and the three values above:
 *
 * <ol>
 *   <li>{@code disk}: files of one directory, and its lock
 *   <li>{@code format}: lines and {@code store.json} as bytes
 *   <li>{@code index}: rows in memory, and the queue of pending changes
 *   <li>{@code apply}: the effect of a change or a line on the index
 *   <li>{@code log}: the thread that writes
 *   <li>{@code recovery}: opening after a crash, checkpoints, repair
 *   <li>{@code maintenance}: erasures, compactions and checkpoints beside the writer
 *   <li>{@code engine}: the store engine, which wires all of this
 * </ol>
 */
@NullMarked
package io.conversationstore.jsonfile;

import org.jspecify.annotations.NullMarked;
