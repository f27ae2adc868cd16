/**
 * Who follows what, and what they hear: this server's own writes at once, those of other servers by
 * polling. Knows the store and nothing of routes.
 *
 * <ul>
 *   <li>{@link io.conversationstore.examples.chat.live.Live}: the followers of each owner.
 *   <li>{@link io.conversationstore.examples.chat.live.OtherServers}: finds writes by comparing.
 *   <li>{@link io.conversationstore.examples.chat.live.EventStream}: a connection, without a
 *       thread.
 * </ul>
 */
@NullMarked
package io.conversationstore.examples.chat.live;

import org.jspecify.annotations.NullMarked;
