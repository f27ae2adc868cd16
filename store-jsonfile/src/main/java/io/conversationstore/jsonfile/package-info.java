/** Conversations in local JSON Lines files. */
@NullMarked
package io.conversationstore.jsonfile;

import org.jspecify.annotations.NullMarked;
