/** One program that runs without a database, with one, and without it again. */
@NullMarked
package io.conversationstore.examples.localdev;

import org.jspecify.annotations.NullMarked;
