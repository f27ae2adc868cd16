/**
 * What the stores of this project share and nobody else may use: only their modules see this
 * package.
 *
 * <ul>
 *   <li>{@link DefaultConversationStore}: the store over an engine: checks input, assigns ids,
 *       makes changes, shows states.
 *   <li>{@link InputChecks}, {@link SaveChanges}, {@link Cursors}, {@link Continuations}, {@link
 *       Snippets}, {@link WholeConversation}: its parts.
 *   <li>{@link RetentionRuns}, {@link DaemonTimer}: scheduled retention.
 *   <li>{@link StateListeners}: the listeners that are informed of a new state.
 * </ul>
 *
 * <p>It must not know any engine.
 */
@NullMarked
package io.conversationstore.internal;

import org.jspecify.annotations.NullMarked;
