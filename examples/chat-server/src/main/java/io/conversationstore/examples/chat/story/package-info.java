/**
 * Clients of the server that check it: through an outage, and under load. They know its API only,
 * and PostgreSQL to compare with.
 *
 * <ul>
 *   <li>{@link io.conversationstore.examples.chat.story.Story}: what the run script shows.
 *   <li>{@link io.conversationstore.examples.chat.story.Load}: many users through an outage.
 * </ul>
 */
@NullMarked
package io.conversationstore.examples.chat.story;

import org.jspecify.annotations.NullMarked;
