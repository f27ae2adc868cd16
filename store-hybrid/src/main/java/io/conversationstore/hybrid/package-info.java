/** PostgreSQL with a local copy that takes over while the database is away. */
@NullMarked
package io.conversationstore.hybrid;

import org.jspecify.annotations.NullMarked;
