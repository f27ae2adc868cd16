/** Conversations in PostgreSQL. */
@NullMarked
package io.conversationstore.postgres;

import org.jspecify.annotations.NullMarked;
