/**
 * Conversations in the tables of other programs: {@link
 * io.conversationstore.cli.table.SourceDatabase} opens a PostgreSQL or SQLite database, {@link
 * io.conversationstore.cli.table.TableLayout} says which of its tables hold conversations, {@link
 * io.conversationstore.cli.table.TableReader} reads them. Nothing is written to the database.
 */
@NullMarked
package io.conversationstore.cli.table;

import org.jspecify.annotations.NullMarked;
