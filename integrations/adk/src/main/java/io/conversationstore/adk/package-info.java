/**
 * Google's Agent Development Kit (ADK) over a conversation store.
 *
 * <p>One public entry: {@link io.conversationstore.adk.ConversationSessionService}. A session is a
 * conversation, an event is a message, or one message for each of several function responses.
 *
 * <p>Behind it, {@code EventMessages} with {@code PartCodec}, {@code EventJson} and {@code
 * TypedJson} translates events both ways. {@code Tail} reads a conversation from its end, {@code
 * KeptState} folds the changes of a state over its last snapshot, and {@code SharedStates} keeps
 * the state of users and apps in conversations of their own. All of them know the store by its
 * interface alone.
 */
@NullMarked
package io.conversationstore.adk;

import org.jspecify.annotations.NullMarked;
