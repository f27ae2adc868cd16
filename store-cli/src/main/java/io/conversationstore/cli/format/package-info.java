/**
 * Reads and writes conversations in the formats of files. A {@link
 * io.conversationstore.cli.format.FormatReader} reads a stream from its beginning to its end and
 * hands each conversation to an {@link io.conversationstore.cli.format.ImportHandler}; a {@link
 * io.conversationstore.cli.format.ConversationWriter} writes what it is given. Both hold one
 * conversation or less at a time. Nothing here opens a store or a file.
 */
@NullMarked
package io.conversationstore.cli.format;

import org.jspecify.annotations.NullMarked;
