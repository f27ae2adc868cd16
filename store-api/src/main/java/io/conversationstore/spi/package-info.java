/**
 * Changes, row states, and the interfaces of the engines behind {@link
 * io.conversationstore.ConversationStore}. For authors of stores, not for applications; it may
 * change between minor versions.
 */
@NullMarked
package io.conversationstore.spi;

import org.jspecify.annotations.NullMarked;
