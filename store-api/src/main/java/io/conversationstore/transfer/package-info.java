/**
 * Imports and exports one owner's conversations as one JSON file; see {@link ConversationsFile}.
 */
@NullMarked
package io.conversationstore.transfer;

import org.jspecify.annotations.NullMarked;
