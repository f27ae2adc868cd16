/**
 * Answers that grow: who makes them, and how they are stored meanwhile. Knows nothing of HTTP.
 *
 * <ul>
 *   <li>{@link io.conversationstore.examples.chat.answers.ChatModel}: a model, or a demo without
 *       one.
 *   <li>{@link io.conversationstore.examples.chat.answers.Answers}: the answers that grow now.
 *   <li>{@link io.conversationstore.examples.chat.answers.Finish}: how the end of one is stored.
 * </ul>
 */
@NullMarked
package io.conversationstore.examples.chat.answers;

import org.jspecify.annotations.NullMarked;
