/**
 * The store engine over the files.
 *
 * <p>Inside: {@code FileEngine} wires all rooms and implements {@code LocalStore}; {@code Reads}
 * and {@code MirrorRows} answer reads; {@code MirrorScope} and {@code Eviction} keep a mirror
 * within its limits; {@code Retention} deletes by age; {@code FileStatus} gives state and health;
 * {@code PackedHeads} is a compact list of pending changes.
 *
 * <p>Only {@code JsonFileStore} and {@code JsonFileTool} may call it. Other modules get a {@code
 * LocalStore}.
 */
@NullMarked
package io.conversationstore.jsonfile.internal.engine;

import org.jspecify.annotations.NullMarked;
