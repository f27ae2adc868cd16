/**
 * The API over HTTP, and the files of the page.
 *
 * <ul>
 *   <li>{@link io.conversationstore.examples.chat.web.Api}: all routes, and what is common to them.
 *   <li>{@code ConversationRoutes}, {@code MessageRoutes}, {@code AnswerRoutes}, {@code
 *       SearchRoutes}, {@code ExportRoutes}, {@code EventRoutes}, {@code StateRoutes}: a class for
 *       each resource.
 *   <li>{@code Owners}: who asks.
 *   <li>{@code Problem}: refused requests.
 *   <li>{@code Etags}, {@code Writes}, {@code Ids}: lost updates and repeated requests.
 * </ul>
 */
@NullMarked
package io.conversationstore.examples.chat.web;

import org.jspecify.annotations.NullMarked;
