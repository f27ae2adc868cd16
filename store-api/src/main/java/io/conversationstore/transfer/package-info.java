/** Conversations of one owner in and out of one JSON file; see {@link ConversationsFile}. */
@NullMarked
package io.conversationstore.transfer;

import org.jspecify.annotations.NullMarked;
