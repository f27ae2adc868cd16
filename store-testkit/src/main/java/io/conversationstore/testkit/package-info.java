/**
 * Helpers for tests of conversation stores: a PostgreSQL whose process a test controls ({@link
 * io.conversationstore.testkit.TestPostgres}) and a network that fails on demand ({@link
 * io.conversationstore.testkit.FaultProxy}).
 */
@NullMarked
package io.conversationstore.testkit;

import org.jspecify.annotations.NullMarked;
