/**
 * The program {@code conversations}. {@link io.conversationstore.cli.Main} starts it, {@link
 * io.conversationstore.cli.Conversations} lists its commands, and each command is a class of its
 * own. The formats of files are in {@link io.conversationstore.cli.format}, which knows neither
 * commands nor stores that are open.
 *
 * <p>Not an API: other programs call the stores themselves.
 */
@NullMarked
package io.conversationstore.cli;

import org.jspecify.annotations.NullMarked;
