/** Conversations, messages, and the store that keeps them. */
@NullMarked
package io.conversationstore;

import org.jspecify.annotations.NullMarked;
