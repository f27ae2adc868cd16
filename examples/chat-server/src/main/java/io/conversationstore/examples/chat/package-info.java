/**
 * A chat server: conversations over HTTP, with a page.
 *
 * <ul>
 *   <li>{@link io.conversationstore.examples.chat.Program}: the program.
 *   <li>{@link io.conversationstore.examples.chat.ChatServer}: puts the parts together.
 *   <li>{@code web}: the API and the page. {@code answers}: answers that grow. {@code live}: those
 *       who follow.
 * </ul>
 */
@NullMarked
package io.conversationstore.examples.chat;

import org.jspecify.annotations.NullMarked;
